import { as, type Shape, tuple } from '../../codec/combinators.ts'
import { text } from '../../codec/primitives.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import { type Address, Protocol } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { type ActorId, actorId } from '../../types/scalars.ts'
import { Hamt } from '../hamt.ts'
import { addressKey } from '../keys.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'

/** The same in all versions from v8 on. */
export const initState = tuple('InitState', { addressMap: cid, nextId: as('NextID', actorId), networkName: text })
export type InitState = Shape<typeof initState.fields>

/** f01: which id an address has. */
export class InitView {
  readonly state: InitState
  readonly #addresses: Hamt<ActorId, Address>

  constructor(store: BlockReader, state: InitState) {
    this.state = state
    this.#addresses = new Hamt(store, state.addressMap, { value: actorId, key: addressKey })
  }

  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): InitView {
    return new InitView(store, loadActorState(store, registry, actor, 'init', () => initState).state)
  }

  get networkName(): string {
    return this.state.networkName
  }

  /** The id that the next actor gets. */
  get nextId(): ActorId {
    return this.state.nextId
  }

  /** The id of an address, undefined when it has none. An id address is its own, whether or not an actor has it. */
  resolve(address: Address): ActorId | undefined {
    return address.protocol === Protocol.id ? address.id : this.#addresses.get(address)
  }

  /** All addresses but id addresses, in the order of the map. */
  *entries(): Generator<[Address, ActorId]> {
    yield* this.#addresses.entries()
  }

  forEach(visit: (id: ActorId, address: Address) => void): void {
    for (const [address, id] of this.entries()) visit(id, address)
  }

  /** The first address of the map that has this id (Lotus LookupRobustAddress); a walk over the whole map. */
  robustAddress(id: ActorId): Address | undefined {
    for (const [address, of] of this.entries()) if (of === id) return address
    return undefined
  }
}
