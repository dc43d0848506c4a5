import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import type { Codec } from '../codec/codec.ts'
import { CodecError } from '../codec/errors.ts'
import { jsonFail, jsonKind } from '../codec/json.ts'
import { blake2b256 } from '../native/crypto.ts'

/** Multicodec numbers that the chain uses. */
export const RAW = 0x55
export const DAG_CBOR = 0x71
/** Multihash numbers. */
export const IDENTITY = 0x00
export const SHA2_256 = 0x12
export const BLAKE2B_256 = 0xb220

const BLAKE2B_PREFIX = Uint8Array.of(0xa0, 0xe4, 0x02, 0x20)

/** @throws CodecError CODEC_CBOR for bytes that are not exactly one CID */
export function cidFromBytes(bytes: Uint8Array): CID {
  try {
    return CID.decode(bytes)
  } catch (e) {
    throw new CodecError('CODEC_CBOR', `not a CID: ${(e as Error).message}`)
  }
}

/** @throws CodecError CODEC_JSON */
export function cidFromString(text: string, path = ''): CID {
  try {
    return CID.parse(text)
  } catch (e) {
    return jsonFail(path, `invalid cid: ${(e as Error).message}`)
  }
}

/** A short text that is equal exactly for equal CIDs: a Map key that costs less than base32. */
export function cidKey(cid: CID): string {
  const b = cid.bytes
  return Buffer.from(b.buffer, b.byteOffset, b.byteLength).toString('latin1')
}

/** The CID (version 1) of a block: blake2b-256, as every chain object is addressed. */
export function cidOf(data: Uint8Array, codec: number = DAG_CBOR): CID {
  const hash = blake2b256(data)
  const bytes = new Uint8Array(2 + BLAKE2B_PREFIX.length + 32)
  bytes[0] = 1
  bytes[1] = codec
  bytes.set(BLAKE2B_PREFIX, 2)
  bytes.set(hash, 2 + BLAKE2B_PREFIX.length)
  return CID.decode(bytes)
}

/** The CID (version 1, DAG-CBOR) of a value that no block of the chain holds: sha2-256, as Lotus shows parts of objects. */
export function sha256Cid(data: Uint8Array): CID {
  const bytes = new Uint8Array(36)
  bytes.set([1, DAG_CBOR, SHA2_256, 32])
  bytes.set(createHash('sha256').update(data).digest(), 4)
  return CID.decode(bytes)
}

/** A link: tag 42 in CBOR, `{"/": "b…"}` in JSON. */
export const cid: Codec<CID> = {
  name: 'cid',
  write: (w, v) => w.link(v.bytes),
  read(r) {
    // A copy: a CID outlives the buffer it was read from, and a view would keep that buffer alive.
    const b = r.link().slice()
    try {
      return CID.decode(b)
    } catch (e) {
      return r.fail(`not a CID: ${(e as Error).message}`)
    }
  },
  toJson: (v) => ({ '/': v.toString() }),
  fromJson(json, path) {
    if (typeof json !== 'object' || json === null || !('/' in json))
      return jsonFail(path, `expected {"/": cid}, found ${jsonKind(json)}`)
    const s = json['/']
    if (typeof s !== 'string') return jsonFail(path, 'expected the text of a cid')
    return cidFromString(s, path)
  },
  schema: { title: 'Content Identifier', type: 'object', additionalProperties: false, properties: { '/': { type: 'string' } } },
}
export { CID }
