import type { MpoolUpdate } from '../api/types/mpool.ts'
import { Readers } from '../lib/reader-queue.ts'
import { MpoolError } from './errors.ts'

/** Changes that wait for one reader before it is dropped: an epoch's messages of a full chain, and more. */
const BUFFER = 20_000

/**
 * Tells of the pool's changes to whoever reads them; one that does not keep up is told MpoolError MPOOL_SLOW_READER, so that it cannot
 * believe a pool that never was.
 */
export class MpoolUpdates extends Readers<MpoolUpdate> {
  constructor() {
    const text = `a reader of the message pool fell ${BUFFER} changes behind and was dropped: subscribe again and read the pending messages`
    super({ buffer: BUFFER, slow: () => new MpoolError('MPOOL_SLOW_READER', text) })
  }
}
