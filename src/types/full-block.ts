import type { BlockHeader } from './block.ts'
import type { Message, SignedMessage } from './message.ts'
import type { Tipset } from './tipset.ts'

/** A block with its messages. */
export interface FullBlock {
  readonly header: BlockHeader
  readonly bls: readonly Message[]
  readonly secp: readonly SignedMessage[]
}

/** A tipset with the messages of each of its blocks, in the tipset's order. */
export interface FullTipset {
  readonly tipset: Tipset
  readonly blocks: readonly FullBlock[]
}
