import { setImmediate as pause } from 'node:timers/promises'
import { DagWalker } from '../../native/ipld.ts'
import { type CID, cidFromBytes } from '../../types/cid.ts'
import type { Blockstore } from '../blockstore.ts'
import { SnapshotError } from './errors.ts'

/** Blocks that are looked at before other work gets its turn. */
const TURN = 2048

/**
 * Walks everything below a root and reports how many blocks that is.
 * @throws SnapshotError SNAPSHOT_INCOMPLETE naming the first block that is missing
 */
export async function checkState(
  store: Blockstore,
  root: CID,
  signal: AbortSignal | undefined,
  onProgress: (blocks: number) => void = () => {},
): Promise<number> {
  const walk = new DagWalker()
  walk.push([root.bytes])
  let done = 0
  for (let cids = walk.next(TURN); cids.length > 0; cids = walk.next(TURN)) {
    signal?.throwIfAborted()
    walk.feed(
      cids.map((cid) => {
        const data = store.getBytes(cid)
        if (data === undefined) throw missing(cidFromBytes(cid.slice()), root)
        return { cid, data }
      }),
    )
    done += cids.length
    onProgress(done)
    await pause()
  }
  return done
}

function missing(cid: CID, root: CID): SnapshotError {
  return new SnapshotError('SNAPSHOT_INCOMPLETE', `the snapshot lacks block ${cid} of the state ${root}`, {
    fields: { cid: cid.toString() },
    hint: 'The file is damaged; fetch it again.',
  })
}
