/** Payment channels, whatever their version. */
import type { Codec } from '../../codec/codec.ts'
import type { Json, JsonContext } from '../../codec/json.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import type { Address } from '../../types/address.ts'
import type { CID } from '../../types/cid.ts'
import type { ChainEpoch, TokenAmount } from '../../types/scalars.ts'
import { Amt } from '../amt.ts'
import { loadState } from '../load-state.ts'
import { type LaneState, laneState, type PaychState, paychState } from './state.ts'

/** builtin-actors paych LANE_STATES_AMT_BITWIDTH. */
const LANES_BITS = 3

export class PaychView {
  readonly state: PaychState
  readonly #store: BlockReader

  private constructor(store: BlockReader, state: PaychState) {
    this.#store = store
    this.state = state
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED */
  static load(store: BlockReader, head: CID): PaychView {
    return new PaychView(store, loadState(store, paychState, head))
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
