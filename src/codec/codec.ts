/**
 * Layer 0. One descriptor per wire type gives its TypeScript type, its strict CBOR form, its Lotus JSON form and its JSON schema.
 * `primitives.ts` and `combinators.ts` make descriptors; `src/types` and `src/actors` use them.
 */
import { type CborLimits, CborReader, defaultLimits } from './cbor-reader.ts'
import { CborWriter } from './cbor-writer.ts'
import type { Json, JsonContext, JsonPath, JsonSchema } from './json.ts'

export interface Codec<T> {
  /** Name for error texts and schemas. */
  readonly name: string
  write(w: CborWriter, value: T): void
  read(r: CborReader): T
  toJson(value: T, ctx: JsonContext): Json
  fromJson(json: unknown, path: JsonPath): T
  readonly schema: JsonSchema
}

export type TypeOf<C> = C extends Codec<infer T> ? T : never

/** The canonical bytes of a value. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const w = new CborWriter()
  codec.write(w, value)
  return w.finish()
}

/**
 * Decodes exactly one value; trailing bytes are refused.
 * @throws CodecError CODEC_CBOR
 */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array, limits: CborLimits = defaultLimits): T {
  const r = new CborReader(bytes, limits)
  const value = codec.read(r)
  r.end()
  return value
}

/**
 * Decodes the value that bytes begin with, whatever follows it.
 * @throws CodecError CODEC_CBOR
 */
export function decodeFirst<T>(codec: Codec<T>, bytes: Uint8Array, limits: CborLimits = defaultLimits): T {
  return codec.read(new CborReader(bytes, limits))
}

/** @throws CodecError CODEC_JSON with the path of the value that is wrong */
export function fromJson<T>(codec: Codec<T>, json: unknown, path: JsonPath = ''): T {
  return codec.fromJson(json, path)
}

export function toJson<T>(codec: Codec<T>, value: T, ctx: JsonContext): Json {
  return codec.toJson(value, ctx)
}
