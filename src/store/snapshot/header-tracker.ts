import { type CID, cidFromBytes } from '../../types/cid.ts'
import { type BlockReader, mustGet } from '../blockstore.ts'
import type { CarBatch } from '../car/car-reader.ts'
import { type HeaderLinks, headerLinks } from '../header-links.ts'
import { SnapshotError } from './errors.ts'

/**
 * Follows the headers of a chain through the sections of a snapshot as they pass, from the head down to the genesis. In a
 * file that was written as snapshots are, every header comes after one that names it; those that do not are looked up at the
 * end.
 */
export class HeaderTracker {
  /** Headers that are named but were not seen: height of the lowest block that names them, by latin1 of the CID. */
  readonly #expected = new Map<string, number>()
  /** Four bytes of each expected CID's digest: what rules out nearly every section without making a string of its CID. */
  readonly #hints = new Map<number, number>()
  readonly #genesis = new Set<string>()
  #headers = 0
  #height = Number.POSITIVE_INFINITY

  constructor(head: readonly CID[]) {
    for (const cid of head) this.#expect(key(cid.bytes), Number.POSITIVE_INFINITY)
  }

  /** Headers seen so far. */
  get headers(): number {
    return this.#headers
  }

  /** Height of the header seen last, Infinity before the first. */
  get height(): number {
    return this.#height
  }

  /** Looks at whole sections. @throws SnapshotError SNAPSHOT_FORMAT for a named block that is no header */
  see(batch: CarBatch): void {
    const { bytes, entries } = batch
    for (let i = 0; i < entries.length; i += 4) {
      const at = entries[i] as number
      const length = entries[i + 1] as number
      if (!this.#hints.has(hint(bytes, at + length))) continue
      const cid = key(bytes.subarray(at, at + length))
      if (this.#expected.has(cid))
        this.#header(cid, bytes.subarray(entries[i + 2], (entries[i + 2] as number) + (entries[i + 3] as number)))
    }
  }

  /**
   * Reads from the store what did not come in order.
   * @returns the CID of the genesis block
   * @throws SnapshotError SNAPSHOT_INCOMPLETE when a header is missing or the chain does not reach height 0
   */
  finish(store: BlockReader): CID {
    while (this.#expected.size > 0) {
      for (const [cid] of [...this.#expected]) this.#header(cid, fromStore(store, cidFromBytes(Buffer.from(cid, 'latin1'))))
    }
    if (this.#genesis.size !== 1)
      throw new SnapshotError('SNAPSHOT_FORMAT', `the chain begins with ${this.#genesis.size} genesis blocks`)
    return cidFromBytes(Buffer.from(this.#genesis.values().next().value as string, 'latin1'))
  }

  #expect(cid: string, below: number): void {
    const before = this.#expected.get(cid)
    this.#expected.set(cid, before === undefined ? below : Math.min(before, below))
    if (before !== undefined) return
    const h = hintOf(cid)
    this.#hints.set(h, (this.#hints.get(h) ?? 0) + 1)
  }

  #header(cid: string, data: Uint8Array): void {
    const { parents, height } = linksOf(cid, data)
    const below = this.#expected.get(cid) as number
    // Heights fall from block to parent: a chain that does not cannot end.
    if (height >= below) throw malformed(cid, `its height ${height} is not below that of its child`)
    this.#expected.delete(cid)
    const h = hintOf(cid)
    const left = (this.#hints.get(h) as number) - 1
    if (left === 0) this.#hints.delete(h)
    else this.#hints.set(h, left)
    this.#headers++
    this.#height = height
    if (height === 0) {
      this.#genesis.add(cid)
      return
    }
    if (parents.length === 0) throw malformed(cid, `a block of height ${height} has no parents`)
    for (const parent of parents) this.#expect(key(parent), height)
  }
}

function fromStore(store: BlockReader, cid: CID): Uint8Array {
  try {
    return mustGet(store, cid)
  } catch (cause) {
    throw new SnapshotError('SNAPSHOT_INCOMPLETE', `the snapshot lacks block ${cid}, so its chain does not reach the genesis`, {
      cause,
      fields: { cid: cid.toString() },
      hint: 'The file is damaged or was cut off; fetch it again.',
    })
  }
}

function malformed(cid: string, what: string): SnapshotError {
  return new SnapshotError(
    'SNAPSHOT_FORMAT',
    `block ${cidFromBytes(Buffer.from(cid, 'latin1'))} of the snapshot is no header of its chain: ${what}`,
  )
}

function linksOf(cid: string, data: Uint8Array): HeaderLinks {
  try {
    return headerLinks(data)
  } catch (e) {
    throw malformed(cid, (e as Error).message)
  }
}

function key(cid: Uint8Array): string {
  return Buffer.from(cid.buffer, cid.byteOffset, cid.byteLength).toString('latin1')
}

/** The last four bytes before `end`. */
function hint(b: Uint8Array, end: number): number {
  return (
    ((b[end - 4] as number) | ((b[end - 3] as number) << 8) | ((b[end - 2] as number) << 16) | ((b[end - 1] as number) << 24)) >>>
    0
  )
}

function hintOf(cid: string): number {
  const end = cid.length
  return (
    (cid.charCodeAt(end - 4) |
      (cid.charCodeAt(end - 3) << 8) |
      (cid.charCodeAt(end - 2) << 16) |
      (cid.charCodeAt(end - 1) << 24)) >>>
    0
  )
}
