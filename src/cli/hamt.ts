/** HAMTs read object by object over the API, for commands that must not load the node's own trees. */
import { createHash } from 'node:crypto'
import { CborReader } from '../codec/cbor-reader.ts'
import { CID } from '../types/cid.ts'
import type { NodeApi } from './node-api.ts'
import type { Link } from './wire.ts'

export const ipldLimits = { maxBytes: 8 << 20, maxItems: 1 << 16, maxDepth: 256 }

const BYTE_STRING = 2
const ARRAY = 4
const MAP = 5
/** Bits of the key's hash that choose a slot: the actors' HAMTs have 32 slots in a node. */
const BIT_WIDTH = 5
const HASH_BITS = 256

export type LoadObject = (cid: Link) => Promise<Uint8Array>

export function objectLoader(node: NodeApi): LoadObject {
  return async (cid) => Buffer.from(await node.call<string>('ChainReadObj', cid), 'base64')
}

interface Entry {
  readonly key: Uint8Array
  /** CBOR. */
  readonly value: Uint8Array
}

/** A node: which slots are taken, and what each holds. */
interface HamtNode {
  readonly bitfield: bigint
  readonly pointers: readonly (Link | readonly Entry[])[]
}

/** [bitfield, [pointer]]; a pointer is a link or a list of [key, value], inside a map of one entry before actors v3. */
function readNode(data: Uint8Array): HamtNode {
  const r = new CborReader(data, ipldLimits)
  r.tuple(2, 'HAMT node')
  const bitfield = r.bytes().reduce((all, byte) => (all << 8n) | BigInt(byte), 0n)
  const pointers = Array.from({ length: r.array() }, () => {
    if (r.peekMajor() === MAP) {
      r.map()
      r.text()
    }
    if (r.peekMajor() !== ARRAY) return linkJson(r.link())
    return Array.from({ length: r.array() }, () => {
      r.tuple(2, 'HAMT entry')
      if (r.peekMajor() !== BYTE_STRING) r.fail('a HAMT key is not bytes')
      return { key: r.bytes(), value: r.skip() }
    })
  })
  return { bitfield, pointers }
}

function isLink(pointer: Link | readonly Entry[]): pointer is Link {
  return '/' in pointer
}

async function eachEntry(root: Link, load: LoadObject, found: (entry: Entry) => void): Promise<void> {
  for (const pointer of readNode(await load(root)).pointers) {
    if (isLink(pointer)) await eachEntry(pointer, load, found)
    else for (const entry of pointer) found(entry)
  }
}

/** Calls back with every key, in the order of the tree. */
export function hamtKeys(root: Link, load: LoadObject, found: (key: Uint8Array) => void): Promise<void> {
  return eachEntry(root, load, ({ key }) => found(key))
}

/** Calls back with every value in CBOR, in the order of the tree. */
export function hamtValues(root: Link, load: LoadObject, found: (value: Uint8Array) => void): Promise<void> {
  return eachEntry(root, load, ({ value }) => found(value))
}

/** The value under a key, in CBOR; undefined when it is not there. */
export async function hamtGet(root: Link, load: LoadObject, key: Uint8Array): Promise<Uint8Array | undefined> {
  const digest = createHash('sha256').update(key).digest()
  const hash = BigInt(`0x${digest.toString('hex')}`)
  let at = root
  for (let used = BIT_WIDTH; used <= HASH_BITS; used += BIT_WIDTH) {
    const { bitfield, pointers } = readNode(await load(at))
    const slot = (hash >> BigInt(HASH_BITS - used)) & 31n
    if (((bitfield >> slot) & 1n) === 0n) return undefined
    const pointer = pointers[ones(bitfield & ((1n << slot) - 1n))]
    if (pointer === undefined) return undefined
    if (!isLink(pointer)) return pointer.find((entry) => Buffer.compare(entry.key, key) === 0)?.value
    at = pointer
  }
  return undefined
}

function ones(bits: bigint): number {
  return bits.toString(2).replaceAll('0', '').length
}

export function linkJson(bytes: Uint8Array): Link {
  return { '/': CID.decode(bytes).toString() }
}

/** An unsigned integer as a HAMT key: LEB128, as Go's binary.PutUvarint writes it. */
export function uintKey(value: number | bigint): Uint8Array {
  const out: number[] = []
  for (let rest = BigInt(value); ; rest >>= 7n) {
    const more = rest > 127n
    out.push(Number(rest & 127n) | (more ? 128 : 0))
    if (!more) return Uint8Array.from(out)
  }
}
