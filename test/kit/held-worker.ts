// A worker thread for tests: `hold` keeps it busy until the cell that it is given is no longer 0.

import { threadId } from 'node:worker_threads'
import { NodeError } from '../../src/lib/errors.ts'
import { serveWorker } from '../../src/lib/worker-pool.ts'

serveWorker({
  hold({ cell }: { cell: Int32Array }) {
    Atomics.store(cell, 1, 1)
    Atomics.notify(cell, 1)
    Atomics.wait(cell, 0, 0)
    return threadId
  },
  thread: () => threadId,
  fail() {
    throw new NodeError('TEST_FAILED', 'as asked', { rpcCode: 7 })
  },
  end: () => process.exit(3),
  close: () => {},
})
