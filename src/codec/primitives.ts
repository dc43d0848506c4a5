import { fromBase64, toBase64 } from './base64.ts'
import type { Codec } from './codec.ts'
import { CodecError } from './errors.ts'
import { type JsonPath, jsonFail, jsonInteger, jsonKind } from './json.ts'

const MAX_U64 = 0xffff_ffff_ffff_ffffn
const MAX_I64 = 0x7fff_ffff_ffff_ffffn
const MIN_I64 = -0x8000_0000_0000_0000n

/** A field that is left out, or null, keeps Go's zero value. */
function integerFromJson(json: unknown, path: JsonPath): bigint {
  if (json === undefined || json === null) return 0n
  if (typeof json === 'bigint') return json
  if (typeof json === 'number' && Number.isSafeInteger(json)) return BigInt(json)
  return jsonFail(path, `expected an integer, found ${typeof json === 'number' ? 'a number that is none' : jsonKind(json)}`)
}

function integer(name: string, min: bigint, max: bigint): Codec<bigint> {
  const check = (v: bigint): bigint => {
    if (v < min || v > max) throw new CodecError('CODEC_VALUE', `${v} does not fit ${name}`)
    return v
  }
  return {
    name,
    write: (w, v) => w.int(check(v)),
    read: (r) => (min < 0n ? r.int64() : r.uint()),
    toJson: jsonInteger,
    fromJson(json, path) {
      const v = integerFromJson(json, path)
      if (v < min || v > max) jsonFail(path, `${v} does not fit ${name}`)
      return v
    },
    schema: { title: 'number', type: 'number' },
  }
}

/** Go's uint64. */
export const uint64: Codec<bigint> = integer('uint64', 0n, MAX_U64)
/** Go's int64. */
export const int64: Codec<bigint> = integer('int64', MIN_I64, MAX_I64)

function safeInteger(name: string, min: number, max: number): Codec<number> {
  return {
    name,
    write(w, v) {
      if (!Number.isSafeInteger(v) || v < min || v > max) throw new CodecError('CODEC_VALUE', `${v} does not fit ${name}`)
      w.int(v)
    },
    read(r) {
      const v = r.safeInt()
      if (v < min || v > max) r.fail(`${v} does not fit ${name}`)
      return v
    },
    toJson: (v) => v,
    fromJson(json, path) {
      const v = integerFromJson(json, path)
      if (v < BigInt(min) || v > BigInt(max)) jsonFail(path, `${v} does not fit ${name}`)
      return Number(v)
    },
    schema: { title: 'number', type: 'number' },
  }
}

/** An integer that the protocol keeps small (counts, enumerations, exit codes); beyond 2^53 it is refused. */
export const safeInt: Codec<number> = safeInteger('integer', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
export const safeUint: Codec<number> = safeInteger('unsigned integer', 0, Number.MAX_SAFE_INTEGER)
export const uint8: Codec<number> = safeInteger('uint8', 0, 255)

export const bool: Codec<boolean> = {
  name: 'bool',
  write: (w, v) => w.bool(v),
  read: (r) => r.bool(),
  toJson: (v) => v,
  fromJson(json, path) {
    if (json === undefined || json === null) return false
    if (typeof json !== 'boolean') jsonFail(path, `expected true or false, found ${jsonKind(json)}`)
    return json
  },
  schema: { title: 'boolean', type: 'boolean' },
}

export const text: Codec<string> = {
  name: 'text',
  write: (w, v) => w.text(v),
  read: (r) => r.text(),
  toJson: (v) => v,
  fromJson(json, path) {
    if (json === undefined || json === null) return ''
    if (typeof json !== 'string') jsonFail(path, `expected text, found ${jsonKind(json)}`)
    return json
  },
  schema: { title: 'string', type: 'string' },
}

/**
 * A byte string; base64 in JSON, where an empty one prints as null (Go's nil slice is what Lotus holds after decoding
 * an empty byte string of a message's params or a receipt's return).
 */
export const bytes: Codec<Uint8Array> = makeBytes('bytes', null)
/** As `bytes`, but an empty one prints as "". */
export const bytesOrEmpty: Codec<Uint8Array> = makeBytes('bytes', '')

function makeBytes(name: string, empty: null | ''): Codec<Uint8Array> {
  return {
    name,
    write: (w, v) => w.bytes(v),
    read: (r) => r.bytes(),
    toJson: (v) => (v.length === 0 ? empty : toBase64(v)),
    fromJson: (json, path) => (json === null || json === undefined ? new Uint8Array(0) : fromBase64(json, path)),
    schema: { title: 'base64', type: 'string', contentEncoding: 'base64' },
  }
}

/** As `bytesOrEmpty`, of at most so many bytes. */
export function bytesUpTo(max: number): Codec<Uint8Array> {
  return { ...bytesOrEmpty, name: `at most ${max} bytes`, read: (r) => r.bytes(max) }
}

/** A byte string of one length; base64 in JSON. */
export function fixedBytes(length: number): Codec<Uint8Array> {
  return {
    name: `${length} bytes`,
    write(w, v) {
      if (v.length !== length) throw new CodecError('CODEC_VALUE', `expected ${length} bytes, found ${v.length}`)
      w.bytes(v)
    },
    read(r) {
      const v = r.bytes()
      if (v.length !== length) r.fail(`expected ${length} bytes, found ${v.length}`)
      return v
    },
    toJson: toBase64,
    fromJson(json, path) {
      const v = fromBase64(json, path)
      if (v.length !== length) jsonFail(path, `expected ${length} bytes, found ${v.length}`)
      return v
    },
    schema: { title: 'base64', type: 'string', contentEncoding: 'base64' },
  }
}

/**
 * Filecoin's big integer: a byte string, empty for 0, else a sign byte (0 plus, 1 minus) and the magnitude, big-endian.
 * Decimal text in JSON. At most 128 bytes (go-state-types big.BigIntMaxSerializedLen).
 *
 * Zeros in front of the magnitude are read, as go-state-types big.FromBytes and the actors do, and never written: what has an id is
 * known by the id of the short form. To refuse them would blame peers for passing on what Lotus accepts.
 */
export const bigInt: Codec<bigint> = {
  name: 'big integer',
  write: (w, v) => w.bytes(bigIntToBytes(v)),
  read(r) {
    const b = r.bytes(128)
    try {
      return bigIntFromBytes(b)
    } catch (e) {
      return r.fail((e as Error).message)
    }
  },
  toJson: (v) => v.toString(),
  fromJson(json, path) {
    if (typeof json === 'string' && /^-?\d{1,310}$/.test(json)) return BigInt(json)
    // Go's big.Int takes an empty text as zero, and a field that is left out stays it.
    if (json === '' || json === undefined) return 0n
    return jsonFail(path, `expected an integer as text, found ${typeof json === 'string' ? 'other text' : jsonKind(json)}`)
  },
  schema: { title: 'big integer', type: 'string' },
}

export function bigIntToBytes(v: bigint): Uint8Array {
  if (v === 0n) return new Uint8Array(0)
  const negative = v < 0n
  let hex = (negative ? -v : v).toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  const out = new Uint8Array(1 + hex.length / 2)
  out[0] = negative ? 1 : 0
  for (let i = 1; i < out.length; i++) out[i] = Number.parseInt(hex.slice(2 * i - 2, 2 * i), 16)
  return out
}

/** @throws CodecError CODEC_CBOR for a wrong sign byte */
export function bigIntFromBytes(b: Uint8Array): bigint {
  if (b.length === 0) return 0n
  if (b[0] !== 0 && b[0] !== 1) throw new CodecError('CODEC_CBOR', `the sign byte of a big integer is ${b[0]}, not 0 or 1`)
  let v = 0n
  for (let i = 1; i < b.length; i++) v = (v << 8n) | BigInt(b[i] as number)
  return b[0] === 1 ? -v : v
}
