// Walking HAMTs and AMTs of which only some nodes are at hand, as in vectors that carry just what a message touched.

import { type AmtNode, decodeNode as decodeAmtNode, decodeRoot } from '../../src/actors/amt-node.ts'
import { decodeNode, isBucket } from '../../src/actors/hamt-node.ts'
import type { BlockReader } from '../../src/store/blockstore.ts'
import type { CID } from '../../src/types/cid.ts'

/** The entries of the nodes that the store has. */
export function* presentEntries(
  store: BlockReader,
  root: CID,
  bitWidth = 5,
  isRoot = true,
): Generator<{ key: Uint8Array; value: Uint8Array }> {
  const data = store.get(root)
  if (data === undefined) return
  for (const slot of decodeNode(data, bitWidth, false, isRoot).slots) {
    if (isBucket(slot)) yield* slot.bucket
    else yield* presentEntries(store, slot.cid as CID, bitWidth, false)
  }
}

/** The values of the nodes that the store has. */
export function* presentValues(store: BlockReader, root: CID, bitWidth: number): Generator<Uint8Array> {
  const data = store.get(root)
  if (data === undefined) return
  const { height, node } = decodeRoot(data, bitWidth, false)
  yield* walk(store, node, bitWidth, height)
}

function* walk(store: BlockReader, node: AmtNode, bitWidth: number, height: number): Generator<Uint8Array> {
  yield* node.values
  for (const link of node.links) {
    const data = store.get(link.cid as CID)
    if (data !== undefined) yield* walk(store, decodeAmtNode(data, bitWidth, height - 1), bitWidth, height - 1)
  }
}
