// Vectors about messages: encoding, CIDs, signatures.

import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { decode, encode } from '../../../../src/codec/codec.ts'
import { blake2b256, blsPublicKey, blsSign, blsVerify, secp256k1PublicKey, secp256k1Sign } from '../../../../src/native/crypto.ts'
import { verifySecp256k1 } from '../../../../src/state/signature.ts'
import { Address } from '../../../../src/types/address.ts'
import { cidOf } from '../../../../src/types/cid.ts'
import { type Message, message, messageCid, signedMessage, signedMessageCid } from '../../../../src/types/message.ts'
import type { ConformanceReport } from '../../../kit/conformance.ts'

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

/** The fields of a vector's message, as JSON that this program reads. */
export type MessageJson = Record<string, unknown>

function printed(m: Message, prefix: 'f' | 't'): Record<string, unknown> {
  const { CID: _, Version: __, Params, ...rest } = message.toJson(m, { addressPrefix: prefix }) as Record<string, unknown>
  return { ...rest, Params: Params ?? '' }
}

/** The message encodes to these bytes, and they read back as it. */
export function checkEncoding(json: MessageJson, cbor: string, prefix: 'f' | 't'): void {
  const value = message.fromJson(json, '')
  equal(hex(encode(message, value)), cbor)
  deepEqual(printed(decode(message, fromHex(cbor)), prefix), printed(value, prefix))
  for (const [key, v] of Object.entries(json)) equal(printed(value, prefix)[key], v, key)
}

/** A key's signature over a message holds, and not over another. */
export function checkSecpSignature(m: Message, key: Uint8Array): void {
  const from = Address.fromSecp256k1(secp256k1PublicKey(key))
  ok(from.equals(m.from), `the key is that of ${from}`)
  const signature = secp256k1Sign(key, blake2b256(messageCid(m).bytes))
  ok(verifySecp256k1(m.from, messageCid(m).bytes, signature))
  ok(!verifySecp256k1(m.from, messageCid({ ...m, nonce: m.nonce + 1n }).bytes, signature))
}

interface TxVector {
  readonly testnet: boolean
  readonly transaction?: MessageJson
  readonly message?: MessageJson
  readonly cbor?: string
  readonly sk?: string
  readonly pk?: string
  readonly sig?: string
}

export async function transactions(report: ConformanceReport, file: string, vectors: readonly TxVector[]): Promise<void> {
  for (const [i, v] of vectors.entries()) {
    await report.check(`${file} ${i}`, () => {
      const json = (v.transaction ?? v.message) as MessageJson
      const m = message.fromJson(json, '')
      if (v.cbor !== undefined) checkEncoding(json, v.cbor, v.testnet ? 't' : 'f')
      if (v.sig !== undefined) {
        const sig = fromHex(v.sig)
        // The vector without a secret key signs the message itself, as wallets did before they signed its CID.
        const signed = (x: Message): Uint8Array => (v.sk === undefined ? encode(message, x) : messageCid(x).bytes)
        const bytes = signed(m)
        ok(blsVerify(m.from.payload, bytes, sig))
        ok(!blsVerify(m.from.payload, signed({ ...m, value: m.value + 1n }), sig))
        if (v.sk !== undefined) {
          equal(hex(blsPublicKey(fromHex(v.sk))), v.pk)
          equal(hex(blsSign(fromHex(v.sk), bytes)), v.sig)
        }
      }
    })
  }
}

export async function signedVectors(
  report: ConformanceReport,
  { signed, cid }: { signed: { pk: string; tx: { Message: MessageJson } }; cid: { signed_message: MessageJson; cid: string } },
): Promise<void> {
  await report.check('signed_message.json', () => {
    const s = signedMessage.fromJson(signed.tx, '')
    const { bytes } = messageCid(s.message)
    ok(verifySecp256k1(s.message.from, bytes, s.signature.data))
    ok(!verifySecp256k1(s.message.from, messageCid({ ...s.message, gasLimit: 1n }).bytes, s.signature.data))
    checkSecpSignature(s.message, fromBase64(signed.pk))
  })
  await report.check('get_cid.json', () => {
    const s = signedMessage.fromJson(cid.signed_message, '')
    equal(signedMessageCid(s).toString(), cid.cid)
    ok(signedMessageCid({ ...s, message: { ...s.message, nonce: 2n } }).toString() !== cid.cid)
  })
}

interface Utils {
  readonly cid_bytes: { readonly cbor_message: string; readonly cid: string }
  readonly msg_digest: readonly { readonly cbor_message: string; readonly digest: string }[]
  readonly public_from_private: { readonly private: string; readonly public: string }
  readonly signature_test: { readonly private: string; readonly message: string; readonly signature: string }
}

/** These are of messages before their fees were split: eight fields, taken as bytes. */
export async function utilVectors(report: ConformanceReport, v: Utils): Promise<void> {
  await report.check('utils.json CID', () => equal(hex(cidOf(fromHex(v.cid_bytes.cbor_message)).bytes), v.cid_bytes.cid))
  await report.check('utils.json old messages are refused', () => {
    throws(() => decode(message, fromHex(v.cid_bytes.cbor_message)), { code: 'CODEC_CBOR' })
  })
  for (const [i, { cbor_message, digest }] of v.msg_digest.entries()) {
    await report.check(`utils.json digest ${i}`, () => equal(hex(blake2b256(cidOf(fromHex(cbor_message)).bytes)), digest))
  }
  await report.check('utils.json public key', () => {
    equal(hex(secp256k1PublicKey(fromHex(v.public_from_private.private))), v.public_from_private.public)
  })
  await report.check('utils.json signature', () => {
    const s = v.signature_test
    const key = fromHex(s.private)
    const signed = cidOf(fromHex(s.message)).bytes
    const from = Address.fromSecp256k1(secp256k1PublicKey(key))
    ok(verifySecp256k1(from, signed, fromHex(s.signature)))
    equal(hex(secp256k1Sign(key, blake2b256(signed))), s.signature)
  })
}

/** A message with a signature that was tampered with. */
export async function tampered(report: ConformanceReport, v: { private_key: string; message: MessageJson }): Promise<void> {
  await report.check('verify_signature.json', () => {
    const m = message.fromJson(v.message, '')
    const { bytes } = messageCid(m)
    const signature = secp256k1Sign(fromBase64(v.private_key), blake2b256(bytes))
    ok(verifySecp256k1(m.from, bytes, signature))
    for (let at = 0; at < signature.length; at++) {
      const wrong = new Uint8Array(signature)
      wrong[at] = (wrong[at] as number) ^ 1
      ok(!verifySecp256k1(m.from, bytes, wrong), `byte ${at}`)
    }
    ok(!verifySecp256k1(m.from, bytes, signature.subarray(0, 64)))
  })
}
