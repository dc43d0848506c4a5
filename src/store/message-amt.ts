import { CborReader } from '../codec/cbor-reader.ts'
import { decode } from '../codec/codec.ts'
import type { CID } from '../types/cid.ts'
import { cid as cidCodec } from '../types/cid.ts'
import { type BlockReader, mustGet } from './blockstore.ts'
import { StoreError } from './errors.ts'

/** Branching of the legacy form: 8 ways, 3 bits a level. */
const WIDTH = 8
/** Levels that a 63-bit index can need (go-amt-ipld MaxIndexBits / 3). */
const MAX_HEIGHT = 20

interface Node {
  readonly bitmap: number
  readonly links: readonly CID[]
  /** CBOR of each value. */
  readonly values: readonly Uint8Array[]
}

function fail(root: CID, what: string): never {
  throw new StoreError('STORE_CHAIN_OBJECT', `list ${root} is malformed: ${what}`, { fields: { cid: root.toString() } })
}

function popCount(byte: number): number {
  let n = 0
  for (let b = byte; b !== 0; b &= b - 1) n++
  return n
}

function readNode(r: CborReader, root: CID, height: number): Node {
  r.tuple(3, 'AMT node')
  const map = r.bytes(1)
  if (map.length !== 1) fail(root, 'the bitmap of a node is not one byte')
  const bitmap = map[0] as number
  const links: CID[] = []
  for (let n = r.array(WIDTH); n > 0; n--) links.push(cidCodec.read(r))
  const values: Uint8Array[] = []
  for (let n = r.array(WIDTH); n > 0; n--) values.push(r.skip())
  if (links.length !== 0 && values.length !== 0) fail(root, 'a node has both links and values')
  if (height > 0 && values.length !== 0) fail(root, 'values stand above the lowest level')
  if (height === 0 && links.length !== 0) fail(root, 'links stand at the lowest level')
  if (popCount(bitmap) !== links.length + values.length) fail(root, 'a bitmap does not match its entries')
  return { bitmap, links, values }
}

function readRoot(store: BlockReader, root: CID): { height: number; count: number; node: Node } {
  const r = new CborReader(mustGet(store, root))
  try {
    r.tuple(3, 'AMT root')
    const height = r.safeInt()
    const count = r.safeInt()
    if (height < 0 || height > MAX_HEIGHT || count < 0) fail(root, `height ${height} and count ${count} cannot be`)
    const node = readNode(r, root, height)
    r.end()
    return { height, count, node }
  } catch (e) {
    if (e instanceof StoreError) throw e
    return fail(root, (e as Error).message)
  }
}

function childNode(store: BlockReader, root: CID, link: CID, height: number): Node {
  const r = new CborReader(mustGet(store, link))
  try {
    const node = readNode(r, root, height)
    r.end()
    if (node.links.length + node.values.length === 0) fail(root, 'a node below the root is empty')
    return node
  } catch (e) {
    if (e instanceof StoreError) throw e
    return fail(root, (e as Error).message)
  }
}

/**
 * The entries of a dense list in the legacy AMT form that blocks and receipts keep to this day (go-amt-ipld v2; Lotus reads
 * them through specs-actors v0, chain/store/messages.go): entry i has index i, none is missing.
 * @returns the CBOR of each entry
 * @throws MissingBlockError, StoreError STORE_CHAIN_OBJECT; also for more than `max` entries
 */
export function legacyList(store: BlockReader, root: CID, max: number): Uint8Array[] {
  const { height, count, node } = readRoot(store, root)
  if (count > max) fail(root, `${count} entries are more than the limit of ${max}`)
  const out: Uint8Array[] = []
  const walk = (n: Node, level: number, base: number): void => {
    let at = 0
    const step = WIDTH ** level
    for (let i = 0; i < WIDTH; i++) {
      if ((n.bitmap & (1 << i)) === 0) continue
      if (level > 0) {
        walk(childNode(store, root, n.links[at++] as CID, level - 1), level - 1, base + i * step)
        continue
      }
      // The count was checked against the limit: a longer tree than it declares is found here before it grows.
      if (base + i !== out.length || out.length >= count) fail(root, `entry ${base + i} stands where ${out.length} should`)
      out.push(n.values[at++] as Uint8Array)
    }
  }
  walk(node, height, 0)
  if (out.length !== count) fail(root, `it has ${out.length} entries and declares ${count}`)
  return out
}

/** One entry of such a list, undefined past its end. @throws MissingBlockError, StoreError STORE_CHAIN_OBJECT */
export function legacyEntry(store: BlockReader, root: CID, index: number): Uint8Array | undefined {
  const { height, node } = readRoot(store, root)
  if (!Number.isSafeInteger(index) || index < 0 || index >= WIDTH ** (height + 1)) return undefined
  let n = node
  let rest = index
  for (let level = height; ; level--) {
    const step = WIDTH ** level
    const slot = Math.floor(rest / step)
    rest -= slot * step
    if ((n.bitmap & (1 << slot)) === 0) return undefined
    const at = popCount(n.bitmap & ((1 << slot) - 1))
    if (level === 0) return n.values[at]
    n = childNode(store, root, n.links[at] as CID, level - 1)
  }
}

/** A list of CIDs. */
export function legacyCidList(store: BlockReader, root: CID, max: number): CID[] {
  return legacyList(store, root, max).map((raw) => {
    try {
      return decode(cidCodec, raw)
    } catch (e) {
      return fail(root, (e as Error).message)
    }
  })
}
