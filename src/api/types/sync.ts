import type { Codec } from '../../codec/codec.ts'
import { as, list, optional, record, type Shape } from '../../codec/combinators.ts'
import { safeUint, text, uint64 } from '../../codec/primitives.ts'
import { epoch } from '../../types/scalars.ts'
import { tipset } from './chain.ts'
import { jsonOnly, time } from './shape.ts'

/** Go's zero time, which stands for none. */
const ZERO_TIME = '0001-01-01T00:00:00Z'

const timeOrNone: Codec<Date | undefined> = {
  ...jsonOnly('time'),
  toJson: (v, ctx) => (v === undefined ? ZERO_TIME : time.toJson(v, ctx)),
  fromJson: (json, path) => (json === ZERO_TIME ? undefined : time.fromJson(json, path)),
  schema: time.schema,
}

/**
 * One sync. `base` and `target` are null while their headers are not in the store. `stage` is Lotus's number
 * (api.SyncStateStage): 0 idle, 1 headers, 2 persisting headers, 3 messages, 4 complete, 5 error, 6 fetching messages.
 */
const activeSync = record('ActiveSync', {
  workerId: as('WorkerID', uint64),
  base: optional(tipset),
  target: optional(tipset),
  stage: safeUint,
  height: epoch,
  start: timeOrNone,
  /** None while it runs. */
  end: timeOrNone,
  message: text,
})
export type ActiveSync = Shape<typeof activeSync.fields>

/** `vmApplied`: messages that were applied to the chain's state since the program started. */
export const syncState = record('SyncState', {
  activeSyncs: list(activeSync, { emptyJson: 'null' }),
  vmApplied: as('VMApplied', uint64),
})
