import type { CborReader } from './cbor-reader.ts'
import type { CborWriter } from './cbor-writer.ts'
import type { Codec, TypeOf } from './codec.ts'
import { CodecError } from './errors.ts'
import { type Json, type JsonContext, type JsonPath, jsonFail, jsonKind } from './json.ts'

type Fields = Readonly<Record<string, Codec<unknown>>>
// biome-ignore lint/suspicious/noExplicitAny: a field's codec may be of any type; TypeOf gives it back.
type AnyFields = Readonly<Record<string, Codec<any>>>
export type Shape<F extends AnyFields> = { -readonly [K in keyof F]: TypeOf<F[K]> }

const jsonNames = new WeakMap<object, string>()

/** Gives a field a JSON name of its own where Go's name is not the field's with a capital: `as('BLSAggregate', …)`. */
export function as<T>(jsonName: string, codec: Codec<T>): Codec<T> {
  const copy = { ...codec }
  jsonNames.set(copy, jsonName)
  return copy
}

function jsonNameOf(key: string, codec: object): string {
  return jsonNames.get(codec) ?? key.charAt(0).toUpperCase() + key.slice(1)
}

/**
 * A record that travels as a CBOR array of its fields in the order given; an object with Go's field names in JSON.
 * JSON fields that are missing get what their codec makes of `undefined`, as Go leaves the zero value.
 */
export function tuple<F extends AnyFields>(name: string, fields: F): Codec<Shape<F>> & { readonly fields: F } {
  const entries = Object.entries(fields as Fields).map(([key, codec]) => ({ key, codec, jsonName: jsonNameOf(key, codec) }))
  return {
    name,
    fields,
    write(w: CborWriter, value: Shape<F>) {
      w.array(entries.length)
      for (const { key, codec } of entries) codec.write(w, value[key])
    },
    read(r: CborReader) {
      r.tuple(entries.length, name)
      const out: Record<string, unknown> = {}
      for (const { key, codec } of entries) out[key] = codec.read(r)
      return out as Shape<F>
    },
    toJson(value: Shape<F>, ctx: JsonContext) {
      const out: Record<string, Json> = {}
      for (const { key, codec, jsonName } of entries) out[jsonName] = codec.toJson(value[key], ctx)
      return out
    },
    fromJson(json: unknown, path: JsonPath) {
      const given = jsonObject(json, path, name)
      const out: Record<string, unknown> = {}
      for (const { key, codec, jsonName } of entries) out[key] = codec.fromJson(jsonField(given, jsonName), join(path, jsonName))
      return out as Shape<F>
    },
    schema: {
      title: name,
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(entries.map(({ codec, jsonName }) => [jsonName, codec.schema])),
    },
  }
}

/** Only JSON: an object that never travels as CBOR by itself (RPC results, config). */
export function record<F extends AnyFields>(name: string, fields: F): Codec<Shape<F>> & { readonly fields: F } {
  const never = (): never => {
    throw new CodecError('CODEC_VALUE', `${name} has no CBOR form`)
  }
  return { ...tuple(name, fields), write: never, read: never }
}

/** Go's JSON decoder takes field names without regard to case; exact ones win. */
function jsonField(object: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name]
  const lower = name.toLowerCase()
  for (const key of Object.keys(object)) if (key.toLowerCase() === lower) return object[key]
  return undefined
}

export function jsonObject(json: unknown, path: JsonPath, name: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return jsonFail(path, `expected an object (${name}), found ${jsonKind(json)}`)
  return json as Readonly<Record<string, unknown>>
}

function join(path: JsonPath, name: string): JsonPath {
  return path === '' ? name : `${path}.${name}`
}

export interface ListOptions {
  /** Longest list that is read; the reader's own limit where it is not given. */
  readonly max?: number
  /** What an empty list prints as: Go prints a nil slice as null, an empty one as []. */
  readonly emptyJson?: 'null' | '[]'
}

export function list<T>(item: Codec<T>, options: ListOptions = {}): Codec<T[]> {
  const emptyNull = options.emptyJson === 'null'
  return {
    name: `list of ${item.name}`,
    write(w, value) {
      w.array(value.length)
      for (const v of value) item.write(w, v)
    },
    read(r) {
      const n = r.array(options.max)
      const out: T[] = []
      for (let i = 0; i < n; i++) out.push(item.read(r))
      return out
    },
    toJson: (value, ctx) => (value.length === 0 && emptyNull ? null : value.map((v) => item.toJson(v, ctx))),
    fromJson(json, path) {
      if (json === null || json === undefined) return []
      if (!Array.isArray(json)) return jsonFail(path, `expected a list, found ${jsonKind(json)}`)
      if (options.max !== undefined && json.length > options.max)
        jsonFail(path, `a list of ${json.length} is longer than the limit of ${options.max}`)
      return json.map((v, i) => item.fromJson(v, `${path}[${i}]`))
    },
    schema: { type: 'array', items: item.schema },
  }
}

/** A Go pointer: null where there is none. */
export function optional<T>(inner: Codec<T>): Codec<T | null> {
  return {
    name: `optional ${inner.name}`,
    write(w, value) {
      if (value === null) w.null()
      else inner.write(w, value)
    },
    read: (r) => (r.takeNull() ? null : inner.read(r)),
    toJson: (value, ctx) => (value === null ? null : inner.toJson(value, ctx)),
    fromJson: (json, path) => (json === null || json === undefined ? null : inner.fromJson(json, path)),
    schema: inner.schema,
  }
}

/** The same bytes, another TypeScript value: `mapped(bytes, {name, to, from})`. */
export function mapped<A, B>(
  inner: Codec<A>,
  map: {
    readonly name?: string
    to(a: A): B
    from(b: B): A
    toJson?(b: B, ctx: JsonContext): Json
    fromJson?(json: unknown, path: JsonPath): B
  },
): Codec<B> {
  return {
    name: map.name ?? inner.name,
    write: (w, value) => inner.write(w, map.from(value)),
    read: (r) => map.to(inner.read(r)),
    toJson: map.toJson ?? ((value, ctx) => inner.toJson(map.from(value), ctx)),
    fromJson: map.fromJson ?? ((json, path) => map.to(inner.fromJson(json, path))),
    schema: inner.schema,
  }
}

/**
 * A map with text keys in DAG-CBOR's canonical order (shorter first, then bytewise); duplicate and unordered keys are refused.
 * A plain object in JSON.
 */
export function textMap<T>(inner: Codec<T>): Codec<Map<string, T>> {
  return {
    name: `map of ${inner.name}`,
    write(w, value) {
      const keys = [...value.keys()].map((k) => ({ k, b: Buffer.from(k, 'utf8') }))
      keys.sort((x, y) => x.b.length - y.b.length || Buffer.compare(x.b, y.b))
      w.map(keys.length)
      for (const { k } of keys) {
        w.text(k)
        inner.write(w, value.get(k) as T)
      }
    },
    read(r) {
      const n = r.map()
      const out = new Map<string, T>()
      let last: Uint8Array | undefined
      for (let i = 0; i < n; i++) {
        const key = r.text()
        const b = Buffer.from(key, 'utf8')
        if (last !== undefined && (b.length - last.length || Buffer.compare(b, last)) <= 0)
          r.fail('map keys repeat or are out of order')
        last = b
        out.set(key, inner.read(r))
      }
      return out
    },
    toJson: (value, ctx) => Object.fromEntries([...value].map(([k, v]) => [k, inner.toJson(v, ctx)])),
    fromJson: (json, path) =>
      new Map(Object.entries(jsonObject(json ?? {}, path, 'map')).map(([k, v]) => [k, inner.fromJson(v, join(path, k))])),
    schema: { type: 'object', additionalProperties: inner.schema },
  }
}

/** Any one CBOR value, kept as its bytes (cbor-gen's Deferred); JSON shows base64. */
export const deferred: Codec<Uint8Array> = {
  name: 'CBOR value',
  write: (w, v) => w.raw(v),
  read: (r) => r.skip(),
  toJson: (v) => Buffer.from(v).toString('base64'),
  fromJson(json, path) {
    if (typeof json !== 'string') return jsonFail(path, `expected base64 text, found ${jsonKind(json)}`)
    return new Uint8Array(Buffer.from(json, 'base64'))
  },
  schema: { type: 'string', contentEncoding: 'base64' },
}
