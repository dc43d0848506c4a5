/** Descriptors that only JSON needs: values of any shape, maps, fields that Go leaves out when they are empty. */
import type { Codec } from '../../codec/codec.ts'
import { jsonObject } from '../../codec/combinators.ts'
import { CodecError } from '../../codec/errors.ts'
import { type Json, jsonFail, jsonInteger, jsonKind } from '../../codec/json.ts'
import { type Address, address } from '../../types/address.ts'

const MAX_DEPTH = 512

function never(name: string): () => never {
  return () => {
    throw new CodecError('CODEC_VALUE', `${name} has no CBOR form`)
  }
}

/** The two CBOR halves of a descriptor that travels as JSON alone. */
export function jsonOnly(name: string): { readonly name: string; write(): never; read(): never } {
  return { name, write: never(name), read: never(name) }
}

/** Go's `interface{}` and `json.RawMessage`: whatever it is. Integers beyond 2^53 are bigint. */
export const anyJson: Codec<unknown> = {
  ...jsonOnly('any value'),
  toJson: (v) => toPlain(v, 0),
  fromJson: (json) => (json === undefined ? null : json),
  schema: {},
}

function toPlain(v: unknown, depth: number): Json {
  if (depth > MAX_DEPTH) throw new CodecError('CODEC_VALUE', `a value nested deeper than ${MAX_DEPTH} cannot be printed`)
  if (v === null || v === undefined) return null
  switch (typeof v) {
    case 'bigint':
      return jsonInteger(v)
    case 'string':
    case 'number':
    case 'boolean':
      return v
    case 'object':
      break
    default:
      throw new CodecError('CODEC_VALUE', `a ${typeof v} cannot be printed as JSON`)
  }
  if (Array.isArray(v)) return v.map((x) => toPlain(x, depth + 1))
  if ((JSON as unknown as { isRawJSON(v: unknown): boolean }).isRawJSON(v)) return v as Json
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, toPlain(x, depth + 1)]))
}

/** A method that returns nothing; null on the wire. */
export const nothing: Codec<void> = {
  ...jsonOnly('nothing'),
  toJson: () => null,
  fromJson: () => undefined,
  schema: { type: 'null' },
}

/** A UUID in its usual text form. */
export const uuid: Codec<string> = {
  ...jsonOnly('uuid'),
  toJson: (v) => v,
  fromJson(json, path) {
    if (typeof json !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(json))
      return jsonFail(path, 'expected a UUID')
    return json
  },
  schema: { title: 'uuid', type: 'string', format: 'uuid' },
}

/** A time; RFC 3339 text in JSON. */
export const time: Codec<Date> = {
  ...jsonOnly('time'),
  toJson: (v) => v.toISOString(),
  fromJson(json, path) {
    const v = typeof json === 'string' ? new Date(json) : undefined
    if (v === undefined || Number.isNaN(v.getTime())) return jsonFail(path, 'expected a time as RFC 3339 text')
    return v
  },
  schema: { title: 'time', type: 'string', format: 'date-time' },
}

/** A descriptor that is made when first used: for types that contain themselves. */
export function lazy<T>(name: string, make: () => Codec<T>): Codec<T> {
  let made: Codec<T> | undefined
  const get = (): Codec<T> => {
    made ??= make()
    return made
  }
  return {
    name,
    write: (w, v) => get().write(w, v),
    read: (r) => get().read(r),
    toJson: (v, ctx) => get().toJson(v, ctx),
    fromJson: (json, path) => get().fromJson(json, path),
    // Naming the type and no more keeps the schema finite.
    schema: { title: name, type: 'object' },
  }
}

/** Go's `omitempty`: the JSON fields named are left out when they print as null or as an empty list. */
export function omitEmpty<T>(inner: Codec<T>, ...jsonNames: readonly string[]): Codec<T> {
  return {
    ...inner,
    toJson(v, ctx) {
      const out = inner.toJson(v, ctx) as { [k: string]: Json }
      for (const name of jsonNames) {
        const field = out[name]
        if (field === null || (Array.isArray(field) && field.length === 0)) delete out[name]
      }
      return out
    },
  }
}

/** A Go map whose keys are integers; decimal text as keys in JSON. */
export function idMap<T>(inner: Codec<T>): Codec<Map<bigint, T>> {
  return {
    ...jsonOnly(`map of ${inner.name}`),
    toJson: (v, ctx) => Object.fromEntries([...v].map(([k, x]) => [k.toString(), inner.toJson(x, ctx)])),
    fromJson(json, path) {
      const out = new Map<bigint, T>()
      for (const [k, x] of Object.entries(jsonObject(json ?? {}, path, 'map'))) {
        if (!/^\d{1,20}$/.test(k)) jsonFail(path, 'a key of the map is not a decimal number')
        out.set(BigInt(k), inner.fromJson(x, `${path}.${k}`))
      }
      return out
    },
    schema: { type: 'object', additionalProperties: inner.schema },
  }
}

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(name: string, words: W): Codec<W[number]> {
  return {
    ...jsonOnly(name),
    toJson: (v) => v,
    fromJson(json, path) {
      if (typeof json !== 'string' || !words.includes(json))
        return jsonFail(
          path,
          `expected one of ${words.join(', ')}, found ${typeof json === 'string' ? 'another word' : jsonKind(json)}`,
        )
      return json
    },
    schema: { title: name, type: 'string', enum: [...words] },
  }
}

/** A number that need not be whole (percentages, thresholds of commands). Never used for consensus values. */
export const float: Codec<number> = {
  ...jsonOnly('number'),
  toJson: (v) => v,
  fromJson(json, path) {
    if (typeof json !== 'number') return jsonFail(path, `expected a number, found ${jsonKind(json)}`)
    return json
  },
  schema: { title: 'number', type: 'number' },
}

/** Go's undefined address, which prints as `<empty>`; go-address reads it from an empty text, from null and from a field that is not there. */
export const addressOrEmpty: Codec<Address | null> = {
  ...jsonOnly('address'),
  toJson: (v, ctx) => (v === null ? '<empty>' : address.toJson(v, ctx)),
  fromJson: (json, path) =>
    json === '<empty>' || json === '' || json === null || json === undefined ? null : address.fromJson(json, path),
  schema: address.schema,
}
