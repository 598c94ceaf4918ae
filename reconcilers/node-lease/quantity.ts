/** Quantities as the API server spells them, so that what we want and what it stores compare as text. */
const SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'] as const

/** Binary: the largest suffix that leaves a whole number. */
export function bytesQuantity(bytes: number): string {
  let rest = Math.max(0, Math.floor(bytes))
  let step = 0
  while (rest >= 1024 && rest % 1024 === 0 && step < SUFFIXES.length - 1) {
    rest /= 1024
    step += 1
  }
  return `${rest}${SUFFIXES[step]}`
}

/** The bytes that a binary or plain quantity stands for; undefined for any other spelling. */
export function quantityBytes(text: string | undefined): number | undefined {
  const [, digits, suffix = ''] = /^(\d+)([KMGTP]i)?$/.exec(text ?? '') ?? []
  if (digits === undefined) return undefined
  return Number(digits) * 1024 ** (SUFFIXES as readonly string[]).indexOf(suffix)
}
