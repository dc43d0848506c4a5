// States of a foreign chain with a few things changed, put in the place of the real ones.

import type { StateTree as Tree } from '../../src/actors/state-tree.ts'
import { StateTree } from '../../src/actors/state-tree.ts'
import { type Codec, decode, encode } from '../../src/codec/codec.ts'
import type { StateManager } from '../../src/state/state-manager.ts'
import { mustGet, OverlayBlockstore } from '../../src/store/blockstore.ts'
import type { Address } from '../../src/types/address.ts'
import { type CID, cidOf } from '../../src/types/cid.ts'
import type { Tipset } from '../../src/types/tipset.ts'

export type StateChange = (tree: Tree, store: OverlayBlockstore) => void

/** A state manager that answers some things differently; everything else, and all its methods among each other, stay as they are. */
export function altered(state: StateManager, overrides: Partial<StateManager>): StateManager {
  return new Proxy(state, {
    get(target, name) {
      if (Object.hasOwn(overrides, name)) return overrides[name as keyof StateManager]
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A state that differs from another; `store` holds both. */
export function changedState(state: StateManager, root: CID, change: StateChange) {
  const store = new OverlayBlockstore(state.store)
  const tree = StateTree.load(store, root)
  change(tree, store)
  return { store, root: tree.flush(store), stateTree: (r: CID): Tree => StateTree.load(store, r) }
}

/** The state manager with another state before one tipset. */
export function withStateBefore(state: StateManager, tipset: Tipset, change: StateChange): StateManager {
  const { store, root } = changedState(state, tipset.parentStateRoot, change)
  return altered(state, { store, parentState: (ts) => (ts.equals(tipset) ? StateTree.load(store, root) : state.parentState(ts)) })
}

/** Changes fields of an actor's state. */
export function changeActor<T>(at: Address | bigint, codec: Codec<T>, changes: Partial<T>): StateChange {
  return (tree, store) => {
    const actor = tree.mustGetActor(at)
    const data = encode(codec, { ...decode(codec, mustGet(store, actor.head)), ...changes })
    store.put(cidOf(data), data)
    tree.setActor(at, { ...actor, head: cidOf(data) })
  }
}
