import type { BlockReader } from '../../store/blockstore.ts'
import { type BitField, bitfield } from '../../types/bitfield.ts'
import type { CID } from '../../types/cid.ts'
import type { ChainEpoch, TokenAmount } from '../../types/scalars.ts'
import { Amt } from '../amt.ts'
import { ActorError } from '../errors.ts'
import { type DeadlineState, partitionState, type WindowedPoSt, windowedPoSt } from './deadline-state.ts'
import { PartitionView } from './partition.ts'

const PARTITIONS_WIDTH = 3
const EXPIRATIONS_WIDTH = 5
const POST_SUBMISSIONS_WIDTH = 2

/** One of the 48 windows of a proving period. */
export class DeadlineView {
  readonly index: number
  readonly state: DeadlineState
  readonly #store: BlockReader

  constructor(store: BlockReader, index: number, state: DeadlineState) {
    this.#store = store
    this.index = index
    this.state = state
  }

  #partitions(root: CID) {
    return new Amt(this.#store, root, { bitWidth: PARTITIONS_WIDTH, value: partitionState })
  }

  get partitionCount(): number {
    return Number(this.#partitions(this.state.partitions).count)
  }

  /** @throws ActorError ACTOR_ENTRY_NOT_FOUND */
  partition(index: number): PartitionView {
    const state = this.#partitions(this.state.partitions).get(index)
    if (state === undefined)
      throw new ActorError('ACTOR_ENTRY_NOT_FOUND', `deadline ${this.index} has no partition ${index}`, {
        fields: { deadline: this.index, partition: index },
      })
    return new PartitionView(this.#store, state)
  }

  *partitions(): Generator<[index: number, partition: PartitionView]> {
    for (const [i, state] of this.#partitions(this.state.partitions).entries())
      yield [Number(i), new PartitionView(this.#store, state)]
  }

  /** Partitions as they were at the end of the last challenge window, by which proofs are disputed. */
  *partitionsSnapshot(): Generator<[index: number, partition: PartitionView]> {
    for (const [i, state] of this.#partitions(this.state.partitionsSnapshot).entries())
      yield [Number(i), new PartitionView(this.#store, state)]
  }

  /** Partitions proven in the current challenge window. */
  get partitionsPosted(): BitField {
    return this.state.partitionsPoSted
  }

  /** Proofs of the last challenge window that may be disputed. */
  *disputableProofs(): Generator<[index: number, proof: WindowedPoSt]> {
    const proofs = this.#proofs()
    for (const [i, p] of proofs.entries()) yield [Number(i), p]
  }

  get disputableProofCount(): number {
    return Number(this.#proofs().count)
  }

  #proofs() {
    return new Amt(this.#store, this.state.optimisticPoStSubmissionsSnapshot, {
      bitWidth: POST_SUBMISSIONS_WIDTH,
      value: windowedPoSt,
    })
  }

  /** Partitions that may have sectors that end in or before an epoch. */
  *expirations(): Generator<[ChainEpoch, BitField]> {
    const queue = new Amt(this.#store, this.state.expirationsEpochs, { bitWidth: EXPIRATIONS_WIDTH, value: bitfield })
    for (const [e, partitions] of queue.entries()) yield [Number(e), partitions]
  }

  /** attoFIL per day (FIP-0100); 0 before actors v16. */
  get dailyFee(): TokenAmount {
    return this.state.dailyFee ?? 0n
  }
}
