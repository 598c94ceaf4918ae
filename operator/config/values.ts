/** How the text of one option becomes a value: each kind says what it takes, so that every error can. Pure. */
import { isIP } from 'node:net'
import { proxyUrl } from '../kube/proxy.ts'

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why?: string }

export interface Kind<T> {
  /** Completes "takes …" in errors and help. */
  readonly takes: string
  readonly parse: (text: string) => Parsed<T>
}

const ok = <T>(value: T): Parsed<T> => ({ ok: true, value })
const refused = (why?: string): { readonly ok: false; readonly why?: string } =>
  why === undefined ? { ok: false } : { ok: false, why }

export const text = (takes = 'text'): Kind<string> => ({ takes, parse: ok })

/** `faultOf` says what is wrong with a text, or nothing. */
export const checked = (takes: string, faultOf: (value: string) => string | undefined): Kind<string> => ({
  takes,
  parse: value => {
    const why = faultOf(value)
    return why === undefined ? ok(value) : refused(why)
  },
})

/** Each named once; an empty text is an empty list. */
export const listOf = (takes: string, faultOf: (value: string) => string | undefined): Kind<readonly string[]> => ({
  takes,
  parse: value => {
    const names = value.split(',').map(name => name.trim())
    const given = [...new Set(names.filter(name => name !== ''))]
    const why = given.map(faultOf).find(fault => fault !== undefined)
    return why === undefined ? ok(given) : refused(why)
  },
})

export const oneOf = <const T extends string>(...values: readonly T[]): Kind<T> => ({
  takes: values.join(' | '),
  parse: value => {
    const found = values.find(known => known === value)
    return found === undefined ? refused() : ok(found)
  },
})

const YES = ['true', '1', 'yes', 'on']
const NO = ['false', '0', 'no', 'off']
export const flag = (): Kind<boolean> => ({
  takes: 'true | false',
  parse: value => {
    const word = value.toLowerCase()
    return YES.includes(word) ? ok(true) : NO.includes(word) ? ok(false) : refused()
  },
})

export const integer = (min: number, max: number): Kind<number> => ({
  takes: `a whole number from ${min} to ${max}`,
  parse: value => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    return number >= min && number <= max ? ok(number) : refused()
  },
})

export const positive = (max: number): Kind<number> => ({
  takes: `a number above 0, at most ${max}`,
  parse: value => {
    const number = /^\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN
    return number > 0 && number <= max ? ok(number) : refused()
  },
})

export const port = (min = 1): Kind<number> => integer(min, 65_535)

/** Of an interface to listen on. */
export const address = (): Kind<string> => ({
  takes: 'an IP address of this machine, 0.0.0.0 or :: for all of them',
  parse: value => (isIP(value) ? ok(value) : refused()),
})

export const proxy = (): Kind<string> => ({
  takes: 'the address of a proxy, http://host:port or https://host:port',
  parse: value => {
    const url = proxyUrl(value)
    return url === undefined ? refused() : ok(url)
  },
})

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const DURATION = /^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h))+$/

/** As Go and Kubernetes spell it: `25s`, `5m`, `1h30m`, `250ms`. */
export function durationMs(value: string): number | undefined {
  if (!DURATION.test(value)) return undefined
  const parts = value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS], 0)
}

export const duration = (min: string, max: string): Kind<number> => ({
  takes: `a duration from ${min} to ${max}, such as 25s, 5m or 1h30m`,
  parse: value => {
    const ms = durationMs(value)
    const fits = ms !== undefined && ms >= (durationMs(min) ?? 0) && ms <= (durationMs(max) ?? 0)
    return fits ? ok(ms) : refused()
  },
})

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 }

export const bytes = (min: string, max: string): Kind<number> => {
  const parse = (value: string): number => {
    const [, count, unit = ''] = /^(\d{1,15})(Ki|Mi|Gi)?$/.exec(value) ?? []
    return count === undefined ? Number.NaN : Number(count) * (UNIT_BYTES[unit] ?? Number.NaN)
  }
  return {
    takes: `a size from ${min} to ${max}, such as 512Mi or 1Gi`,
    parse: value => {
      const size = parse(value)
      return size >= parse(min) && size <= parse(max) ? ok(size) : refused()
    },
  }
}
