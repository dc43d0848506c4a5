import { type Shape, tuple } from '../../codec/combinators.ts'
import { uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'

/** Actors v8: clients' DataCap is kept here. */
export const verifregStateV8 = tuple('verifreg.State', {
  rootKey: address,
  /** HAMT of DataCap (bytes) by address. */
  verifiers: cid,
  verifiedClients: cid,
  removeDataCapProposalIDs: cid,
})

/** v9 on (FIP-0045): clients hold DataCap as tokens of the datacap actor. */
export const verifregStateV9 = tuple('verifreg.State', {
  rootKey: address,
  verifiers: cid,
  removeDataCapProposalIDs: cid,
  /** HAMT by client of a HAMT by id. */
  allocations: cid,
  nextAllocationId: uint64,
  /** HAMT by provider of a HAMT by id. */
  claims: cid,
})

export type VerifregStateV8 = Shape<typeof verifregStateV8.fields>
export type VerifregStateV9 = Shape<typeof verifregStateV9.fields>

export function verifregState(actorsVersion: number): typeof verifregStateV8 | typeof verifregStateV9 {
  return actorsVersion >= 9 ? verifregStateV9 : verifregStateV8
}

/** The counter of a verifier's proposals to take DataCap from one client. */
export const removeDataCapProposalId = tuple('RmDcProposalID', { proposalID: uint64 })
