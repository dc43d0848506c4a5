import { ActorError } from '../actors/errors.ts'
import type { StateTree } from '../actors/state-tree.ts'
import { StateError } from '../state/errors.ts'
import type { StateManager } from '../state/state-manager.ts'
import { type Address, Protocol } from '../types/address.ts'
import type { Tipset } from '../types/tipset.ts'

function keyIn(state: StateManager, tree: StateTree, address: Address): Address | undefined {
  try {
    return state.accountKey(tree, address)
  } catch (error) {
    if (error instanceof StateError && error.code === 'STATE_ACTOR_NOT_FOUND') return undefined
    if (error instanceof ActorError && error.code === 'ACTOR_KIND') return undefined
    throw error
  }
}

/**
 * Finds the keys behind senders' addresses, for blocks on top of `base`: in the state before the base, and only for an id that is
 * not there in the state after it (Lotus stmgr ResolveToDeterministicAddress). Robust addresses of actors have no key.
 */
export function senderKeys(state: StateManager, base: Tipset): (address: Address) => Address | undefined {
  const before = state.parentState(base)
  let after: StateTree | undefined
  const known = new Map<string, Address | undefined>()
  return (address) => {
    if (address.protocol === Protocol.actor) return undefined
    if (address.protocol !== Protocol.id) return address
    if (known.has(address.key)) return known.get(address.key)
    let key = keyIn(state, before, address)
    if (key === undefined) {
      after ??= state.stateTree(state.tipsetState(base).stateRoot)
      key = keyIn(state, after, address)
    }
    known.set(address.key, key)
    return key
  }
}
