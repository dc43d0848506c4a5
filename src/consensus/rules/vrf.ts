import { blsVerifyAsync } from '../../native/crypto.ts'
import type { Network } from '../../networks/types.ts'
import type { Address } from '../../types/address.ts'
import type { BeaconEntry, Ticket } from '../../types/block.ts'
import { electionInput, ticketInput } from '../../types/draws.ts'
import type { Tipset } from '../../types/tipset.ts'
import { BlockError } from '../errors.ts'
import type { WholeHeader } from '../full-block.ts'

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
  const input = ticketInput(network.upgrades.smoke, entry, header.height, header.miner, base.minTicketBlock.ticket as Ticket)
  if (await verifyVrf(worker, input, header.ticket.vrfProof)) return
  throw new BlockError('BLOCK_TICKET', `the ticket is not that of the worker ${worker}`)
}
