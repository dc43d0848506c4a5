import { type Codec, decode, encode } from '../codec/codec.ts'
import { type BlockReader, type BlockWriter, mustGet } from '../store/blockstore.ts'
import { type CID, cidOf } from '../types/cid.ts'
import {
  type AmtLink,
  type AmtNode,
  type AmtRoot,
  decodeNode,
  decodeRoot,
  emptyNode,
  encodeNode,
  encodeRoot,
  findPosition,
} from './amt-node.ts'
import { ActorError, malformed } from './errors.ts'

/** go-amt-ipld MaxIndex: the count must still fit 64 bits. */
const MAX_INDEX = 0xffff_ffff_ffff_fffen

export interface AmtOptions<V> {
  /** Bits of the index that each level takes, 1 to 8; 3 where it is not given. */
  readonly bitWidth?: number
  readonly value: Codec<V>
  /**
   * The form before go-amt-ipld v3, which has no width in its root: the messages and receipts of every tipset to this day
   * (Lotus chain/consensus/compute_state.go, blockadt), and old actors' state. Events are not in it: width 5.
   */
  readonly legacy?: boolean
}

/**
 * A sparse array in the state (spec: AMT; go-amt-ipld v4 and its legacy form, fvm_ipld_amt).
 * Reads are synchronous and lazy; changes stay in memory until `flush`.
 */
export class Amt<V> {
  readonly #store: BlockReader
  readonly #bitWidth: number
  readonly #value: Codec<V>
  readonly #legacy: boolean
  #rootCid: CID | undefined
  #root: { height: number; count: bigint; node: AmtNode } | undefined
  #dirty = false

  /**
   * @param root undefined for an empty array
   * @throws ActorError STATE_VALUE for a width outside 1 to 8, or other than 3 in the legacy form
   */
  constructor(store: BlockReader, root: CID | undefined, options: AmtOptions<V>) {
    this.#store = store
    this.#bitWidth = options.bitWidth ?? 3
    this.#legacy = options.legacy ?? false
    if (!(this.#bitWidth >= 1 && this.#bitWidth <= 8) || (this.#legacy && this.#bitWidth !== 3))
      throw new ActorError('STATE_VALUE', `an AMT cannot have a bit width of ${this.#bitWidth}`)
    this.#value = options.value
    this.#rootCid = root
    if (root === undefined) {
      this.#root = { height: 0, count: 0n, node: emptyNode() }
      this.#dirty = true
    }
  }

  #top(): { height: number; count: bigint; node: AmtNode } {
    this.#root ??= { ...decodeRoot(mustGet(this.#store, this.#rootCid as CID), this.#bitWidth, this.#legacy) }
    return this.#root
  }

  #child(link: AmtLink, height: number): AmtNode {
    link.node ??= this.#load(link, height)
    return link.node
  }

  #load(link: AmtLink, height: number): AmtNode {
    return decodeNode(mustGet(this.#store, link.cid as CID), this.#bitWidth, height)
  }

  /** Number of values. */
  get count(): bigint {
    return this.#top().count
  }

  #index(index: bigint | number): bigint {
    const i = BigInt(index)
    if (i < 0n || i > MAX_INDEX) throw new ActorError('STATE_VALUE', `${i} cannot be an AMT's index`)
    return i
  }

  /** Whether an array of this height reaches the index. */
  #reaches(index: bigint, height: number): boolean {
    return index >> BigInt(this.#bitWidth * (height + 1)) === 0n
  }

  #position(index: bigint, height: number): number {
    return Number((index >> BigInt(this.#bitWidth * height)) & BigInt((1 << this.#bitWidth) - 1))
  }

  /**
   * The value at an index, undefined when there is none.
   * @throws MissingBlockError, ActorError STATE_MALFORMED
   */
  get(index: bigint | number): V | undefined {
    const raw = this.getRaw(index)
    return raw === undefined ? undefined : this.#decode(raw)
  }

  /** As `get`, the value's CBOR. */
  getRaw(index: bigint | number): Uint8Array | undefined {
    const i = this.#index(index)
    const root = this.#top()
    if (!this.#reaches(i, root.height)) return undefined
    let node = root.node
    for (let height = root.height; height > 0; height--) {
      const at = findPosition(node, this.#position(i, height))
      if (at < 0) return undefined
      node = this.#child(node.links[at] as AmtLink, height - 1)
    }
    const at = findPosition(node, this.#position(i, 0))
    return at < 0 ? undefined : node.values[at]
  }

  has(index: bigint | number): boolean {
    return this.getRaw(index) !== undefined
  }

  /** @throws MissingBlockError, ActorError */
  set(index: bigint | number, value: V): void {
    this.setRaw(index, encode(this.#value, value))
  }

  setRaw(index: bigint | number, value: Uint8Array): void {
    const i = this.#index(index)
    const root = this.#top()
    while (!this.#reaches(i, root.height)) {
      if (root.node.positions.length > 0)
        root.node = { positions: [0], links: [{ cid: undefined, node: root.node, dirty: true }], values: [] }
      root.height++
    }
    if (this.#put(root.node, i, root.height, value)) root.count++
    this.#dirty = true
  }

  /** True when the index was free. */
  #put(node: AmtNode, index: bigint, height: number, value: Uint8Array): boolean {
    const position = this.#position(index, height)
    let at = findPosition(node, position)
    const isNew = at < 0
    if (isNew) {
      at = -1 - at
      node.positions.splice(at, 0, position)
      if (height === 0) node.values.splice(at, 0, value)
      else node.links.splice(at, 0, { cid: undefined, node: emptyNode(), dirty: true })
    }
    if (height === 0) {
      node.values[at] = value
      return isNew
    }
    const link = node.links[at] as AmtLink
    const added = this.#put(this.#child(link, height - 1), index, height - 1, value)
    link.dirty = true
    return added
  }

  /** Sets the index after the last one of an array without gaps. */
  append(value: V): void {
    this.set(this.count, value)
  }

  /** Takes a value out; false when there was none. */
  delete(index: bigint | number): boolean {
    const i = this.#index(index)
    const root = this.#top()
    if (!this.#reaches(i, root.height) || !this.#remove(root.node, i, root.height)) return false
    root.count--
    this.#dirty = true
    while (root.height > 0 && root.node.positions.length === 1 && root.node.positions[0] === 0) {
      root.node = this.#child(root.node.links[0] as AmtLink, root.height - 1)
      root.height--
    }
    if (root.node.positions.length === 0) root.height = 0
    return true
  }

  #remove(node: AmtNode, index: bigint, height: number): boolean {
    const at = findPosition(node, this.#position(index, height))
    if (at < 0) return false
    if (height > 0) {
      const link = node.links[at] as AmtLink
      const child = this.#child(link, height - 1)
      if (!this.#remove(child, index, height - 1)) return false
      link.dirty = true
      if (child.positions.length > 0) return true
      node.links.splice(at, 1)
    } else node.values.splice(at, 1)
    node.positions.splice(at, 1)
    return true
  }

  /** Index and value, ascending from `start`. Do not change the array meanwhile. */
  *entries(start: bigint | number = 0n): Generator<[bigint, V]> {
    for (const [i, raw] of this.rawEntries(start)) yield [i, this.#decode(raw)]
  }

  /** As `entries`, as CBOR. */
  *rawEntries(start: bigint | number = 0n): Generator<[bigint, Uint8Array]> {
    const root = this.#top()
    yield* this.#walk(root.node, root.height, 0n, BigInt(start))
  }

  *values(): Generator<V> {
    for (const [, raw] of this.rawEntries()) yield this.#decode(raw)
  }

  forEach(visit: (value: V, index: bigint) => void): void {
    for (const [i, v] of this.entries()) visit(v, i)
  }

  *#walk(node: AmtNode, height: number, offset: bigint, start: bigint): Generator<[bigint, Uint8Array]> {
    const span = BigInt(this.#bitWidth * height)
    for (let n = 0; n < node.positions.length; n++) {
      const from = offset + (BigInt(node.positions[n] as number) << span)
      if (from + (1n << span) <= start) continue
      if (height === 0) yield [from, node.values[n] as Uint8Array]
      else {
        const link = node.links[n] as AmtLink
        // A child read only to be walked is not kept, so that a walk over a large array does not hold it all.
        yield* this.#walk(link.node ?? this.#load(link, height - 1), height - 1, from, start)
      }
    }
  }

  /** Writes what changed and gives the root. */
  flush(writer: BlockWriter): CID {
    if (!this.#dirty && this.#rootCid !== undefined) return this.#rootCid
    const root: AmtRoot = this.#top()
    this.#write(root.node, writer)
    const data = encodeRoot(root, this.#bitWidth, this.#legacy)
    this.#rootCid = cidOf(data)
    writer.put(this.#rootCid, data)
    this.#dirty = false
    return this.#rootCid
  }

  #write(node: AmtNode, writer: BlockWriter): void {
    for (const link of node.links) {
      if (!link.dirty) continue
      const child = link.node as AmtNode
      this.#write(child, writer)
      const data = encodeNode(child, this.#bitWidth)
      link.cid = cidOf(data)
      link.dirty = false
      writer.put(link.cid, data)
    }
  }

  #decode(raw: Uint8Array): V {
    try {
      return decode(this.#value, raw)
    } catch (e) {
      return malformed(`a value in an AMT is no ${this.#value.name}`, e)
    }
  }
}

/** The root of an array without gaps. Nothing is read. */
export function amtOf<V>(writer: BlockWriter, values: Iterable<V>, options: AmtOptions<V>): CID {
  const amt = new Amt({ get: () => undefined }, undefined, options)
  let i = 0n
  for (const v of values) amt.set(i++, v)
  return amt.flush(writer)
}
