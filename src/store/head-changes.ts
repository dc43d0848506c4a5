import { ReaderQueue } from '../lib/reader-queue.ts'
import type { HeadChange } from './chain-reader.ts'
import { StoreError } from './errors.ts'

/** Batches that wait for one subscriber before it is dropped (Lotus chain/store/store.go SubHeadChanges). */
const BUFFER = 16

/** One subscriber's queue of batches; one that does not keep up is told StoreError STORE_SLOW_READER. */
export class HeadChangeQueue extends ReaderQueue<readonly HeadChange[]> {
  constructor(onEnd: (queue: ReaderQueue<readonly HeadChange[]>) => void, signal: AbortSignal | undefined) {
    const text = `a subscriber of head changes fell ${BUFFER} changes behind and was dropped`
    super({ buffer: BUFFER, slow: () => new StoreError('STORE_SLOW_READER', text), signal, onEnd })
  }
}
