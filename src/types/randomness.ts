import { blake2b256 } from '../native/crypto.ts'
import type { ChainEpoch } from './scalars.ts'

/** Purposes for which randomness is drawn (go-state-types/crypto: DomainSeparationTag). */
export const DomainTag = {
  ticketProduction: 1,
  electionProofProduction: 2,
  winningPostChallengeSeed: 3,
  windowedPostChallengeSeed: 4,
  sealRandomness: 5,
  interactiveSealChallengeSeed: 6,
  windowedPostDeadlineAssignment: 7,
  marketDealCronSeed: 8,
  postChainCommit: 9,
} as const

/**
 * blake2b-256(tag as int64 BE ‖ digest ‖ epoch as int64 BE ‖ entropy).
 * @param digest 32 bytes: blake2b-256 of the ticket's proof or the beacon entry's data
 * @param tag any int64; `DomainTag` has the ones in use
 */
export function drawRandomness(digest: Uint8Array, tag: bigint, epoch: ChainEpoch, entropy: Uint8Array): Uint8Array {
  const input = new Uint8Array(16 + digest.length + entropy.length)
  const view = new DataView(input.buffer)
  view.setBigInt64(0, BigInt.asIntN(64, tag))
  input.set(digest, 8)
  view.setBigInt64(8 + digest.length, BigInt(epoch))
  input.set(entropy, 16 + digest.length)
  return blake2b256(input)
}
