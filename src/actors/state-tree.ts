import { CborReader } from '../codec/cbor-reader.ts'
import { type Codec, decode, encode } from '../codec/codec.ts'
import { optional, type Shape, tuple } from '../codec/combinators.ts'
import { uint64 } from '../codec/primitives.ts'
import { type BlockReader, type BlockWriter, mustGet } from '../store/blockstore.ts'
import { type Address, address, Protocol } from '../types/address.ts'
import { type CID, cid, cidOf } from '../types/cid.ts'
import { type ActorId, actorId, tokenAmount } from '../types/scalars.ts'
import { ActorError, malformed } from './errors.ts'
import { Hamt } from './hamt.ts'
import { diffHamt } from './hamt-diff.ts'
import { addressKey, idAddressKey } from './keys.ts'
import { INIT_ACTOR } from './well-known.ts'

const actorFields = {
  code: cid,
  head: cid,
  nonce: uint64,
  /** attoFIL */
  balance: tokenAmount,
  /** The f4 address by which the actor was made; always null before actors v10. */
  delegatedAddress: optional(address),
}

/** An actor as the state holds it from tree version 5 on; its JSON is that of Lotus's StateGetActor. */
export const actor = tuple('Actor', actorFields)
export type Actor = Readonly<Shape<typeof actorFields>>

const { delegatedAddress: _, ...oldFields } = actorFields
const oldTuple = tuple('Actor', oldFields)
/** Four fields up to tree version 4. */
const oldActor: Codec<Actor> = {
  ...oldTuple,
  read: (r) => ({ ...oldTuple.read(r), delegatedAddress: null }),
  toJson: actor.toJson,
  fromJson: actor.fromJson,
}

/** Newest tree version: since actors v10. 4 is v5 to v9, 3 v4, 2 v3, 1 v2; version 0 (v0) has no root block of its own. */
export const STATE_TREE_VERSION = 5

interface Root {
  readonly version: number
  readonly actors: CID
  readonly info: CID | undefined
}

function readRoot(store: BlockReader, root: CID): Root {
  const data = mustGet(store, root)
  try {
    const r = new CborReader(data)
    // The oldest trees are a bare HAMT, whose node has two fields.
    if (r.array() === 2) return { version: 0, actors: root, info: undefined }
    const again = new CborReader(data)
    again.tuple(3, 'state root')
    const version = again.safeInt()
    const actors = cid.read(again)
    const info = cid.read(again)
    again.end()
    return { version, actors, info }
  } catch (e) {
    return malformed(`block ${root} is no state root`, e)
  }
}

/** All actors of a state: a HAMT by id address (Lotus chain/state/statetree.go). */
export class StateTree {
  readonly version: number
  readonly #store: BlockReader
  readonly #actors: Hamt<Actor, ActorId>
  readonly #info: CID | undefined
  readonly #actorsRoot: CID
  #addresses: Hamt<bigint, Address> | undefined
  readonly #ids = new Map<string, ActorId>()

  private constructor(store: BlockReader, root: Root) {
    this.version = root.version
    this.#store = store
    this.#info = root.info
    this.#actorsRoot = root.actors
    this.#actors = new Hamt(store, root.actors, {
      value: root.version >= STATE_TREE_VERSION ? actor : oldActor,
      key: idAddressKey,
      legacy: root.version <= 1,
    })
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED */
  static load(store: BlockReader, root: CID): StateTree {
    const r = readRoot(store, root)
    if (r.version < 0 || r.version > STATE_TREE_VERSION)
      malformed(`state ${root} is a tree of version ${r.version}, which is unknown`)
    return new StateTree(store, r)
  }

  /** An empty tree of the newest version; `writer` gets the block of its (empty) info. */
  static create(store: BlockReader & BlockWriter): StateTree {
    const info = Uint8Array.of(0x80)
    const infoCid = cidOf(info)
    store.put(infoCid, info)
    const empty = new Hamt(store, undefined, { value: actor }).flush(store)
    return new StateTree(store, { version: STATE_TREE_VERSION, actors: empty, info: infoCid })
  }

  /** The actor at an address of any kind, undefined when there is none. */
  getActor(at: Address | ActorId): Actor | undefined {
    const id = this.#idOf(at)
    return id === undefined ? undefined : this.#actors.get(id)
  }

  /** @throws ActorError ACTOR_NOT_FOUND */
  mustGetActor(at: Address | ActorId): Actor {
    const found = this.getActor(at)
    if (found === undefined) throw actorNotFound(at)
    return found
  }

  #idOf(at: Address | ActorId): ActorId | undefined {
    return typeof at === 'bigint' ? at : this.lookupId(at)
  }

  /**
   * The id behind an address, undefined when the init actor knows none. An id address is its own id whether or not an actor
   * has it.
   */
  lookupId(at: Address): ActorId | undefined {
    if (at.protocol === Protocol.id) return at.id
    const known = this.#ids.get(at.key)
    if (known !== undefined) return known
    this.#addresses ??= this.#addressMap()
    const id = this.#addresses.get(at)
    if (id !== undefined) this.#ids.set(at.key, id)
    return id
  }

  #addressMap(): Hamt<bigint, Address> {
    const init = this.#actors.get(INIT_ACTOR.id as bigint)
    if (init === undefined) return malformed('the state has no init actor')
    // The address map is the first field in every version of the init actor.
    const r = new CborReader(mustGet(this.#store, init.head))
    let root: CID
    try {
      if (r.array() === 0) r.fail('no fields')
      root = cid.read(r)
    } catch (e) {
      return malformed("the init actor's state is malformed", e)
    }
    return new Hamt(this.#store, root, { value: actorId, key: addressKey, legacy: this.version <= 1 })
  }

  /** All actors, in the order of the HAMT. Do not change the tree meanwhile. */
  *actors(): Generator<[ActorId, Actor]> {
    yield* this.#actors.entries()
  }

  forEach(visit: (actor: Actor, id: ActorId) => void): void {
    for (const [id, a] of this.actors()) visit(a, id)
  }

  /** The root of the actors' HAMT as it was loaded. */
  get actorsRoot(): CID {
    return this.#actorsRoot
  }

  /** @throws ActorError ACTOR_NOT_FOUND for an address without an id; STATE_VALUE for what this tree's version cannot hold */
  setActor(at: Address | ActorId, value: Actor): void {
    const id = this.#idOf(at)
    if (id === undefined) throw actorNotFound(at)
    if (value.delegatedAddress !== null && this.version < STATE_TREE_VERSION)
      throw new ActorError('STATE_VALUE', `a state tree of version ${this.version} cannot hold delegated addresses`)
    this.#actors.set(id, value)
    if (id === INIT_ACTOR.id) this.#forget()
  }

  /** False when there was none. */
  deleteActor(at: Address | ActorId): boolean {
    const id = this.#idOf(at)
    return id !== undefined && this.#actors.delete(id)
  }

  #forget(): void {
    this.#addresses = undefined
    this.#ids.clear()
  }

  /** Writes what changed and gives the state root. */
  flush(writer: BlockWriter): CID {
    const actors = this.#actors.flush(writer)
    if (this.#info === undefined) return actors
    const data = encode(stateRoot, { version: BigInt(this.version), actors, info: this.#info })
    const root = cidOf(data)
    writer.put(root, data)
    return root
  }
}

/**
 * Actors of which anything differs between two states (StateChangedActors): id, before and after, undefined on the side where
 * there is none. Only for trees of version 2 and on.
 */
export function* changedActors(
  store: BlockReader,
  before: StateTree,
  after: StateTree,
): Generator<[ActorId, Actor | undefined, Actor | undefined]> {
  if (before.version < 2 || after.version < 2)
    throw new ActorError('STATE_VALUE', 'states of actors before v3 cannot be compared')
  const read = (tree: StateTree, raw: Uint8Array | undefined) =>
    raw === undefined ? undefined : decode(tree.version >= STATE_TREE_VERSION ? actor : oldActor, raw)
  for (const c of diffHamt(store, before.actorsRoot, after.actorsRoot))
    yield [idAddressKey.fromBytes(c.key), read(before, c.before), read(after, c.after)]
}

const stateRoot = tuple('StateRoot', { version: uint64, actors: cid, info: cid })

function actorNotFound(at: Address | ActorId): ActorError {
  const name = typeof at === 'bigint' ? `f0${at}` : at.toString()
  return new ActorError('ACTOR_NOT_FOUND', `actor ${name} is not in the state`, { fields: { address: name } })
}
