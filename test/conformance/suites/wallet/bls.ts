import { equal, ok } from 'node:assert/strict'
import { decode, encode } from '../../../../src/codec/codec.ts'
import { blsPublicKey, blsSign, blsVerify } from '../../../../src/native/crypto.ts'
import { Address } from '../../../../src/types/address.ts'
import { message, messageCid } from '../../../../src/types/message.ts'
import type { ConformanceReport } from '../../../kit/conformance.ts'
import { fromBase64, fromHex, hex } from './messages.ts'

export interface BlsCase {
  readonly Msg: string
  readonly Ciphersuite: string
  /** Decimal. */
  readonly BLSPrivKey: string
  readonly BLSPubKey: string | null
  readonly BLSSigG2: string | null
}

/** A scalar in the little-endian bytes that wallets store. */
function keyBytes(decimal: string): Uint8Array {
  return fromHex(BigInt(decimal).toString(16).padStart(64, '0')).reverse()
}

export async function blsSuite(report: ConformanceReport, cases: readonly BlsCase[]): Promise<void> {
  for (const [i, c] of cases.entries()) {
    if (c.BLSPrivKey === '' || c.BLSPubKey === null || c.BLSSigG2 === null) {
      report.skip(`bls-filecoin-suite.json ${i}`, 'the case holds two points and neither key nor signature')
      continue
    }
    const { BLSPubKey, BLSSigG2 } = c
    await report.check(`bls-filecoin-suite.json ${i}`, () => {
      const key = keyBytes(c.BLSPrivKey)
      const publicKey = blsPublicKey(key)
      const text = new TextEncoder().encode(c.Msg)
      equal(Buffer.from(publicKey).toString('base64'), BLSPubKey)
      equal(Buffer.from(blsSign(key, text)).toString('base64'), BLSSigG2)
      const signature = fromBase64(BLSSigG2)
      ok(blsVerify(publicKey, text, signature))
      ok(!blsVerify(publicKey, Uint8Array.of(...text, 0), signature))
    })
  }
}

export async function blsWallet(
  report: ConformanceReport,
  v: { wallet: { bls_public_key: string; bls_private_key: string }; signature: { sig: string; cbor: string } },
): Promise<void> {
  await report.check('bls_wallet.json', () => {
    equal(hex(blsPublicKey(fromBase64(v.wallet.bls_private_key))), v.wallet.bls_public_key)
  })
  await report.check('bls_signature.json', () => {
    const m = decode(message, fromHex(v.signature.cbor))
    equal(hex(encode(message, m)), v.signature.cbor)
    equal(hex(m.from.payload), v.wallet.bls_public_key)
    ok(blsVerify(m.from.payload, messageCid(m).bytes, fromHex(v.signature.sig)))
    ok(!blsVerify(m.from.payload, messageCid({ ...m, nonce: m.nonce + 1n }).bytes, fromHex(v.signature.sig)))
  })
}

export async function walletKeys(report: ConformanceReport, v: { bls_private_key: string; bls_address: string }): Promise<void> {
  await report.check('wallet.json BLS address', () => {
    equal(Address.fromBls(blsPublicKey(fromBase64(v.bls_private_key))).toString('t'), v.bls_address)
  })
}
