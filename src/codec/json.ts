import { CodecError } from './errors.ts'

/** What JSON.parse and JSON.stringify know, with `rawJSON` for integers beyond 2^53 (exact on the wire). */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json } | RawJson

/** An exact integer in JSON text; made by `jsonInteger`. */
export interface RawJson {
  readonly rawJSON: string
}

/** What printing needs to know of the network: the letter that its addresses begin with. */
export interface JsonContext {
  readonly addressPrefix: 'f' | 't'
}

/** JSON Schema as OpenRPC embeds it. */
export type JsonSchema = { readonly [key: string]: unknown }

const rawJson = (JSON as unknown as { rawJSON(text: string): RawJson }).rawJSON

/** A JSON number that is exact at any size: JSON.stringify prints it digit for digit. */
export function jsonInteger(value: bigint): Json {
  return value >= -0x1f_ffff_ffff_ffffn && value <= 0x1f_ffff_ffff_ffffn ? Number(value) : rawJson(value.toString())
}

const longInteger = /\d{16}/
const MAX_DIGITS = 100

/** JSON.parse that keeps integers beyond 2^53 as bigint instead of rounding them. */
export function parseJson(text: string): unknown {
  if (!longInteger.test(text)) return JSON.parse(text)
  return JSON.parse(text, ((_key: string, value: unknown, context?: { source?: string }) => {
    if (
      typeof value === 'number' &&
      !Number.isSafeInteger(value) &&
      context?.source !== undefined &&
      // No integer of the protocol is written as a longer number; reading one with millions of digits takes seconds.
      context.source.length <= MAX_DIGITS &&
      /^-?\d+$/.test(context.source)
    ) {
      return BigInt(context.source)
    }
    return value
  }) as (key: string, value: unknown) => unknown)
}

/** Where in a JSON document a value stands, for error texts: `params[0].Message.To`. */
export type JsonPath = string

export function jsonFail(path: JsonPath, what: string): never {
  throw new CodecError('CODEC_JSON', path === '' ? what : `${path}: ${what}`)
}

/** A short word for what was found, never the value itself (it may be a key or a token). */
export function jsonKind(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'bigint') return 'a number'
  return `a ${typeof value}`
}
