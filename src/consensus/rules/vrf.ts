import { oneByOne, type ProofVerifier } from '../../native/verifier.ts'
import type { Network } from '../../networks/types.ts'
import type { Address } from '../../types/address.ts'
import type { BeaconEntry, Ticket } from '../../types/block.ts'
import { electionInput, ticketInput } from '../../types/draws.ts'
import type { Tipset } from '../../types/tipset.ts'
import type { WholeHeader } from '../env.ts'
import { BlockError } from '../errors.ts'

type VrfVerifier = Pick<ProofVerifier, 'blsVerifyAggregate'>

/** A VRF of the worker: its BLS signature. */
function verifyVrf(proofs: VrfVerifier, worker: Address, input: Uint8Array, proof: Uint8Array): Promise<boolean> {
  return proofs.blsVerifyAggregate([worker.payload], [input], proof)
}

/** @throws BlockError BLOCK_ELECTION */
export async function checkElection(
  header: WholeHeader,
  entry: BeaconEntry,
  worker: Address,
  proofs: VrfVerifier = oneByOne,
): Promise<void> {
  if (await verifyVrf(proofs, worker, electionInput(entry, header.height, header.miner), header.electionProof.vrfProof)) return
  throw new BlockError('BLOCK_ELECTION', `the election proof is not that of the worker ${worker}`)
}

/** @throws BlockError BLOCK_TICKET */
export async function checkTicket(
  network: Pick<Network, 'upgrades'>,
  header: WholeHeader,
  entry: BeaconEntry,
  worker: Address,
  base: Tipset,
  proofs: VrfVerifier = oneByOne,
): Promise<void> {
  const input = ticketInput(network.upgrades.smoke, entry, header.height, header.miner, base.minTicketBlock.ticket as Ticket)
  if (await verifyVrf(proofs, worker, input, header.ticket.vrfProof)) return
  throw new BlockError('BLOCK_TICKET', `the ticket is not that of the worker ${worker}`)
}
