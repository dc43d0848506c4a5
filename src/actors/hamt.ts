/**
 * Layer 4: what actors keep in the state tree. Here: hash array mapped tries (spec: HAMT; go-hamt-ipld v3, fvm_ipld_hamt).
 * `amt.ts` has the arrays, `state-tree.ts` the tree of actors; a folder per actor has its typed views.
 */
import { type Codec, decode, encode } from '../codec/codec.ts'
import { type BlockReader, type BlockWriter, mustGet } from '../store/blockstore.ts'
import { type CID, cidOf } from '../types/cid.ts'
import { ActorError, malformed } from './errors.ts'
import {
  BUCKET_SIZE,
  compareBytes,
  decodeNode,
  type Entry,
  encodeNode,
  findSlot,
  type HamtNode,
  hashBits,
  isBucket,
  type Slot,
  sha256,
} from './hamt-node.ts'
import { bytesKey, type KeyCodec } from './keys.ts'

export interface HamtOptions<V, K = Uint8Array> {
  /** Bits of the hash that each level takes, 1 to 8; 5 where it is not given, as all built-in actors have. */
  readonly bitWidth?: number
  readonly value: Codec<V>
  readonly key?: KeyCodec<K>
  /** The form of nodes before go-hamt-ipld v3 (state of actors v0 and v2): each slot a map of one entry. */
  readonly legacy?: boolean
  /** Another hash than sha2-256, for keys that are spread evenly already. */
  readonly hash?: (key: Uint8Array) => Uint8Array
}

/**
 * A map in the state. Reads are synchronous and lazy: a node is fetched when a key below it is asked for.
 * Changes stay in memory until `flush`. Bytes and CIDs are those of the reference implementations for any order of changes.
 */
export class Hamt<V, K = Uint8Array> {
  readonly #store: BlockReader
  readonly #bitWidth: number
  readonly #value: Codec<V>
  readonly #key: KeyCodec<K>
  readonly #legacy: boolean
  readonly #hash: (key: Uint8Array) => Uint8Array
  #rootCid: CID | undefined
  #root: HamtNode | undefined
  #dirty = false

  /**
   * @param root undefined for an empty map
   * @throws ActorError STATE_VALUE for a width outside 1 to 8
   */
  constructor(store: BlockReader, root: CID | undefined, options: HamtOptions<V, K>) {
    this.#store = store
    this.#bitWidth = options.bitWidth ?? 5
    if (!(this.#bitWidth >= 1 && this.#bitWidth <= 8))
      throw new ActorError('STATE_VALUE', `a HAMT's bit width is 1 to 8, not ${this.#bitWidth}`)
    this.#value = options.value
    this.#key = options.key ?? (bytesKey as unknown as KeyCodec<K>)
    this.#legacy = options.legacy ?? false
    this.#hash = options.hash ?? sha256
    this.#rootCid = root
    if (root === undefined) {
      this.#root = { positions: [], slots: [] }
      this.#dirty = true
    }
  }

  #top(): HamtNode {
    this.#root ??= this.#load(this.#rootCid as CID, true)
    return this.#root
  }

  #load(cid: CID, isRoot: boolean): HamtNode {
    return decodeNode(mustGet(this.#store, cid), this.#bitWidth, this.#legacy, isRoot)
  }

  #child(slot: Exclude<Slot, { readonly bucket: Entry[] }>): HamtNode {
    slot.node ??= this.#load(slot.cid as CID, false)
    return slot.node
  }

  #position(digest: Uint8Array, depth: number): number {
    const p = hashBits(digest, depth, this.#bitWidth)
    if (p === undefined) throw new ActorError('STATE_VALUE', 'a HAMT is deeper than its hash is long')
    return p
  }

  /**
   * The value of a key, undefined when there is none.
   * @throws MissingBlockError, ActorError STATE_MALFORMED
   */
  get(key: K): V | undefined {
    const raw = this.getRaw(this.#key.toBytes(key))
    return raw === undefined ? undefined : this.#decode(raw)
  }

  has(key: K): boolean {
    return this.getRaw(this.#key.toBytes(key)) !== undefined
  }

  /** As `get`, by the key's bytes, giving the value's CBOR. */
  getRaw(key: Uint8Array): Uint8Array | undefined {
    const digest = this.#hash(key)
    let node = this.#top()
    for (let depth = 0; ; depth++) {
      const at = findSlot(node, this.#position(digest, depth))
      if (at < 0) return undefined
      const slot = node.slots[at] as Slot
      if (isBucket(slot)) return slot.bucket.find((e) => compareBytes(e.key, key) === 0)?.value
      node = this.#child(slot)
    }
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED */
  set(key: K, value: V): void {
    this.setRaw(this.#key.toBytes(key), encode(this.#value, value))
  }

  setRaw(key: Uint8Array, value: Uint8Array): void {
    this.#insert(this.#top(), this.#hash(key), 0, { key, value })
    this.#dirty = true
  }

  #insert(node: HamtNode, digest: Uint8Array, depth: number, entry: Entry): void {
    const position = this.#position(digest, depth)
    const at = findSlot(node, position)
    if (at < 0) {
      node.positions.splice(-1 - at, 0, position)
      node.slots.splice(-1 - at, 0, { bucket: [entry] })
      return
    }
    const slot = node.slots[at] as Slot
    if (!isBucket(slot)) {
      this.#insert(this.#child(slot), digest, depth + 1, entry)
      slot.dirty = true
      return
    }
    const bucket = slot.bucket
    let i = 0
    for (; i < bucket.length; i++) {
      const order = compareBytes((bucket[i] as Entry).key, entry.key)
      if (order === 0) {
        ;(bucket[i] as Entry).value = entry.value
        return
      }
      if (order > 0) break
    }
    if (bucket.length < BUCKET_SIZE) {
      bucket.splice(i, 0, entry)
      return
    }
    const child: HamtNode = { positions: [], slots: [] }
    this.#insert(child, digest, depth + 1, entry)
    for (const e of bucket) this.#insert(child, this.#hash(e.key), depth + 1, e)
    node.slots[at] = { cid: undefined, node: child, dirty: true }
  }

  /** Takes a key out; false when it was not there. */
  delete(key: K): boolean {
    const raw = this.#key.toBytes(key)
    const found = this.#remove(this.#top(), this.#hash(raw), 0, raw)
    if (found) this.#dirty = true
    return found
  }

  #remove(node: HamtNode, digest: Uint8Array, depth: number, key: Uint8Array): boolean {
    const at = findSlot(node, this.#position(digest, depth))
    if (at < 0) return false
    const slot = node.slots[at] as Slot
    if (isBucket(slot)) {
      const i = slot.bucket.findIndex((e) => compareBytes(e.key, key) === 0)
      if (i < 0) return false
      slot.bucket.splice(i, 1)
      if (slot.bucket.length === 0) {
        node.slots.splice(at, 1)
        node.positions.splice(at, 1)
      }
      return true
    }
    const child = this.#child(slot)
    if (!this.#remove(child, digest, depth + 1, key)) return false
    slot.dirty = true
    const folded = foldable(child)
    if (folded !== undefined) node.slots[at] = { bucket: folded }
    return true
  }

  /** All entries, by hash order. Do not change the map meanwhile. */
  *entries(): Generator<[K, V]> {
    for (const e of this.#walk(this.#top())) yield [this.#decodeKey(e.key), this.#decode(e.value)]
  }

  /** As `entries`, as bytes. */
  *rawEntries(): Generator<Readonly<Entry>> {
    yield* this.#walk(this.#top())
  }

  *keys(): Generator<K> {
    for (const e of this.#walk(this.#top())) yield this.#decodeKey(e.key)
  }

  forEach(visit: (value: V, key: K) => void): void {
    for (const [k, v] of this.entries()) visit(v, k)
  }

  *#walk(node: HamtNode): Generator<Entry> {
    for (const slot of node.slots) {
      if (isBucket(slot)) yield* slot.bucket
      // A child read only to be walked is not kept: a walk over a large map must not hold it all in memory.
      else yield* this.#walk(slot.node ?? this.#load(slot.cid as CID, false))
    }
  }

  get isEmpty(): boolean {
    return this.#top().slots.length === 0
  }

  /** Writes what changed and gives the root. */
  flush(writer: BlockWriter): CID {
    if (!this.#dirty && this.#rootCid !== undefined) return this.#rootCid
    this.#rootCid = this.#write(this.#top(), writer)
    this.#dirty = false
    return this.#rootCid
  }

  #write(node: HamtNode, writer: BlockWriter): CID {
    for (const slot of node.slots) {
      if (isBucket(slot) || !slot.dirty) continue
      slot.cid = this.#write(slot.node as HamtNode, writer)
      slot.dirty = false
    }
    const data = encodeNode(node, this.#legacy)
    const cid = cidOf(data)
    writer.put(cid, data)
    return cid
  }

  #decode(raw: Uint8Array): V {
    try {
      return decode(this.#value, raw)
    } catch (e) {
      return malformed(`a value in a HAMT is no ${this.#value.name}`, e)
    }
  }

  #decodeKey(raw: Uint8Array): K {
    try {
      return this.#key.fromBytes(raw)
    } catch (e) {
      return malformed('a key in a HAMT is malformed', e)
    }
  }
}

/** The entries of a node that fit one bucket of its parent, sorted by key; undefined when the node has to stay. */
function foldable(node: HamtNode): Entry[] | undefined {
  if (node.slots.length > BUCKET_SIZE) return undefined
  const out: Entry[] = []
  for (const slot of node.slots) {
    if (!isBucket(slot) || out.length + slot.bucket.length > BUCKET_SIZE) return undefined
    out.push(...slot.bucket)
  }
  return out.sort((a, b) => compareBytes(a.key, b.key))
}
