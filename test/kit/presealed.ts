// The sectors that lotus-seed sealed for the genesis of `chains/lotus-devnet-proofs`, as their description and files say.
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { blake2b256 } from '../../src/native/crypto.ts'
import type { PrivateSector } from '../../src/native/proving.ts'
import { sharedData, sharedJson } from './shared-data.ts'

/** lotus-seed draws the ticket of all its sectors from this text (`--ticket-preimage`). */
export const LOTUS_SEED_TICKET = blake2b256(new TextEncoder().encode('lotus is fire'))

export interface PresealedSector extends PrivateSector {
  /** CID bytes of CommD. */
  readonly unsealedCid: Uint8Array
}

interface Description {
  readonly Sectors: readonly {
    readonly CommR: { readonly '/': string }
    readonly CommD: { readonly '/': string }
    readonly SectorID: number
    readonly ProofType: number
  }[]
}

/** Two miners, 1000 and 1001, have two sectors of 2 KiB each. */
export function presealedSectors(t: Parameters<typeof sharedData>[0], miner: 1000 | 1001): PresealedSector[] | undefined {
  const name = `t0${miner}`
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs', 'miners', name)
  if (folder === undefined) return undefined
  const described = sharedJson<Record<string, Description>>(
    t,
    'chains',
    'lotus-devnet-proofs',
    'miners',
    name,
    `pre-seal-${name}.json`,
  )?.[name]
  return described?.Sectors.map((sector) => ({
    sectorNumber: BigInt(sector.SectorID),
    sealedCid: CID.parse(sector.CommR['/']).bytes,
    unsealedCid: CID.parse(sector.CommD['/']).bytes,
    registeredSealProof: sector.ProofType,
    cachePath: join(folder, 'cache', `s-${name}-${sector.SectorID}`),
    sealedPath: join(folder, 'sealed', `s-${name}-${sector.SectorID}`),
  }))
}
