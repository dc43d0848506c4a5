import { fromBase64, toBase64 } from '../codec/base64.ts'
import type { Codec } from '../codec/codec.ts'
import { jsonObject } from '../codec/combinators.ts'
import { jsonFail } from '../codec/json.ts'

/** Signature kinds (go-state-types/crypto). */
export const SignatureType = { secp256k1: 1, bls: 2, delegated: 3 } as const
export type SignatureType = (typeof SignatureType)[keyof typeof SignatureType]

export interface Signature {
  readonly type: SignatureType
  readonly data: Uint8Array
}

/** go-state-types crypto.SignatureMaxLength. */
const MAX_LENGTH = 200

function isType(n: unknown): n is SignatureType {
  return n === 1 || n === 2 || n === 3
}

/** One byte string in CBOR: the kind and the bytes; `{Type, Data}` in JSON. */
export const signature: Codec<Signature> = {
  name: 'Signature',
  write(w, v) {
    w.head(2, v.data.length + 1)
    w.raw(Uint8Array.of(v.type))
    w.raw(v.data)
  },
  read(r) {
    const b = r.bytes(MAX_LENGTH)
    const type = b[0]
    if (!isType(type)) return r.fail(`unknown signature type ${type}`)
    return { type, data: b.slice(1) }
  },
  toJson: (v) => ({ Type: v.type, Data: toBase64(v.data) }),
  fromJson(json, path) {
    const o = jsonObject(json, path, 'Signature')
    const type = o.Type
    if (!isType(type)) return jsonFail(`${path}.Type`, 'unknown signature type: 1 is secp256k1, 2 bls, 3 delegated')
    return { type, data: o.Data === null || o.Data === undefined ? new Uint8Array(0) : fromBase64(o.Data, `${path}.Data`) }
  },
  schema: { title: 'Signature', type: 'object', properties: { Type: { type: 'number' }, Data: { type: 'string' } } },
}
