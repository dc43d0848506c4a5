// Vectors about parameters of actor methods: multisigs, payment channels, vouchers.

import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { MethodError, mustMethodOf, paramsFromJson, paramsToJson } from '../../../../src/actors/methods/index.ts'
import { signedVoucher, voucherSigningBytes } from '../../../../src/actors/paych/voucher.ts'
import { type Codec, decode, encode } from '../../../../src/codec/codec.ts'
import { tuple } from '../../../../src/codec/combinators.ts'
import { bytes, uint64 } from '../../../../src/codec/primitives.ts'
import { blake2b256, secp256k1Recover } from '../../../../src/native/crypto.ts'
import { verifySecp256k1 } from '../../../../src/state/signature.ts'
import { Address, address } from '../../../../src/types/address.ts'
import { message } from '../../../../src/types/message.ts'
import { tokenAmount } from '../../../../src/types/scalars.ts'
import type { ConformanceReport } from '../../../kit/conformance.ts'
import { checkEncoding, checkSecpSignature, fromBase64, type MessageJson } from './messages.ts'

/** Constructors are method 1; any version from 8 on has the forms of these vectors. */
const VERSION = 18
const CONSTRUCTOR = 1
const prefixOf = (json: unknown): 'f' | 't' => (JSON.stringify(json).includes('"f') ? 'f' : 't')

/** The vectors print empty bytes as empty text, Lotus as null; and a form may have more fields than a vector names. */
function sameParams(got: unknown, wanted: Record<string, unknown>): void {
  const all = got as Record<string, unknown>
  for (const [key, value] of Object.entries(wanted)) {
    // Lotus writes the abbreviation in capitals.
    const found = all[key] ?? all[key.replace(/Cid$/, 'CID')] ?? ''
    deepEqual(found, cidText(found, value), key)
  }
}

/** The vectors write a CID as its text alone. */
function cidText(got: unknown, wanted: unknown): unknown {
  return typeof wanted === 'string' && typeof got === 'object' && got !== null && '/' in got ? { '/': wanted } : wanted
}

interface DeserializeVector {
  readonly description: string
  readonly valid: boolean
  readonly serialized_params: string
  readonly code_cid: string
  readonly method?: number
  readonly params?: Record<string, unknown>
}

export async function deserialize(report: ConformanceReport, file: string, vectors: readonly DeserializeVector[]): Promise<void> {
  for (const [i, v] of vectors.entries()) {
    await report.check(`${file} ${i}: ${v.description}`, () => {
      const given = fromBase64(v.serialized_params)
      const read = (): unknown =>
        paramsToJson(mustMethodOf(v.code_cid, VERSION, v.method ?? CONSTRUCTOR), given, {
          addressPrefix: prefixOf(v.params ?? 't'),
        })
      if (v.valid) sameParams(read(), v.params as Record<string, unknown>)
      else throws(read, MethodError)
    })
  }
}

/** The actor and the method that each vector is for, in the order of the file. */
const serialized = [
  ['multisig', CONSTRUCTOR],
  ['init', 2],
  ['multisig', 2],
  ['multisig', 2],
  ['multisig', 3],
  ['storageminer', 16],
  ['storageminer', 23],
] as const

export async function serialize(
  report: ConformanceReport,
  vectors: readonly { description: string; params: Record<string, unknown>; serialized_params: string }[],
): Promise<void> {
  for (const [i, v] of vectors.entries()) {
    const target = serialized[i]
    if (target === undefined) {
      report.fail(`serialize_params.json ${i}`, 'no method is known for this vector')
      continue
    }
    const [kind, method] = target
    await report.check(`serialize_params.json ${i}: ${v.description}`, () => {
      const def = mustMethodOf(kind, VERSION, method)
      // A method that takes a bare value is given it without the field that the vector wraps it in.
      const bare = kind === 'storageminer' && method === 23
      const json = bare ? v.params.NewOwner : asLotus(kind, method, v.params)
      if (bare) {
        equal(Buffer.from(encode(address, Address.parse(json as string))).toString('base64'), v.serialized_params)
        return
      }
      equal(Buffer.from(paramsFromJson(def, json)).toString('base64'), v.serialized_params)
    })
  }
}

function asLotus(kind: string, method: number, params: Record<string, unknown>): Record<string, unknown> {
  if (kind === 'init') {
    const { CodeCid, ...rest } = params
    return { ...rest, CodeCID: { '/': CodeCid } }
  }
  return kind === 'multisig' && method === 3 ? { ID: params.ID, ProposalHash: params.ProposalHash } : params
}

/** What an approval's hash is taken over (specs-actors multisig ProposalHashData). */
const proposal = tuple('ProposalHashData', {
  requester: address,
  to: address,
  value: tokenAmount,
  method: uint64,
  params: bytes,
})

interface MultisigStep {
  readonly message: MessageJson
  readonly cbor: string
  readonly proposal_params?: unknown
  readonly constructor_params?: Record<string, unknown>
}

export async function multisig(report: ConformanceReport, steps: Readonly<Record<string, MultisigStep>>): Promise<void> {
  for (const [name, step] of Object.entries(steps)) {
    await report.check(`multisig.json ${name}`, () => {
      checkEncoding(step.message, step.cbor, 't')
      const m = message.fromJson(step.message, '')
      const def = mustMethodOf(name === 'create' ? 'init' : 'multisig', VERSION, m.method)
      const json = paramsToJson(def, m.params, { addressPrefix: 't' }) as Record<string, unknown>
      if (step.constructor_params !== undefined) {
        const inner = mustMethodOf('multisig', VERSION, CONSTRUCTOR)
        const params = fromBase64(json.ConstructorParams as string)
        sameParams(paramsToJson(inner, params, { addressPrefix: 't' }), step.constructor_params)
      }
      if (name === 'approve' || name === 'cancel') {
        const hash = blake2b256(encode(proposal, proposal.fromJson(step.proposal_params, '')))
        equal(Buffer.from(hash).toString('base64'), json.ProposalHash)
        equal(json.ID, 1234)
      }
    })
  }
}

interface ChannelStep {
  readonly private_key: string
  readonly message: MessageJson
  readonly constructor_params?: Record<string, unknown>
  readonly voucher_base64?: string
}

export async function paymentChannel(
  report: ConformanceReport,
  steps: Readonly<Record<string, Readonly<Record<string, ChannelStep>>>>,
): Promise<void> {
  for (const [name, byKey] of Object.entries(steps)) {
    for (const [key, step] of Object.entries(byKey)) {
      await report.check(`payment_channel.json ${name} ${key}`, () => {
        const m = message.fromJson(step.message, '')
        if (key === 'secp256k1') checkSecpSignature(m, fromBase64(step.private_key))
        const def = mustMethodOf(name === 'creation' ? 'init' : 'paymentchannel', VERSION, m.method)
        const json = paramsToJson(def, m.params, { addressPrefix: 't' }) as Record<string, unknown>
        if (step.constructor_params !== undefined) {
          const inner = mustMethodOf('paymentchannel', VERSION, CONSTRUCTOR)
          const params = fromBase64(json.ConstructorParams as string)
          sameParams(paramsToJson(inner, params, { addressPrefix: 't' }), step.constructor_params)
        }
        if (step.voucher_base64 !== undefined) {
          const voucher = decode(signedVoucher, fromBase64(step.voucher_base64))
          const wanted = signedVoucher.toJson(voucher, { addressPrefix: 't' })
          deepEqual(json.Sv, wanted)
          ok(voucher.channelAddr.equals(m.to))
        }
      })
    }
  }
}

interface VoucherVectors {
  readonly sign: {
    readonly voucher: Readonly<Record<string, string | number>>
    readonly signed_voucher_base64: string
  }
  readonly verify: { readonly signed_voucher_base64: string; readonly address_signer: string }
}

export async function vouchers(report: ConformanceReport, v: VoucherVectors): Promise<void> {
  await report.check('voucher.json sign', () => {
    const given = fromBase64(v.sign.signed_voucher_base64)
    const voucher = decode(signedVoucher, given)
    deepEqual(Buffer.from(encode(signedVoucher as Codec<typeof voucher>, voucher)), Buffer.from(given))
    const shown = {
      payment_channel_address: voucher.channelAddr.toString('t'),
      time_lock_min: voucher.timeLockMin,
      time_lock_max: voucher.timeLockMax,
      amount: voucher.amount,
      lane: voucher.lane,
      nonce: voucher.nonce,
      min_settle_height: voucher.minSettleHeight,
    }
    for (const [key, got] of Object.entries(shown)) equal(String(got), String(v.sign.voucher[key]), key)
  })
  await report.check('voucher.json verify', () => {
    const voucher = decode(signedVoucher, fromBase64(v.verify.signed_voucher_base64))
    const signature = (voucher.signature as NonNullable<typeof voucher.signature>).data
    const signer = Address.parse(v.verify.address_signer)
    ok(verifySecp256k1(signer, voucherSigningBytes(voucher), signature))
    equal(
      Address.fromSecp256k1(secp256k1Recover(blake2b256(voucherSigningBytes(voucher)), signature)).toString('t'),
      v.verify.address_signer,
    )
    ok(!verifySecp256k1(signer, voucherSigningBytes({ ...voucher, amount: voucher.amount + 1n }), signature))
  })
}
