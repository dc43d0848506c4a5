import { fromBase64, toBase64 } from './base64.ts'
import type { Codec } from './codec.ts'
import { type ListOptions, list } from './combinators.ts'
import { CodecError } from './errors.ts'
import { jsonFail } from './json.ts'

/** A Go slice as cbor-gen reads it: an empty one is nil, which prints null. */
export function goList<T>(item: Codec<T>, options: Omit<ListOptions, 'emptyJson'> = {}): Codec<T[]> {
  return list(item, { ...options, emptyJson: 'null' })
}

/** A Go byte array of fixed length: a byte string in CBOR, a list of numbers in JSON. */
export function goByteArray(length: number): Codec<Uint8Array> {
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
    toJson: (v) => [...v],
    fromJson(json, path) {
      if (!Array.isArray(json) || json.length !== length) return jsonFail(path, `expected a list of ${length} numbers`)
      return Uint8Array.from(json, (n: unknown, i) => {
        if (!Number.isInteger(n) || (n as number) < 0 || (n as number) > 255)
          return jsonFail(`${path}[${i}]`, 'expected a number from 0 to 255')
        return n as number
      })
    },
    schema: { type: 'array', items: { type: 'number' } },
  }
}

/**
 * Go's abi.EmptyValue: no bytes at all, `{}` in JSON. What stands there is passed over unread, as actors
 * do with the parameters of a method that takes none.
 */
export const goEmpty: Codec<null> = {
  name: 'no value',
  write() {},
  read(r) {
    r.rest()
    return null
  },
  toJson: () => ({}),
  fromJson: () => null,
  schema: { type: 'object', additionalProperties: false, properties: {} },
}

/** Go's abi.CborBytesTransparent: all bytes that are left, of whatever form; base64 in JSON. */
export const goRawBytes: Codec<Uint8Array> = {
  name: 'raw bytes',
  write: (w, v) => w.raw(v),
  read: (r) => r.rest(),
  toJson: toBase64,
  fromJson: (json, path) => (json === null || json === undefined ? new Uint8Array(0) : fromBase64(json, path)),
  schema: { type: 'string', contentEncoding: 'base64' },
}
