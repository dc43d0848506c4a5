/** The verified registry (f06), whatever its version. */
import type { Codec } from '../../codec/codec.ts'
import type { Json, JsonContext } from '../../codec/json.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import type { Address } from '../../types/address.ts'
import { type CID, cid } from '../../types/cid.ts'
import { type ActorId, type StoragePower, storagePower } from '../../types/scalars.ts'
import { Hamt } from '../hamt.ts'
import { addressKey, uintKey } from '../keys.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'
import { type Allocation, allocation, type Claim, claim } from './claim.ts'
import { type VerifregStateV8, type VerifregStateV9, verifregState } from './state.ts'

type AnyState = VerifregStateV8 | VerifregStateV9

export class VerifregView {
  readonly actorsVersion: number
  readonly state: AnyState
  readonly #store: BlockReader

  constructor(store: BlockReader, actorsVersion: number, state: AnyState) {
    this.#store = store
    this.actorsVersion = actorsVersion
    this.state = state
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED, ACTOR_KIND */
  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): VerifregView {
    const { state, version } = loadActorState(
      store,
      registry,
      actor,
      'verifiedregistry',
      (v) => verifregState(v) as Codec<AnyState>,
    )
    return new VerifregView(store, version, state)
  }

  toJson(ctx: JsonContext): Json {
    return (verifregState(this.actorsVersion) as Codec<AnyState>).toJson(this.state, ctx)
  }

  get rootKey(): Address {
    return this.state.rootKey
  }

  #dataCaps(root: CID): Hamt<StoragePower, Address> {
    return new Hamt(this.#store, root, { value: storagePower, key: addressKey })
  }

  /** Bytes of DataCap that a verifier (by f0 address) may still give; undefined when it is none. */
  verifier(idAddress: Address): StoragePower | undefined {
    return this.#dataCaps(this.state.verifiers).get(idAddress)
  }

  verifiers(): Generator<[Address, StoragePower]> {
    return this.#dataCaps(this.state.verifiers).entries()
  }

  /** DataCap of a client in actors v8, in bytes. From v9 on ask the datacap actor. */
  verifiedClient(idAddress: Address): StoragePower | undefined {
    return 'verifiedClients' in this.state ? this.#dataCaps(this.state.verifiedClients).get(idAddress) : undefined
  }

  *verifiedClients(): Generator<[Address, StoragePower]> {
    if ('verifiedClients' in this.state) yield* this.#dataCaps(this.state.verifiedClients).entries()
  }

  /** v9 on, 0 before. */
  get nextAllocationId(): bigint {
    return 'nextAllocationId' in this.state ? this.state.nextAllocationId : 0n
  }

  #inner<T>(root: CID, owner: ActorId, value: Codec<T>): Hamt<T, bigint> | undefined {
    const inner = new Hamt(this.#store, root, { value: cid, key: uintKey }).get(owner)
    return inner === undefined ? undefined : new Hamt(this.#store, inner, { value, key: uintKey })
  }

  *#all<T>(root: CID, value: Codec<T>): Generator<[bigint, T]> {
    for (const [, inner] of new Hamt(this.#store, root, { value: cid, key: uintKey }).entries())
      yield* new Hamt(this.#store, inner, { value, key: uintKey }).entries()
  }

  allocation(client: ActorId, id: bigint): Allocation | undefined {
    return 'allocations' in this.state ? this.#inner(this.state.allocations, client, allocation)?.get(id) : undefined
  }

  /** The allocations of one client. */
  *allocations(client: ActorId): Generator<[bigint, Allocation]> {
    if ('allocations' in this.state) yield* this.#inner(this.state.allocations, client, allocation)?.entries() ?? []
  }

  *allAllocations(): Generator<[bigint, Allocation]> {
    if ('allocations' in this.state) yield* this.#all(this.state.allocations, allocation)
  }

  claim(provider: ActorId, id: bigint): Claim | undefined {
    return 'claims' in this.state ? this.#inner(this.state.claims, provider, claim)?.get(id) : undefined
  }

  /** The claims of one provider. */
  *claims(provider: ActorId): Generator<[bigint, Claim]> {
    if ('claims' in this.state) yield* this.#inner(this.state.claims, provider, claim)?.entries() ?? []
  }

  *allClaims(): Generator<[bigint, Claim]> {
    if ('claims' in this.state) yield* this.#all(this.state.claims, claim)
  }
}
