export interface Progress {
  say(detail: string): void
}

export const note = (line: string): void => {
  process.stderr.write(`  … ${line}\n`)
}

/** What takes long shows that it lives: a line now and then on stderr with the time it has taken. */
export function showProgress(what: string, everyMs = 5_000): Progress & Disposable {
  const begun = Date.now()
  let detail = ''
  const seconds = (): string => `${Math.round((Date.now() - begun) / 1_000)} s`
  const timer = setInterval(() => note(`${what}: ${seconds()}${detail && `, ${detail}`}`), everyMs)
  timer.unref()
  return {
    say(text) {
      detail = text
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      if (Date.now() - begun > everyMs) process.stderr.write(`  ✓ ${what}: ${seconds()}\n`)
    },
  }
}
