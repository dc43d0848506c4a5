/**
 * Layer 6. The genesis of a private network: from Lotus's template (genesis/types.go) the state and the block that Lotus makes of it.
 * `make-genesis.ts` puts it together; here: the template, as Lotus's `lotus-seed genesis` writes it.
 */
import { base58btc } from 'multiformats/bases/base58'
import { dealProposal } from '../actors/market/deal.ts'
import { fromBase64, toBase64 } from '../codec/base64.ts'
import { type Codec, fromJson, toJson } from '../codec/codec.ts'
import { as, jsonObject, list, record, type Shape } from '../codec/combinators.ts'
import { CodecError } from '../codec/errors.ts'
import { type Json, jsonFail, jsonKind, parseJson } from '../codec/json.ts'
import { bytes, safeInt, safeUint, text, uint64 } from '../codec/primitives.ts'
import { errorMessage } from '../lib/errors.ts'
import { type Address, address } from '../types/address.ts'
import { cid } from '../types/cid.ts'
import { sectorNumber, type TokenAmount, tokenAmount } from '../types/scalars.ts'
import { GenesisError } from './errors.ts'

/** A key as Lotus exports it (chain/types/keystore.go). */
export const keyInfo = record('KeyInfo', { type: text, privateKey: bytes })
export type KeyInfo = Readonly<Shape<typeof keyInfo.fields>>

/** A libp2p peer id: its bytes, base58 in JSON; Lotus leaves it empty where there is none. */
const peerId: Codec<Uint8Array> = {
  ...bytes,
  name: 'peer id',
  toJson: (v) => base58btc.baseEncode(v),
  fromJson(json, path) {
    if (json === undefined || json === null) return new Uint8Array(0)
    if (typeof json !== 'string') return jsonFail(path, `expected a peer id as text, found ${jsonKind(json)}`)
    try {
      return base58btc.baseDecode(json)
    } catch {
      return jsonFail(path, 'is not a peer id')
    }
  },
}

/** A sector that exists when the network begins, with the deal that fills it. */
export const preSeal = record('PreSeal', {
  commR: cid,
  commD: cid,
  sectorID: sectorNumber,
  deal: dealProposal,
  /** The key that signs the deal for its client. */
  dealClientKey: keyInfo,
  /** RegisteredSealProof. */
  proofType: safeInt,
})
export type PreSeal = Readonly<Shape<typeof preSeal.fields>>

/** A miner of the genesis; also what `lotus-seed pre-seal` writes for each miner. */
export const genesisMiner = record('Miner', {
  id: as('ID', address),
  owner: address,
  worker: address,
  peerId,
  /** attoFIL put into the market's escrow for it. */
  marketBalance: tokenAmount,
  powerBalance: tokenAmount,
  /** Bytes. */
  sectorSize: uint64,
  sectors: list(preSeal, { emptyJson: 'null' }),
})
export type GenesisMiner = Readonly<Shape<typeof genesisMiner.fields>>

export interface AccountMeta {
  readonly owner: Address
}
export interface MultisigMeta {
  readonly signers: readonly Address[]
  readonly threshold: number
  /** Epochs over which the balance unlocks. */
  readonly vestingDuration: number
  readonly vestingStart: number
}
/** attoFIL each. */
export type GenesisActor =
  | { readonly type: 'account'; readonly balance: TokenAmount; readonly meta: AccountMeta }
  | { readonly type: 'multisig'; readonly balance: TokenAmount; readonly meta: MultisigMeta }

const accountMeta = record('AccountMeta', { owner: address })
const multisigMeta = record('MultisigMeta', {
  signers: list(address),
  threshold: safeUint,
  vestingDuration: safeInt,
  vestingStart: safeInt,
})

const genesisActor: Codec<GenesisActor> = {
  name: 'Actor',
  write: () => {
    throw new CodecError('CODEC_VALUE', 'an account of a genesis template has no CBOR form')
  },
  read: (r) => r.fail('an account of a genesis template has no CBOR form'),
  toJson: (v, ctx) => ({
    Type: v.type,
    Balance: tokenAmount.toJson(v.balance, ctx),
    Meta:
      v.type === 'account'
        ? accountMeta.toJson(v.meta, ctx)
        : multisigMeta.toJson({ ...v.meta, signers: [...v.meta.signers] }, ctx),
  }),
  fromJson(json, path) {
    const given = jsonObject(json, path, 'Actor')
    const balance = tokenAmount.fromJson(given.Balance, `${path}.Balance`)
    if (given.Type === 'account') {
      const meta = jsonObject(given.Meta, `${path}.Meta`, 'AccountMeta')
      if (meta.Owner === undefined) jsonFail(`${path}.Meta`, 'has no Owner')
      return { type: 'account', balance, meta: accountMeta.fromJson(meta, `${path}.Meta`) }
    }
    if (given.Type === 'multisig') return { type: 'multisig', balance, meta: multisigMeta.fromJson(given.Meta, `${path}.Meta`) }
    return jsonFail(`${path}.Type`, 'must be "account" or "multisig"')
  },
  schema: { type: 'object' },
}

const templateFields = {
  networkVersion: safeUint,
  accounts: list(genesisActor, { emptyJson: 'null' }),
  miners: list(genesisMiner, { emptyJson: 'null' }),
  networkName: text,
  /** Unix seconds of the genesis block; 0 where whoever makes it is to say. */
  timestamp: safeUint,
  verifregRootKey: genesisActor,
  remainderAccount: genesisActor,
}
const template = record('Template', templateFields)
/** What a network begins with. */
export type GenesisTemplate = Readonly<Shape<typeof templateFields>>

/** Longest template that is read. */
const MAX_BYTES = 64 << 20

function read<T>(codec: Codec<T>, source: string, what: string): T {
  if (source.length > MAX_BYTES) throw new GenesisError('GENESIS_TEMPLATE', `${what} of ${source.length} bytes is too long`)
  let json: unknown
  try {
    json = parseJson(source)
  } catch (cause) {
    throw new GenesisError('GENESIS_TEMPLATE', `${what} is not JSON: ${errorMessage(cause)}`, { cause })
  }
  try {
    return fromJson(codec, json)
  } catch (cause) {
    throw new GenesisError('GENESIS_TEMPLATE', `${what} is wrong: ${errorMessage(cause)}`, { cause })
  }
}

/**
 * Reads a genesis template.
 * @param name what messages call it, a path as a rule
 * @throws GenesisError GENESIS_TEMPLATE with the place that is wrong
 */
export function parseTemplate(source: string, name = 'the genesis template'): GenesisTemplate {
  return read(template, source, name)
}

/** The JSON of a template, as Lotus writes and reads it. */
export function formatTemplate(value: GenesisTemplate, addressPrefix: 'f' | 't' = 't'): string {
  const json = toJson(template, value, { addressPrefix }) as { Timestamp?: Json }
  if (value.timestamp === 0) delete json.Timestamp
  return `${JSON.stringify(json, undefined, 2)}\n`
}

const preSealFile: Codec<Map<string, GenesisMiner>> = {
  name: 'pre-seal manifest',
  write: genesisActor.write as never,
  read: genesisActor.read as never,
  toJson: (v, ctx) => Object.fromEntries([...v].map(([k, m]) => [k, genesisMiner.toJson(m, ctx)])),
  fromJson: (json, path) =>
    new Map(Object.entries(jsonObject(json, path, 'manifest')).map(([k, v]) => [k, genesisMiner.fromJson(v, k)])),
  schema: { type: 'object' },
}

/** Reads `pre-seal-t01000.json`: miners by their address (cmd/lotus-seed). @throws GenesisError GENESIS_TEMPLATE */
export function parsePreSeal(source: string, name = 'the pre-seal manifest'): ReadonlyMap<string, GenesisMiner> {
  return read(preSealFile, source, name)
}

/** The JSON of `pre-seal-t01000.json`. */
export function formatPreSeal(miners: readonly GenesisMiner[], addressPrefix: 'f' | 't' = 't'): string {
  const ctx = { addressPrefix }
  return `${JSON.stringify(toJson(preSealFile, new Map(miners.map((m) => [m.id.toString(addressPrefix), m])), ctx), undefined, 2)}\n`
}

/** `pre-seal-t01000.key`: the key in hexadecimal JSON, as `lotus wallet export` prints it. */
export function formatKeyFile(key: KeyInfo): string {
  return Buffer.from(JSON.stringify({ Type: key.type, PrivateKey: toBase64(key.privateKey) })).toString('hex')
}

/** @throws GenesisError GENESIS_TEMPLATE; the text of the key is never part of the message */
export function parseKeyFile(source: string, name: string): KeyInfo {
  const hex = source.trim()
  try {
    if (!/^([0-9a-f]{2})+$/i.test(hex)) throw new CodecError('CODEC_JSON', 'it is not hexadecimal')
    const json = JSON.parse(Buffer.from(hex, 'hex').toString('utf8')) as { Type?: unknown; PrivateKey?: unknown }
    if (json.Type !== 'bls' && json.Type !== 'secp256k1')
      throw new CodecError('CODEC_JSON', 'its type is neither bls nor secp256k1')
    return { type: json.Type, privateKey: fromBase64(json.PrivateKey, 'PrivateKey') }
  } catch (cause) {
    const why = cause instanceof CodecError ? cause.message : 'it holds no JSON'
    throw new GenesisError('GENESIS_TEMPLATE', `${name} is no key file: ${why}`)
  }
}
