import { type BlockReader, mustGet } from '../store/blockstore.ts'
import type { CID } from '../types/cid.ts'
import { compareBytes, decodeNode, type Entry, type HamtNode, isBucket, type Slot } from './hamt-node.ts'

/** A key whose value differs; undefined on the side where it is not. Values are CBOR. */
export interface HamtChange {
  readonly key: Uint8Array
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array | undefined
}

/**
 * What differs between two HAMTs of the same form. Subtrees with the same CID are passed over, so that the cost follows the
 * number of changes. Order is that of the map.
 * @throws MissingBlockError, ActorError STATE_MALFORMED
 */
export function* diffHamt(store: BlockReader, before: CID, after: CID, bitWidth = 5): Generator<HamtChange> {
  if (before.equals(after)) return
  const load = (cid: CID, isRoot: boolean): HamtNode => decodeNode(mustGet(store, cid), bitWidth, false, isRoot)
  yield* diffNodes(load(before, true), load(after, true), (cid) => load(cid, false))
}

type Load = (cid: CID) => HamtNode

function* diffNodes(a: HamtNode, b: HamtNode, load: Load): Generator<HamtChange> {
  let i = 0
  let j = 0
  while (i < a.positions.length || j < b.positions.length) {
    const p = a.positions[i] ?? Number.POSITIVE_INFINITY
    const q = b.positions[j] ?? Number.POSITIVE_INFINITY
    if (p === q) yield* diffSlots(a.slots[i++] as Slot, b.slots[j++] as Slot, load)
    else if (p < q) yield* diffEntries(entriesOf(a.slots[i++] as Slot, load), [])
    else yield* diffEntries([], entriesOf(b.slots[j++] as Slot, load))
  }
}

function* diffSlots(a: Slot, b: Slot, load: Load): Generator<HamtChange> {
  if (!isBucket(a) && !isBucket(b)) {
    const [x, y] = [a.cid as CID, b.cid as CID]
    if (!x.equals(y)) yield* diffNodes(load(x), load(y), load)
    return
  }
  yield* diffEntries(entriesOf(a, load), entriesOf(b, load))
}

function entriesOf(slot: Slot, load: Load): Entry[] {
  if (isBucket(slot)) return slot.bucket
  return load(slot.cid as CID).slots.flatMap((s) => entriesOf(s, load))
}

const keyText = (key: Uint8Array): string => Buffer.from(key).toString('latin1')

function* diffEntries(a: readonly Entry[], b: readonly Entry[]): Generator<HamtChange> {
  const left = new Map(a.map((e) => [keyText(e.key), e]))
  for (const e of b) {
    const k = keyText(e.key)
    const was = left.get(k)
    left.delete(k)
    if (was === undefined || compareBytes(was.value, e.value) !== 0) yield { key: e.key, before: was?.value, after: e.value }
  }
  for (const e of left.values()) yield { key: e.key, before: e.value, after: undefined }
}
