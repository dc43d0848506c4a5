/** Limits that the miner actor puts on messages and sectors (go-state-types miner/policy.go); durations are epochs. */

import { SealFamily, sealProofFamily } from '../../types/proof-types.ts'
import type { ChainEpoch } from '../../types/scalars.ts'

export const EPOCHS_IN_DAY = 2880
export const CHAIN_FINALITY = 900

export const MAX_PARTITIONS_PER_DEADLINE = 3000
/** Partitions that one message may declare faults, recoveries or extensions for. */
export const ADDRESSED_PARTITIONS_MAX = MAX_PARTITIONS_PER_DEADLINE
export const DECLARATIONS_MAX = ADDRESSED_PARTITIONS_MAX
/** Partitions that one window PoSt message may prove. */
export const POSTED_PARTITIONS_MAX = 3
/** Sectors that one message may touch. */
export const ADDRESSED_SECTORS_MAX = 25_000
export const PRE_COMMIT_BATCH_MAX = 256
export const PROVE_REPLICA_UPDATES_MAX = 256
export const AGGREGATED_SECTORS_MAX = 819
export const AGGREGATED_SECTORS_MIN = 4
/** bytes */
export const AGGREGATE_PROOF_SIZE_MAX = 81_960

/** How old a pre-commitment's randomness may be. */
export const PRE_COMMIT_RANDOMNESS_LOOKBACK_MAX = EPOCHS_IN_DAY + CHAIN_FINALITY
export const PROVE_COMMIT_NI_LOOKBACK_MAX = 180 * EPOCHS_IN_DAY
/** Proofs of a challenge window may be disputed for so long after it. */
export const WPOST_DISPUTE_WINDOW = 2 * CHAIN_FINALITY
/** A sector that stays faulty for longer is terminated. */
export const FAULT_AGE_MAX = 42 * EPOCHS_IN_DAY
export const WORKER_KEY_CHANGE_DELAY = CHAIN_FINALITY
export const SECTOR_EXPIRATION_MIN = 180 * EPOCHS_IN_DAY

/** The furthest from now that a sector may be set to expire: 540 days, 1278 from actors v12 on (FIP-0052). */
export function sectorExpirationExtensionMax(actorsVersion: number): ChainEpoch {
  return (actorsVersion >= 12 ? 1278 : 540) * EPOCHS_IN_DAY
}

/** The longest that a sector may live in all: 540 days with the first seal proofs (FIP-0014), five years with all later ones. */
export function sectorLifetimeMax(sealProof: number): ChainEpoch {
  return (sealProofFamily(sealProof) === SealFamily.v1 ? 540 : 5 * 365) * EPOCHS_IN_DAY
}

/**
 * How long after the pre-commitment a sector may be proven.
 * @param preCommitChallengeDelay the network's: 150 on public networks
 */
export function proveCommitDurationMax(sealProof: number, preCommitChallengeDelay: number): ChainEpoch {
  return (sealProofFamily(sealProof) === SealFamily.v1 ? 1 : 30) * EPOCHS_IN_DAY + preCommitChallengeDelay
}
