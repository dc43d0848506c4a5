// Rebuilding foreign HAMTs and AMTs from their entries: the root must come out the same.

import { createHash } from 'node:crypto'
import { Amt } from '../../src/actors/amt.ts'
import { Hamt } from '../../src/actors/hamt.ts'
import { deferred } from '../../src/codec/combinators.ts'
import type { BlockReader } from '../../src/store/blockstore.ts'
import { MemoryBlockstore, OverlayBlockstore } from '../../src/store/blockstore.ts'
import type { CID } from '../../src/types/cid.ts'

/** A fixed shuffle, so that a failure repeats. */
export function shuffled<T>(items: readonly T[], seed = 'shuffle'): T[] {
  return items
    .map((item, i) => ({ item, at: createHash('sha256').update(`${seed}/${i}`).digest('hex') }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ item }) => item)
}

/** The root of a new HAMT with the same entries, put in another order, with some more that are taken out again. */
export function rebuildHamt(store: BlockReader, root: CID, options: { bitWidth?: number; legacy?: boolean } = {}): string {
  const old = new Hamt(store, root, { value: deferred, ...options })
  const made = new Hamt(new MemoryBlockstore(), undefined, { value: deferred, ...options })
  const entries = shuffled([...old.entries()])
  const extra = entries.map(([k]) => Uint8Array.of(...k, 1, 2, 3))
  for (const [i, [k, v]] of entries.entries()) {
    made.set(extra[i] as Uint8Array, Uint8Array.of(0xf6))
    made.set(k, Uint8Array.of(0xf6))
    made.set(k, v)
  }
  for (const k of shuffled(extra, 'out')) if (!made.delete(k)) throw new Error('an entry that was put is not there')
  return made.flush(new MemoryBlockstore()).toString()
}

/** As `rebuildHamt` for an array, after an entry far out was put and taken again. */
export function rebuildAmt(store: BlockReader, root: CID, options: { bitWidth?: number; legacy?: boolean } = {}): string {
  const old = new Amt(store, root, { value: deferred, ...options })
  const made = new Amt(new OverlayBlockstore(store), undefined, { value: deferred, ...options })
  made.set(1_000_000, Uint8Array.of(0xf6))
  for (const [i, v] of shuffled([...old.entries()])) made.set(i, v)
  made.delete(1_000_000)
  return made.flush(new MemoryBlockstore()).toString()
}
