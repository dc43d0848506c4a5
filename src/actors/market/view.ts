/** The storage market actor (f05), whatever its version. */
import type { Codec } from '../../codec/codec.ts'
import { deferred, list } from '../../codec/combinators.ts'
import type { Json, JsonContext } from '../../codec/json.ts'
import { uint64 } from '../../codec/primitives.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import type { Address } from '../../types/address.ts'
import { type CID, cid } from '../../types/cid.ts'
import { type ActorId, type ChainEpoch, type SectorNumber, type TokenAmount, tokenAmount } from '../../types/scalars.ts'
import { Amt } from '../amt.ts'
import { Hamt } from '../hamt.ts'
import { addressKey, cidKeyCodec, uintKey } from '../keys.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'
import {
  type DealProposal,
  type DealState,
  dealProposal,
  dealStateV8,
  dealStateV9,
  dealStateV13,
  emptyDealState,
} from './deal.ts'
import { type MarketStateV9, type MarketStateV13, marketState } from './state.ts'

/** builtin-actors market/src/types.rs and balance_table.rs. */
const PROPOSALS_BITS = 5
const STATES_BITS = 6
const BALANCES_BITS = 6

type AnyState = ReturnType<ReturnType<typeof marketState>['read']>

export interface MarketBalance {
  /** attoFIL, locked ones among them. */
  readonly escrow: TokenAmount
  readonly locked: TokenAmount
}

export class MarketView {
  readonly actorsVersion: number
  readonly state: AnyState
  readonly #store: BlockReader

  constructor(store: BlockReader, actorsVersion: number, state: AnyState) {
    this.#store = store
    this.actorsVersion = actorsVersion
    this.state = state
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED, ACTOR_KIND */
  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): MarketView {
    const { state, version } = loadActorState(store, registry, actor, 'storagemarket', (v) => marketState(v) as Codec<AnyState>)
    return new MarketView(store, version, state)
  }

  /** As Lotus's StateReadState prints it. */
  toJson(ctx: JsonContext): Json {
    return (marketState(this.actorsVersion) as Codec<AnyState>).toJson(this.state, ctx)
  }

  /** The id that the next published deal gets. */
  get nextId(): bigint {
    return this.state.nextID
  }

  get lastCron(): ChainEpoch {
    return this.state.lastCron
  }

  /** attoFIL that are locked in all: both collaterals and fees (Lotus market.State.TotalLocked). */
  get totalLocked(): TokenAmount {
    const s = this.state
    return s.totalClientLockedCollateral + s.totalProviderLockedCollateral + s.totalClientStorageFee
  }

  #proposals(): Amt<DealProposal> {
    return new Amt(this.#store, this.state.proposals, { bitWidth: PROPOSALS_BITS, value: dealProposal })
  }

  #states(): Amt<DealState> {
    const value: Codec<DealState> =
      this.actorsVersion >= 13
        ? (dealStateV13 as Codec<DealState>)
        : withoutSector(this.actorsVersion >= 9 ? dealStateV9 : dealStateV8)
    return new Amt(this.#store, this.state.states, { bitWidth: STATES_BITS, value })
  }

  proposal(dealId: bigint): DealProposal | undefined {
    return this.#proposals().get(dealId)
  }

  /** All deals that are published and not yet over, by ascending id. */
  proposals(): Generator<[bigint, DealProposal]> {
    return this.#proposals().entries()
  }

  /** undefined while the deal is not activated. */
  dealState(dealId: bigint): DealState | undefined {
    return this.#states().get(dealId)
  }

  dealStates(): Generator<[bigint, DealState]> {
    return this.#states().entries()
  }

  /** Every proposal with its state, which is the empty one while it is not activated (Lotus StateMarketDeals). */
  *deals(): Generator<[bigint, { readonly proposal: DealProposal; readonly state: DealState }]> {
    // Both arrays are walked side by side: looking each state up would keep the whole array of states in memory.
    const states = this.dealStates()
    let next = states.next()
    for (const [id, proposal] of this.proposals()) {
      while (!next.done && next.value[0] < id) next = states.next()
      const state = !next.done && next.value[0] === id ? next.value[1] : emptyDealState
      yield [id, { proposal, state }]
    }
  }

  /** The claim of a verified deal as actors v9 to v12 store it with the deal's state. */
  verifiedClaim(dealId: bigint): bigint | undefined {
    if (this.actorsVersion < 9 || this.actorsVersion >= 13) return undefined
    const states = new Amt(this.#store, this.state.states, { bitWidth: STATES_BITS, value: dealStateV9 })
    return states.get(dealId)?.verifiedClaim
  }

  #balances(root: CID): Hamt<TokenAmount, Address> {
    return new Hamt(this.#store, root, { bitWidth: BALANCES_BITS, value: tokenAmount, key: addressKey })
  }

  /** attoFIL that an actor (by its f0 address) has in the market, locked ones among them; 0 where it has none. */
  escrow(idAddress: Address): TokenAmount {
    return this.#balances(this.state.escrowTable).get(idAddress) ?? 0n
  }

  /** attoFIL of it that are locked in deals. */
  locked(idAddress: Address): TokenAmount {
    return this.#balances(this.state.lockedTable).get(idAddress) ?? 0n
  }

  balance(idAddress: Address): MarketBalance {
    return { escrow: this.escrow(idAddress), locked: this.locked(idAddress) }
  }

  /** Everybody who has something in escrow (Lotus StateMarketParticipants). */
  *balances(): Generator<[Address, MarketBalance]> {
    const locked = this.#balances(this.state.lockedTable)
    for (const [who, escrow] of this.#balances(this.state.escrowTable).entries())
      yield [who, { escrow, locked: locked.get(who) ?? 0n }]
  }

  /** Whether a proposal with this CID is published and not activated. */
  hasPendingProposal(proposal: CID): boolean {
    return new Hamt(this.#store, this.state.pendingProposals, { value: deferred, key: cidKeyCodec }).has(proposal)
  }

  *pendingProposals(): Generator<CID> {
    yield* new Hamt(this.#store, this.state.pendingProposals, { value: deferred, key: cidKeyCodec }).keys()
  }

  /** The allocation of a verified deal that is not activated; v9 on. */
  pendingAllocation(dealId: bigint): bigint | undefined {
    if (this.actorsVersion < 9) return undefined
    const root = (this.state as MarketStateV9).pendingDealAllocationIds
    return new Hamt(this.#store, root, { value: uint64, key: uintKey }).get(dealId)
  }

  *pendingAllocations(): Generator<[bigint, bigint]> {
    if (this.actorsVersion < 9) return
    const root = (this.state as MarketStateV9).pendingDealAllocationIds
    yield* new Hamt(this.#store, root, { value: uint64, key: uintKey }).entries()
  }

  #sectorsOf(provider: ActorId): Hamt<bigint[], bigint> | undefined {
    if (this.actorsVersion < 13) return undefined
    const outer = new Hamt(this.#store, (this.state as MarketStateV13).providerSectors, { value: cid, key: uintKey })
    const inner = outer.get(provider)
    return inner === undefined ? undefined : new Hamt(this.#store, inner, { value: list(uint64), key: uintKey })
  }

  /** Ids of the deals in a sector; none before v13, when the market did not know. */
  sectorDeals(provider: ActorId, sector: SectorNumber): readonly bigint[] {
    return this.#sectorsOf(provider)?.get(sector) ?? []
  }

  /** The sectors of a provider that hold deals. */
  *providerSectors(provider: ActorId): Generator<[SectorNumber, readonly bigint[]]> {
    yield* this.#sectorsOf(provider)?.entries() ?? []
  }
}

function withoutSector<T extends Omit<DealState, 'sectorNumber'>>(codec: Codec<T>): Codec<DealState> {
  // Read only: the views never write, and the sector would be lost.
  const toDealState = (s: T): DealState => ({
    sectorNumber: 0n,
    sectorStartEpoch: s.sectorStartEpoch,
    lastUpdatedEpoch: s.lastUpdatedEpoch,
    slashEpoch: s.slashEpoch,
  })
  return {
    name: codec.name,
    read: (r) => toDealState(codec.read(r)),
    write: (w, v) => codec.write(w, v as unknown as T),
    toJson: (v, ctx) => codec.toJson(v as unknown as T, ctx),
    fromJson: (json, path) => toDealState(codec.fromJson(json, path)),
    schema: codec.schema,
  }
}
