import { createHash } from 'node:crypto'
import { Address } from '../../types/address.ts'
import type { ActorId } from '../../types/scalars.ts'

/**
 * Which of a miner's active sectors its winning PoSt must prove: an index below `eligible`. One sector is proven, whatever its size
 * (rust-fil-proofs, storage-proofs-post/src/fallback/vanilla.rs: generate_sector_challenge). Computed here, as the addon's own answer
 * would have to wait for its threads.
 * @param randomness 32 bytes as drawn; the two bits that do not fit the field are cleared
 * @param eligible above 0
 */
export function challengedIndex(randomness: Uint8Array, miner: ActorId, eligible: bigint): bigint {
  // prover id, randomness and the challenge's number, which is 0, as 8 bytes
  const input = new Uint8Array(32 + 32 + 8)
  input.set(Address.fromId(miner).payload)
  input.set(randomness, 32)
  input[63] = (input[63] as number) & 0x3f
  return createHash('sha256').update(input).digest().readBigUInt64LE() % eligible
}
