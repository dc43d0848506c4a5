/** What a miner signs or is challenged with for a block of an epoch: draws from the beacon (Lotus chain/rand, miner/miner.go). */
import { encode } from '../codec/codec.ts'
import { blake2b256 } from '../native/crypto.ts'
import { type Address, address } from './address.ts'
import type { BeaconEntry, BlockHeader, Ticket } from './block.ts'
import { DomainTag, drawRandomness } from './randomness.ts'
import type { ChainEpoch } from './scalars.ts'

/** Epochs before a block's own of which its ticket is drawn. */
const TICKET_LOOKBACK = 1

/** The beacon entry that a block draws from: its own newest, or the chain's where it carries none. */
export function drawingEntry(header: Pick<BlockHeader, 'beaconEntries'>, previous: BeaconEntry): BeaconEntry {
  return header.beaconEntries.at(-1) ?? previous
}

/** What an election proof signs (Lotus filcns/filecoin.go; gen.IsRoundWinner). */
export function electionInput(entry: BeaconEntry, height: ChainEpoch, miner: Address): Uint8Array {
  return drawRandomness(blake2b256(entry.data), BigInt(DomainTag.electionProofProduction), height, encode(address, miner))
}

/**
 * What a ticket signs; from Smoke on also the parents' smallest ticket (Lotus filcns/filecoin.go, tktsCheck).
 * @param smoke the last epoch of the version before Smoke
 */
export function ticketInput(
  smoke: ChainEpoch,
  entry: BeaconEntry,
  height: ChainEpoch,
  miner: Address,
  parentTicket: Ticket,
): Uint8Array {
  let entropy: Uint8Array = encode(address, miner)
  if (height > smoke) entropy = Buffer.concat([entropy, parentTicket.vrfProof])
  return drawRandomness(blake2b256(entry.data), BigInt(DomainTag.ticketProduction), height - TICKET_LOOKBACK, entropy)
}

/** What a winning PoSt is challenged with (Lotus filcns/filecoin.go, VerifyWinningPoStProof). */
export function winningPostRandomness(entry: BeaconEntry, height: ChainEpoch, miner: Address): Uint8Array {
  return drawRandomness(blake2b256(entry.data), BigInt(DomainTag.winningPostChallengeSeed), height, encode(address, miner))
}
