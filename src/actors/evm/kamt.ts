import { CborReader } from '../../codec/cbor-reader.ts'
import { type BlockReader, mustGet } from '../../store/blockstore.ts'
import { type CID, cidFromBytes, DAG_CBOR } from '../../types/cid.ts'
import { malformed } from '../errors.ts'

/** As the EVM actor configures its tree (builtin-actors evm/src/interpreter/system.rs KAMT_CONFIG). */
const BIT_WIDTH = 5
const MAX_BUCKET = 1
const KEY_BITS = 256

interface Link {
  readonly cid: CID
  /** Bits of the key that are the same for everything below, beside those that lead here. */
  readonly skip: number
  readonly path: Uint8Array
}
type Pointer = Link | { readonly entries: readonly (readonly [Uint8Array, Uint8Array])[] }

interface Node {
  /** Bit i is set where slot i is taken. */
  readonly bits: bigint
  readonly pointers: readonly Pointer[]
}

/**
 * Reads a contract's storage: a trie over the bits of 256-bit keys, unhashed, in which links may skip bits
 * (spec: fvm_ipld_kamt in ref-fvm ipld/kamt). Keys and values are 32 bytes, big-endian.
 */
export class EvmStorage {
  readonly #store: BlockReader
  readonly #root: CID

  constructor(store: BlockReader, root: CID) {
    this.#store = store
    this.#root = root
  }

  /**
   * The word in a slot; zeros where nothing is stored.
   * @throws MissingBlockError, ActorError STATE_MALFORMED
   */
  get(key: Uint8Array): Uint8Array {
    if (key.length !== KEY_BITS / 8) return malformed(`a storage key has 32 bytes, not ${key.length}`)
    let cid = this.#root
    let at = 0
    for (;;) {
      const node = loadNode(this.#store, cid, at)
      const take = Math.min(BIT_WIDTH, KEY_BITS - at)
      const slot = bitsAt(key, at, take)
      if (((node.bits >> BigInt(slot)) & 1n) === 0n) return new Uint8Array(32)
      const pointer = node.pointers[bitsBelow(node.bits, slot)] as Pointer
      at += take
      if ('entries' in pointer) {
        const found = pointer.entries.find(([k]) => Buffer.compare(k, key) === 0)
        return found === undefined ? new Uint8Array(32) : found[1]
      }
      for (let i = 0; i < pointer.skip; i++) if (bitsAt(key, at + i, 1) !== bitsAt(pointer.path, i, 1)) return new Uint8Array(32)
      at += pointer.skip
      cid = pointer.cid
    }
  }

  /** All words that are not zero, by ascending key. */
  *entries(): Generator<readonly [Uint8Array, Uint8Array]> {
    yield* this.#walk(this.#root, 0)
  }

  *#walk(cid: CID, at: number): Generator<readonly [Uint8Array, Uint8Array]> {
    const take = Math.min(BIT_WIDTH, KEY_BITS - at)
    for (const p of loadNode(this.#store, cid, at).pointers) {
      if ('entries' in p) yield* p.entries
      else yield* this.#walk(p.cid, at + take + p.skip)
    }
  }
}

/** `count` bits from the most significant one of `bytes` at `from`. */
function bitsAt(bytes: Uint8Array, from: number, count: number): number {
  let v = 0
  for (let i = from; i < from + count; i++) v = (v << 1) | (((bytes[i >> 3] as number) >> (7 - (i & 7))) & 1)
  return v
}

function bitsBelow(bits: bigint, slot: number): number {
  let n = 0
  for (let i = 0; i < slot; i++) if (((bits >> BigInt(i)) & 1n) === 1n) n++
  return n
}

function loadNode(store: BlockReader, cid: CID, at: number): Node {
  try {
    return readNode(new CborReader(mustGetNode(store, cid)), at)
  } catch (e) {
    if ((e as { code?: string }).code !== 'CODEC_CBOR') throw e
    return malformed(`block ${cid} is no node of a contract's storage`, e)
  }
}

function mustGetNode(store: BlockReader, cid: CID): Uint8Array {
  if (cid.code !== DAG_CBOR) malformed(`a contract's storage links to ${cid}, which is not DAG-CBOR`)
  return mustGet(store, cid)
}

function readNode(r: CborReader, at: number): Node {
  r.tuple(2, 'storage node')
  let bits = 0n
  for (const b of r.bytes(32)) bits = (bits << 8n) | BigInt(b)
  const n = r.array(1 << BIT_WIDTH)
  if (bitsBelow(bits, 256) !== n) r.fail(`${n} pointers for ${bitsBelow(bits, 256)} set bits`)
  if (bits >> BigInt(1 << BIT_WIDTH) !== 0n) r.fail('a slot beyond the width is set')
  if (n === 0 && at !== 0) r.fail('a node below the root is empty')
  const pointers: Pointer[] = []
  for (let i = 0; i < n; i++) pointers.push(readPointer(r, at + BIT_WIDTH))
  r.end()
  return { bits, pointers }
}

function readPointer(r: CborReader, consumed: number): Pointer {
  if (r.map(1) !== 1) r.fail('a pointer is a map of one entry')
  const kind = r.text(1)
  if (kind === 'v') {
    const n = r.array(MAX_BUCKET)
    if (n === 0) r.fail('a bucket is empty')
    const entries: [Uint8Array, Uint8Array][] = []
    for (let i = 0; i < n; i++) {
      r.tuple(2, 'storage entry')
      entries.push([readWord(r), readWord(r)])
    }
    return { entries }
  }
  if (kind !== 'l') r.fail('a pointer is neither a bucket nor a link')
  r.tuple(3, 'storage link')
  const cid = cidFromBytes(r.link().slice())
  const skip = Number(r.uint())
  const path = r.bytes(32)
  if (skip % BIT_WIDTH !== 0) r.fail(`a link skips ${skip} bits, which is no multiple of ${BIT_WIDTH}`)
  // What is left for the node below must be more than nothing; this also ends every walk.
  if (skip >= KEY_BITS - consumed) r.fail(`a link skips ${skip} bits where ${KEY_BITS - consumed} are left`)
  if (path.length !== Math.ceil(skip / 8)) r.fail(`a path of ${path.length} bytes cannot hold ${skip} bits`)
  return { cid, skip, path }
}

/** A 256-bit word, stored without its leading zero bytes. */
function readWord(r: CborReader): Uint8Array {
  const raw = r.bytes(32)
  const out = new Uint8Array(32)
  out.set(raw, 32 - raw.length)
  return out
}
