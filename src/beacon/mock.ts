import { blake2b256 } from '../native/crypto.ts'
import type { BeaconEntry } from '../types/block.ts'

/** The entry of a round of the mock beacon: blake2b-256 of the round as 8 big-endian bytes (Lotus chain/beacon/mock.go). */
export function mockEntry(round: bigint): BeaconEntry {
  const input = new Uint8Array(8)
  new DataView(input.buffer).setBigUint64(0, round)
  return { round, data: blake2b256(input) }
}
