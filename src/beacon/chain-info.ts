import { createHash } from 'node:crypto'
import { type DrandScheme, drandPublicKey } from '../native/crypto.ts'
import type { DrandChainInfo } from '../networks/drand.ts'

/** The scheme of quicknet, the only one that the server here speaks. */
export const SERVED_SCHEME: DrandScheme = 'bls-unchained-g1-rfc9380'
/** A beacon of this name counts as one without a name. */
const DEFAULT_BEACON = 'default'

export interface ChainInfoFields {
  /** Hex. */
  readonly publicKey: string
  /** Seconds. */
  readonly period: number
  /** Unix seconds. */
  readonly genesisTime: number
  /** Hex; the genesis seed. */
  readonly groupHash: string
  readonly beaconId: string
}

/** The hash that names a drand network, hex (drand common/chain/info.go Hash). */
export function chainHash(info: ChainInfoFields): string {
  const hash = createHash('sha256')
  const head = Buffer.alloc(12)
  head.writeUInt32BE(info.period, 0)
  head.writeBigInt64BE(BigInt(info.genesisTime), 4)
  hash.update(head)
  hash.update(Buffer.from(info.publicKey, 'hex'))
  hash.update(Buffer.from(info.groupHash, 'hex'))
  if (info.beaconId !== '' && info.beaconId !== DEFAULT_BEACON) hash.update(info.beaconId)
  return hash.digest('hex')
}

/**
 * Describes the network of a whole key.
 * @param secretKey 32 bytes, big endian
 * @param period seconds between rounds
 * @param genesisTime Unix seconds of round 1
 */
export function networkOfKey(
  secretKey: Uint8Array,
  init: { readonly period: number; readonly genesisTime: number; readonly beaconId: string },
): DrandChainInfo {
  const publicKey = Buffer.from(drandPublicKey(SERVED_SCHEME, secretKey)).toString('hex')
  // Where the key is shared out, drand hashes the group of its holders here. There is one holder.
  const groupHash = createHash('sha256').update(`${init.beaconId} ${publicKey}`).digest('hex')
  const { period, genesisTime, beaconId } = init
  const hash = chainHash({ publicKey, period, genesisTime, groupHash, beaconId })
  return { publicKey, period, genesisTime, hash, groupHash, beaconId }
}

/** What drand's servers answer under /info, under the names of its first and its second version. */
export function drandInfoJson(info: DrandChainInfo, beaconId: string): object {
  return {
    public_key: info.publicKey,
    period: info.period,
    genesis_time: info.genesisTime,
    genesis_seed: info.groupHash,
    hash: info.hash,
    chain_hash: info.hash,
    groupHash: info.groupHash,
    scheme: SERVED_SCHEME,
    schemeID: SERVED_SCHEME,
    beacon_id: beaconId,
    metadata: { beaconID: beaconId },
  }
}
