import type { BlockReader } from '../../store/blockstore.ts'
import type { CID } from '../../types/cid.ts'
import { malformed } from '../errors.ts'
import { EMPTY_ARRAY_CID } from './state.ts'

/** Actors without a state of their own: their head is the empty array. */
export class EmptyStateView {
  protected constructor() {}

  /** @throws ActorError STATE_MALFORMED when the head is another one */
  static load(_store: BlockReader, head: CID): EmptyStateView {
    if (!head.equals(EMPTY_ARRAY_CID)) malformed(`an actor without state has ${head} as its head, not ${EMPTY_ARRAY_CID}`)
    return new EmptyStateView()
  }

  /** Lotus's StateReadState prints null. */
  toJson(): null {
    return null
  }
}

/** An f4 address to which something was sent before an actor was made there (FIP-0048). */
export class PlaceholderView extends EmptyStateView {}
