import { list, type Shape, tuple } from '../../codec/combinators.ts'
import { uint64 } from '../../codec/primitives.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import { address } from '../../types/address.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'

export const cronEntry = tuple('CronEntry', { receiver: address, methodNum: uint64 })
export type CronEntry = Shape<typeof cronEntry.fields>

/** The same in all versions. */
export const cronState = tuple('CronState', { entries: list(cronEntry, { emptyJson: 'null' }) })
export type CronState = Shape<typeof cronState.fields>

/** f03: what runs at the end of every epoch. */
export class CronView {
  readonly state: CronState

  constructor(state: CronState) {
    this.state = state
  }

  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): CronView {
    return new CronView(loadActorState(store, registry, actor, 'cron', () => cronState).state)
  }

  get entries(): readonly CronEntry[] {
    return this.state.entries
  }
}
