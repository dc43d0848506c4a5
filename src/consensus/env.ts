import type { EntryVerifier } from '../beacon/verify-entry.ts'
import type { BatchVerifier } from '../native/verifier.ts'
import type { StateManager } from '../state/state-manager.ts'
import type { BlockHeader, ElectionProof, Ticket } from '../types/block.ts'
import type { Signature } from '../types/signature.ts'

/** A header that has all its parts (rules/syntax.ts). */
export type WholeHeader = BlockHeader & {
  readonly ticket: Ticket
  readonly electionProof: ElectionProof
  readonly blockSig: Signature
  readonly blsAggregate: Signature
}

/** What validation needs of the node. */
export interface ConsensusEnv {
  readonly state: StateManager
  readonly verifier: EntryVerifier
  /** Checks signatures and proofs of many blocks together; each is checked by itself where it is not given. */
  readonly proofs?: BatchVerifier
  /** Unix seconds. */
  now(): number
}
