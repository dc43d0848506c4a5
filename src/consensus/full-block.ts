import type { EntryVerifier } from '../beacon/verify-entry.ts'
import type { StateManager } from '../state/state-manager.ts'
import type { BlockHeader, ElectionProof, Ticket } from '../types/block.ts'
import type { Signature } from '../types/signature.ts'

export type { FullBlock } from '../types/full-block.ts'

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
  /** Unix seconds. */
  now(): number
}
