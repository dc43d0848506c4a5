import { type CborLimits, CborReader, defaultLimits } from '../codec/cbor-reader.ts'
import type { CborWriter } from '../codec/cbor-writer.ts'
import type { Codec } from '../codec/codec.ts'

import { type Json, jsonFail, jsonInteger } from '../codec/json.ts'
import { CID, cidFromString } from './cid.ts'

/** Any DAG-CBOR value: integers are bigint, floats are number. */
export type IpldValue = null | boolean | bigint | number | string | Uint8Array | CID | IpldValue[] | Map<string, IpldValue>

const utf8 = new TextEncoder()

function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return a.length - b.length || Buffer.compare(a, b)
}

function readValue(r: CborReader, depth: number): IpldValue {
  if (depth > r.limits.maxDepth) return r.fail(`nesting is deeper than ${r.limits.maxDepth}`)
  const major = r.peekMajor()
  switch (major) {
    case 0:
      return r.uint()
    case 1:
      return -1n - BigInt(r.head(1, 'an integer'))
    case 2:
      return r.bytes().slice()
    case 3:
      return r.text()
    case 4: {
      const n = r.array()
      const out: IpldValue[] = []
      for (let i = 0; i < n; i++) out.push(readValue(r, depth + 1))
      return out
    }
    case 5: {
      const n = r.map()
      const out = new Map<string, IpldValue>()
      let last: Uint8Array | undefined
      for (let i = 0; i < n; i++) {
        const key = r.text()
        const bytes = utf8.encode(key)
        if (last !== undefined && compareKeys(last, bytes) >= 0) r.fail('map keys repeat or are out of order')
        last = bytes
        out.set(key, readValue(r, depth + 1))
      }
      return out
    }
    case 6: {
      const link = r.link().slice()
      try {
        return CID.decode(link)
      } catch (e) {
        return r.fail(`not a CID: ${(e as Error).message}`)
      }
    }
    default:
      if (r.takeNull()) return null
      return r.peek() === 0xfb ? r.float64() : r.bool()
  }
}

function writeValue(w: CborWriter, v: IpldValue): void {
  if (v === null) w.null()
  else if (typeof v === 'boolean') w.bool(v)
  else if (typeof v === 'bigint') w.int(v)
  else if (typeof v === 'number') w.float64(v)
  else if (typeof v === 'string') w.text(v)
  else if (v instanceof Uint8Array) w.bytes(v)
  else if (Array.isArray(v)) {
    w.array(v.length)
    for (const item of v) writeValue(w, item)
  } else if (v instanceof Map) {
    const entries = [...v].map(([k, value]) => ({ k, b: utf8.encode(k), value }))
    entries.sort((a, b) => compareKeys(a.b, b.b))
    w.map(entries.length)
    for (const { k, value } of entries) {
      w.text(k)
      writeValue(w, value)
    }
  } else w.link(v.bytes)
}

/** DAG-JSON's forms: bytes as {"/": {"bytes": base64}} without padding, links as {"/": cid}. */
function valueToJson(v: IpldValue): Json {
  if (v === null || typeof v === 'boolean' || typeof v === 'number' || typeof v === 'string') return v
  if (typeof v === 'bigint') return jsonInteger(v)
  if (v instanceof Uint8Array) return { '/': { bytes: Buffer.from(v).toString('base64').replace(/=+$/, '') } }
  if (Array.isArray(v)) return v.map(valueToJson)
  if (v instanceof Map) return Object.fromEntries([...v].map(([k, item]) => [k, valueToJson(item)]))
  return { '/': v.toString() }
}

function valueFromJson(json: unknown, path: string, depth: number): IpldValue {
  if (depth > defaultLimits.maxDepth) return jsonFail(path, `nesting is deeper than ${defaultLimits.maxDepth}`)
  if (json === null || typeof json === 'boolean' || typeof json === 'string' || typeof json === 'bigint') return json
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json
  if (Array.isArray(json)) return json.map((v, i) => valueFromJson(v, `${path}[${i}]`, depth + 1))
  if (typeof json !== 'object') return jsonFail(path, 'not a JSON value')
  const keys = Object.keys(json)
  if (keys.length === 1 && keys[0] === '/') {
    const inner = (json as { '/': unknown })['/']
    if (typeof inner === 'string') return cidFromString(inner, path)
    const bytes = (inner as { bytes?: unknown } | null)?.bytes
    if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'))
    return jsonFail(path, 'the key "/" is kept for links and bytes')
  }
  return new Map(Object.entries(json).map(([k, v]) => [k, valueFromJson(v, `${path}.${k}`, depth + 1)]))
}

/** Any DAG-CBOR value; DAG-JSON beside it. */
export const ipldValue: Codec<IpldValue> = {
  name: 'IPLD value',
  write: writeValue,
  read: (r) => readValue(r, 0),
  toJson: valueToJson,
  fromJson: (json, path) => valueFromJson(json, path, 0),
  schema: {},
}

/**
 * Whether bytes are one strict DAG-CBOR value with nothing after it.
 * @throws CodecError CODEC_CBOR with what is wrong
 */
export function checkDagCbor(bytes: Uint8Array, limits: CborLimits = defaultLimits): void {
  const r = new CborReader(bytes, limits)
  r.skip()
  r.end()
}
