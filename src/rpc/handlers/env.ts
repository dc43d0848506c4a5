import type { Actor, StateTree } from '../../actors/state-tree.ts'
import type { AnyMethod, QueryHandler } from '../../api/method.ts'
import type { StateManager } from '../../state/state-manager.ts'
import type { Address } from '../../types/address.ts'
import type { Tipset, TipsetKey } from '../../types/tipset.ts'

/** What a query sees: the chain up to one head, and the machinery to compute states. One is made for each call. */
export class QueryEnv {
  readonly state: StateManager
  readonly head: Tipset

  constructor(state: StateManager, head: Tipset) {
    this.state = state
    this.head = head
  }

  /** The tipset of a key; the head for an empty one. @throws StoreError */
  tipset(key: TipsetKey): Tipset {
    return key.isEmpty ? this.head : this.state.chain.tipset(key)
  }

  /** The state that the tipset of a key started from: what Lotus's State methods look at. */
  tree(key: TipsetKey): StateTree {
    return this.state.parentState(this.tipset(key))
  }

  /** @throws StateError STATE_ACTOR_NOT_FOUND */
  actor(address: Address, key: TipsetKey): Actor {
    return this.state.requireActor(this.tree(key), address)
  }
}

/** A method with what answers it. */
export interface BoundQuery {
  readonly def: AnyMethod
  readonly handle: QueryHandler<AnyMethod, QueryEnv>
}

/** Binds a handler to its declaration, types checked. */
export function query<D extends AnyMethod>(def: D, handle: QueryHandler<D, QueryEnv>): BoundQuery {
  return { def, handle: handle as unknown as QueryHandler<AnyMethod, QueryEnv> }
}
