/** Payment channels, whatever their version. */
import type { Codec } from '../../codec/codec.ts'
import type { Json, JsonContext } from '../../codec/json.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import type { Address } from '../../types/address.ts'
import type { ChainEpoch, TokenAmount } from '../../types/scalars.ts'
import { Amt } from '../amt.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'
import { type LaneState, laneState, type PaychState, paychState } from './state.ts'

/** builtin-actors paych LANE_STATES_AMT_BITWIDTH. */
const LANES_BITS = 3

export class PaychView {
  readonly state: PaychState
  readonly #store: BlockReader

  constructor(store: BlockReader, state: PaychState) {
    this.#store = store
    this.state = state
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED, ACTOR_KIND */
  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): PaychView {
    return new PaychView(store, loadActorState(store, registry, actor, 'paymentchannel', () => paychState).state)
  }

  toJson(ctx: JsonContext): Json {
    return paychState.toJson(this.state, ctx)
  }

  /** Who pays. */
  get from(): Address {
    return this.state.from
  }

  get to(): Address {
    return this.state.to
  }

  get toSend(): TokenAmount {
    return this.state.toSend
  }

  get settlingAt(): ChainEpoch {
    return this.state.settlingAt
  }

  get minSettleHeight(): ChainEpoch {
    return this.state.minSettleHeight
  }

  #lanes(): Amt<LaneState> {
    return new Amt(this.#store, this.state.laneStates, { bitWidth: LANES_BITS, value: laneState as Codec<LaneState> })
  }

  get laneCount(): bigint {
    return this.#lanes().count
  }

  lane(lane: bigint): LaneState | undefined {
    return this.#lanes().get(lane)
  }

  lanes(): Generator<[bigint, LaneState]> {
    return this.#lanes().entries()
  }
}
