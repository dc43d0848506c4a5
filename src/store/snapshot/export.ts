import { setImmediate as pause } from 'node:timers/promises'
import { encode } from '../../codec/codec.ts'
import { DagWalker } from '../../native/ipld.ts'
import { type CID, cidFromBytes, cidOf, DAG_CBOR, IDENTITY, RAW } from '../../types/cid.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { Tipset } from '../../types/tipset.ts'
import { type Blockstore, MissingBlockError } from '../blockstore.ts'
import { type ByteSink, CarWriter } from '../car/car-writer.ts'
import type { ChainReader } from '../chain-reader.ts'
import { SnapshotError } from './errors.ts'
import { snapshotMetadata } from './metadata.ts'
import { ProgressReporter, type SnapshotProgress } from './progress.ts'

/** Fewest states that an export may hold (Lotus chain/export, policy.ChainFinality): a node needs them to go on from it. */
export const MIN_RECENT_STATES = 900
const CBOR = 0x51
/** Blocks that are read before other work gets its turn. */
const TURN = 1024

/** F3 certificates that go into a version 2 snapshot: one raw block of any size. */
export interface F3Source {
  readonly cid: CID
  readonly bytes: number
  pieces(): AsyncIterable<Uint8Array>
}

export interface ExportOptions {
  readonly head: Tipset
  readonly store: Blockstore
  readonly reader: ChainReader
  /** Epochs below the head whose states are included; at least 900 for a snapshot that another node can start from. */
  readonly recentStateRoots: ChainEpoch
  /** Leaves out the messages of blocks older than that. */
  readonly skipOldMessages: boolean
  readonly format: 'v1' | 'v2'
  /** For `v2`. */
  readonly f3?: F3Source
  readonly sink: ByteSink
  readonly onProgress?: (progress: SnapshotProgress) => void
  readonly signal?: AbortSignal
}

export interface ExportResult {
  readonly blocks: number
  readonly bytes: number
  readonly roots: readonly CID[]
}

/**
 * Writes a snapshot: all headers down to the genesis, the messages of blocks, the states of the recent epochs and of the
 * genesis. Each block once. The set of blocks is the one that Lotus writes (chain/store/snapshot.go WalkSnapshot): receipts
 * are left out, sector commitments and identity CIDs are no blocks. Within a state the order may differ from Lotus's.
 * @throws MissingBlockError for a block that the store lacks, SnapshotError SNAPSHOT_FORMAT
 */
export async function exportSnapshot(options: ExportOptions): Promise<ExportResult> {
  const { head, reader, signal } = options
  const { writer, roots } = await begin(options)
  const walk = new SnapshotWalk(options.store, writer, signal)
  const progress = new ProgressReporter(options.onProgress)
  const oldest = head.height - options.recentStateRoots
  let tipset = head
  for (;;) {
    signal?.throwIfAborted()
    for (const cid of tipset.cids) await walk.one(cid)
    for (const block of tipset.blocks) {
      if (!options.skipOldMessages || block.height > oldest) await walk.below(block.messages)
      if (block.height === 0) for (const parent of block.parents) await walk.one(parent)
      if (block.height === 0 || block.height > oldest) await walk.below(block.parentStateRoot)
    }
    progress.update({ phase: 'transfer', bytes: writer.bytes, blocks: writer.blocks, height: tipset.height })
    if (tipset.height === 0) break
    if (tipset.height % 64 === 0) await pause()
    tipset = reader.parent(tipset)
  }
  await writer.flush()
  progress.update({ phase: 'transfer', bytes: writer.bytes, blocks: writer.blocks, height: 0 }, true)
  return { blocks: writer.blocks, bytes: writer.bytes, roots }
}

async function begin(options: ExportOptions): Promise<{ writer: CarWriter; roots: readonly CID[] }> {
  const { head, sink, f3 } = options
  if (!Number.isSafeInteger(options.recentStateRoots) || options.recentStateRoots < 0)
    throw new SnapshotError('SNAPSHOT_FORMAT', `${options.recentStateRoots} is no number of epochs`)
  if (options.format === 'v1') return { writer: new CarWriter(sink, head.cids), roots: head.cids }
  const metadata = encode(snapshotMetadata, { version: 2n, headTipsetKey: [...head.cids], f3Data: f3?.cid ?? null })
  const root = cidOf(metadata)
  const writer = new CarWriter(sink, [root])
  await writer.write(root.bytes, metadata)
  if (f3 !== undefined) await writer.writeStream(f3.cid.bytes, f3.bytes, f3.pieces())
  return { writer, roots: [root] }
}

/** Writes blocks that were not written before. */
class SnapshotWalk {
  readonly #store: Blockstore
  readonly #writer: CarWriter
  readonly #signal: AbortSignal | undefined
  readonly #walk = new DagWalker()

  constructor(store: Blockstore, writer: CarWriter, signal: AbortSignal | undefined) {
    this.#store = store
    this.#writer = writer
    this.#signal = signal
  }

  /** One block without what it links to. The chain comes by tipsets, each once: only the walk below must remember. */
  async one(cid: CID): Promise<void> {
    if (!isExported(cid.code, cid.multihash.code)) return
    await this.#writer.write(cid.bytes, this.#get(cid.bytes))
  }

  /**
   * A block and all below it.
   * @param missing what to do about a block that the store lacks; without it that is an error
   */
  async below(root: CID, missing: 'fail' | 'pass' = 'fail'): Promise<void> {
    const walk = this.#walk
    walk.push([root.bytes])
    for (let cids = walk.next(TURN); cids.length > 0; cids = walk.next(TURN)) {
      this.#signal?.throwIfAborted()
      const blocks: { cid: Uint8Array; data: Uint8Array }[] = []
      for (const cid of cids) {
        if (!exportedBytes(cid)) continue
        const data = this.#store.getBytes(cid)
        if (data === undefined) {
          if (missing === 'pass') continue
          throw new MissingBlockError(cidFromBytes(cid.slice()))
        }
        await this.#writer.write(cid, data)
        blocks.push({ cid, data })
      }
      walk.feed(blocks)
      if (cids.length === TURN) await pause()
    }
  }

  #get(cid: Uint8Array): Uint8Array {
    const data = this.#store.getBytes(cid)
    if (data === undefined) throw new MissingBlockError(cidFromBytes(cid.slice()))
    return data
  }
}

function isExported(codec: number, hash: number): boolean {
  return hash !== IDENTITY && (codec === DAG_CBOR || codec === RAW || codec === CBOR)
}

function exportedBytes(cid: Uint8Array): boolean {
  // Version 1, a one-byte codec, and a hash that is not identity.
  if (cid[0] === 1 && (cid[1] as number) < 0x80) return isExported(cid[1] as number, cid[2] as number)
  const decoded = cidFromBytes(cid.slice())
  return isExported(decoded.code, decoded.multihash.code)
}

export interface RangeExportOptions {
  readonly head: Tipset
  /** Nothing but headers is written at or below this tipset's height. */
  readonly tail: Tipset
  readonly store: Blockstore
  readonly reader: ChainReader
  readonly messages: boolean
  readonly receipts: boolean
  readonly stateRoots: boolean
  readonly sink: ByteSink
  readonly signal?: AbortSignal
}

/**
 * Writes headers down to the genesis, and messages, receipts and states of the range above `tail` as asked (Lotus
 * ChainExportRangeInternal). Receipts that the store lacks are passed over, as in Lotus; the genesis state is always included.
 */
export async function exportRange(options: RangeExportOptions): Promise<ExportResult> {
  const { head, tail, reader, signal } = options
  if (head.height < tail.height)
    throw new SnapshotError('SNAPSHOT_FORMAT', `the head at height ${head.height} lies below the tail at ${tail.height}`)
  const writer = new CarWriter(options.sink, head.cids)
  const walk = new SnapshotWalk(options.store, writer, signal)
  for (let tipset = head; ; tipset = reader.parent(tipset)) {
    signal?.throwIfAborted()
    for (const cid of tipset.cids) await walk.one(cid)
    const inRange = tipset.height > tail.height
    for (const block of tipset.blocks) {
      if (block.height === 0) for (const parent of block.parents) await walk.below(parent)
      else if (inRange && options.messages) await walk.below(block.messages)
      if (block.height !== 0 && inRange && options.receipts) await walk.below(block.parentMessageReceipts, 'pass')
      if (block.height === 0 || (inRange && options.stateRoots)) await walk.below(block.parentStateRoot)
    }
    if (tipset.height === 0) break
    if (tipset.height % 64 === 0) await pause()
  }
  await writer.flush()
  return { blocks: writer.blocks, bytes: writer.bytes, roots: head.cids }
}
