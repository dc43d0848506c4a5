import { Readers } from '../lib/reader-queue.ts'
import { StoreError } from '../store/errors.ts'
import type { BlockHeader } from '../types/block.ts'

/** Headers that wait for one reader before it is dropped. */
const BUFFER = 64

/** Headers of new blocks, to whoever reads them; one that does not keep up is told StoreError STORE_SLOW_READER. */
export class IncomingBlocks extends Readers<BlockHeader> {
  constructor() {
    const text = `a reader of incoming blocks fell ${BUFFER} blocks behind and was dropped`
    super({ buffer: BUFFER, slow: () => new StoreError('STORE_SLOW_READER', text) })
  }
}
