import { encode } from '../../codec/codec.ts'
import { blake2b256, blsVerifyAsync } from '../../native/crypto.ts'
import { ticketRandomnessLookback } from '../../networks/constants.ts'
import type { Network } from '../../networks/types.ts'
import { DomainTag, drawRandomness } from '../../state/randomness.ts'
import { type Address, address } from '../../types/address.ts'
import type { BeaconEntry, BlockHeader, Ticket } from '../../types/block.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { Tipset } from '../../types/tipset.ts'
import { BlockError } from '../errors.ts'
import type { WholeHeader } from '../full-block.ts'

/** The beacon entry that a block draws from: its own newest, or the chain's where it carries none. */
export function drawingEntry(header: Pick<BlockHeader, 'beaconEntries'>, previous: BeaconEntry): BeaconEntry {
  return header.beaconEntries.at(-1) ?? previous
}

/** What an election proof signs (Lotus filcns/filecoin.go; gen.IsRoundWinner). */
export function electionInput(entry: BeaconEntry, height: ChainEpoch, miner: Address): Uint8Array {
  return drawRandomness(blake2b256(entry.data), BigInt(DomainTag.electionProofProduction), height, encode(address, miner))
}

/** What a ticket signs; from Smoke on also the parents' smallest ticket (Lotus filcns/filecoin.go, tktsCheck). */
export function ticketInput(
  network: Pick<Network, 'upgrades'>,
  entry: BeaconEntry,
  height: ChainEpoch,
  miner: Address,
  base: Tipset,
): Uint8Array {
  let entropy: Uint8Array = encode(address, miner)
  if (height > network.upgrades.smoke) entropy = Buffer.concat([entropy, (base.minTicketBlock.ticket as Ticket).vrfProof])
  return drawRandomness(blake2b256(entry.data), BigInt(DomainTag.ticketProduction), height - ticketRandomnessLookback, entropy)
}

/** A VRF of the worker: its BLS signature. */
function verifyVrf(worker: Address, input: Uint8Array, proof: Uint8Array): Promise<boolean> {
  return blsVerifyAsync(worker.payload, input, proof)
}

/** @throws BlockError BLOCK_ELECTION */
export async function checkElection(header: WholeHeader, entry: BeaconEntry, worker: Address): Promise<void> {
  if (await verifyVrf(worker, electionInput(entry, header.height, header.miner), header.electionProof.vrfProof)) return
  throw new BlockError('BLOCK_ELECTION', `the election proof is not that of the worker ${worker}`)
}

/** @throws BlockError BLOCK_TICKET */
export async function checkTicket(
  network: Pick<Network, 'upgrades'>,
  header: WholeHeader,
  entry: BeaconEntry,
  worker: Address,
  base: Tipset,
): Promise<void> {
  const input = ticketInput(network, entry, header.height, header.miner, base)
  if (await verifyVrf(worker, input, header.ticket.vrfProof)) return
  throw new BlockError('BLOCK_TICKET', `the ticket is not that of the worker ${worker}`)
}
