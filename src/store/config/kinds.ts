import { formatDuration, parseDuration } from '../../lib/duration.ts'
import { parseFil } from '../../types/fil.ts'
import { formatFil, type TokenAmount } from '../../types/scalars.ts'

/** A kind of value. `read` and `parse` throw an Error whose message completes "<setting> …". */
export interface Kind<T> {
  /** Lotus's word for it, for comments. */
  readonly type: string
  /** From what the TOML reader gives. */
  read(value: unknown): T
  /** From the text of an environment variable. */
  parse(text: string): T
  /** As TOML. A map prints its entries by itself. */
  print(value: T): string
}

const fail = (what: string): never => {
  throw new Error(what)
}

/** Go's strconv.ParseBool. */
const booleans: Readonly<Record<string, boolean>> = {
  1: true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  0: false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
}

export const bool: Kind<boolean> = {
  type: 'bool',
  read: (v) => (typeof v === 'boolean' ? v : fail('must be true or false')),
  parse: (text) => booleans[text] ?? fail('must be true or false'),
  print: String,
}

export const text: Kind<string> = {
  type: 'string',
  read: (v) => (typeof v === 'string' ? v : fail('must be a text in quotes')),
  parse: (t) => t,
  print: tomlText,
}

export function choice<const T extends readonly string[]>(...choices: T): Kind<T[number]> {
  const check = (v: unknown): T[number] =>
    choices.includes(v as string) ? (v as string) : fail(`must be one of ${choices.map(tomlText).join(', ')}`)
  return { type: 'string', read: check, parse: check, print: tomlText }
}

function whole(type: string, min: number): Kind<number> {
  const check = (v: number): number => {
    if (!Number.isSafeInteger(v)) fail(`must be a whole number up to ${Number.MAX_SAFE_INTEGER}`)
    return v < min ? fail(`must be ${min} or more`) : v
  }
  return {
    type,
    read: (v) => (typeof v === 'number' || typeof v === 'bigint' ? check(Number(v)) : fail('must be a whole number')),
    parse: (t) => (/^[+-]?\d+$/.test(t) ? check(Number(t)) : fail('must be a whole number')),
    print: String,
  }
}

export const uint = whole('uint64', 0)
export const int = whole('int64', Number.MIN_SAFE_INTEGER)

/** As `read`, with a message that completes "<setting> …". */
function reading<T>(read: (text: string) => T, what: string): (text: string) => T {
  return (t) => {
    try {
      return read(t)
    } catch {
      return fail(`must be ${what}, not ${tomlText(t.slice(0, 40))}`)
    }
  }
}

const readDuration = reading(parseDuration, 'a duration as "30s" or "1h30m"')
const readFil = reading(parseFil, 'an amount as "0.07 FIL"')

/** Milliseconds; written as Go writes durations. */
export const duration: Kind<number> = {
  type: 'Duration',
  read: (v) => (typeof v === 'string' ? readDuration(v) : fail('must be a duration in quotes, as "30s"')),
  parse: readDuration,
  print: (v) => tomlText(formatDuration(v)),
}

/** attoFIL; written as an amount with its unit. */
export const fil: Kind<TokenAmount> = {
  type: 'types.FIL',
  read: (v) => (typeof v === 'string' ? readFil(v) : fail('must be an amount in quotes, as "0.07 FIL"')),
  parse: readFil,
  print: (v) => tomlText(formatFil(v)),
}

export const texts: Kind<readonly string[]> = {
  type: '[]string',
  read: (v) => (Array.isArray(v) && v.every((e) => typeof e === 'string') ? v : fail('must be a list of texts')),
  parse: (t) => (t.trim() === '' ? [] : t.split(',')),
  print: (v) => `[${v.map(tomlText).join(', ')}]`,
}

/** A table of texts; `name:value,name:value` in the environment. */
export const textMap: Kind<Readonly<Record<string, string>>> = {
  type: 'map[string]string',
  read(v) {
    if (typeof v !== 'object' || v === null || Array.isArray(v)) fail('must be a table')
    for (const [key, value] of Object.entries(v as object))
      if (typeof value !== 'string') fail(`must hold texts in quotes, but "${key}" is none`)
    return { ...(v as Record<string, string>) }
  },
  parse(t) {
    if (t.trim() === '') return {}
    return Object.fromEntries(
      t.split(',').map((pair) => {
        const at = pair.indexOf(':')
        return at <= 0 ? fail('must be written as name:value,name:value') : [pair.slice(0, at), pair.slice(at + 1)]
      }),
    )
  },
  print: (v) =>
    Object.entries(v)
      .map(([key, value]) => `${tomlKey(key)} = ${tomlText(value)}`)
      .join('\n'),
}

export function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlText(key)
}

/** JSON's escapes are TOML's; only the delete character must be escaped besides. */
export function tomlText(value: string): string {
  return JSON.stringify(value).replaceAll('\x7f', '\\u007f')
}
