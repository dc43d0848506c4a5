/** The datacap actor (f07), from actors v9 on: DataCap as a token (FIP-0045, FRC-0046). */
import type { Json, JsonContext } from '../../codec/json.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import type { Address } from '../../types/address.ts'
import { type CID, cid } from '../../types/cid.ts'
import { type ActorId, FIL, type StoragePower, type TokenAmount, tokenAmount } from '../../types/scalars.ts'
import { Hamt } from '../hamt.ts'
import { uintKey } from '../keys.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'
import { type DatacapState, datacapState } from './state.ts'

/** Tokens per byte of DataCap. */
export const DATACAP_GRANULARITY = FIL

export class DatacapView {
  readonly state: DatacapState
  readonly #store: BlockReader

  constructor(store: BlockReader, state: DatacapState) {
    this.#store = store
    this.state = state
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED, ACTOR_KIND */
  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): DatacapView {
    return new DatacapView(store, loadActorState(store, registry, actor, 'datacap', () => datacapState).state)
  }

  toJson(ctx: JsonContext): Json {
    return datacapState.toJson(this.state, ctx)
  }

  /** Who may mint and destroy: the verified registry. */
  get governor(): Address {
    return this.state.governor
  }

  /** Tokens. */
  get supply(): TokenAmount {
    return this.state.token.supply
  }

  #amounts(root: CID): Hamt<TokenAmount, bigint> {
    return new Hamt(this.#store, root, { bitWidth: this.#bits(), value: tokenAmount, key: uintKey })
  }

  #bits(): number {
    return Number(this.state.token.hamtBitWidth)
  }

  /** Tokens of an actor; 0 where it has none. */
  balance(owner: ActorId): TokenAmount {
    return this.#amounts(this.state.token.balances).get(owner) ?? 0n
  }

  balances(): Generator<[ActorId, TokenAmount]> {
    return this.#amounts(this.state.token.balances).entries()
  }

  /** Bytes of DataCap of a client, undefined where it has no entry (Lotus StateVerifiedClientStatus). */
  dataCap(client: ActorId): StoragePower | undefined {
    const tokens = this.#amounts(this.state.token.balances).get(client)
    return tokens === undefined ? undefined : tokens / DATACAP_GRANULARITY
  }

  /** Tokens that `operator` may move for `owner`. */
  allowance(owner: ActorId, operator: ActorId): TokenAmount {
    const outer = new Hamt(this.#store, this.state.token.allowances, { bitWidth: this.#bits(), value: cid, key: uintKey })
    const inner = outer.get(owner)
    return inner === undefined ? 0n : (this.#amounts(inner).get(operator) ?? 0n)
  }

  *allowances(owner: ActorId): Generator<[ActorId, TokenAmount]> {
    const outer = new Hamt(this.#store, this.state.token.allowances, { bitWidth: this.#bits(), value: cid, key: uintKey })
    const inner = outer.get(owner)
    if (inner !== undefined) yield* this.#amounts(inner).entries()
  }
}
