import type { CID } from '../../types/cid.ts'
import { type Tipset, TipsetKey, tipsetKeyBlock } from '../../types/tipset.ts'
import { type Block, type Blockstore, MissingBlockError } from '../blockstore.ts'
import { type CarBatch, CarReader } from '../car/car-reader.ts'
import { type CarLocation, openCarSource } from '../car/car-source.ts'
import { ChainReader } from '../chain-reader.ts'
import type { ChainStore } from '../chain-store.ts'
import type { MetadataStore } from '../metadata.ts'
import { SnapshotError } from './errors.ts'
import { type F3Data, F3DataWriter } from './f3-data.ts'
import { HeaderTracker } from './header-tracker.ts'
import { readSnapshotMetadata } from './metadata.ts'
import { ProgressReporter, type SnapshotProgress } from './progress.ts'
import { checkState } from './state-check.ts'

/** Batches on their way to the disk while the next ones are hashed. */
const WRITES_IN_FLIGHT = 3
/** The F3 block of a snapshot may be longer than a section's limit, but not without end. */
const MAX_F3_BYTES = 8 * 2 ** 30
/** Tipsets below the head whose keys are stored as blocks, for Ethereum's block hashes (Lotus TipsetkeyBackfillRange). */
const KEY_BLOCKS = 1800

/** What an import asks of the block store, beyond reading. */
export interface SectionStore extends Blockstore {
  putSections(batch: CarBatch, options?: { readonly skipKnown?: boolean }): Promise<void>
  isEmpty(): Promise<boolean>
  sync(): Promise<void>
}

export interface ImportOptions {
  /** Path, URL, or the file's bytes; zstd is recognised. */
  readonly source: CarLocation
  readonly store: SectionStore
  /** Given the head and genesis when all is checked; without it the caller sets them. */
  readonly chain?: ChainStore
  /** Where the snapshot's F3 certificates are kept; without it they are passed over. */
  readonly metadata?: MetadataStore
  /** The genesis that the chain must begin with. */
  readonly genesis?: CID
  /** `state` also walks the whole state at the head and refuses a snapshot that lacks a block of it; default `headers`. */
  readonly check?: 'headers' | 'state'
  readonly onProgress?: (progress: SnapshotProgress) => void
  readonly signal?: AbortSignal
}

export interface ImportResult {
  readonly head: Tipset
  readonly genesis: Tipset
  /** Version of the snapshot format. */
  readonly version: 1 | 2
  readonly blocks: number
  /** Bytes of the CAR, decompressed. */
  readonly bytes: number
  readonly f3: F3Data | undefined
}

/**
 * Brings a snapshot into the store: every block's hash is checked, the headers must lead from the head to the genesis without
 * a gap, and only then are head and genesis set. An import that failed leaves blocks behind but no head, and can be repeated.
 * @throws CarError, SnapshotError, StoreError STORE_GENESIS, or the signal's reason
 */
export async function importSnapshot(options: ImportOptions): Promise<ImportResult> {
  const { store, signal } = options
  const source = await openCarSource(options.source, { signal })
  const reader = await CarReader.open(source.bytes, { signal })
  const progress = new ProgressReporter(options.onProgress)
  try {
    const skipKnown = !(await store.isEmpty())
    const start = await preamble(reader, options.metadata)
    const tracker = new HeaderTracker(start.head)
    const first = await keepFirst(start.block, store)
    if (first !== undefined) tracker.see(first)
    let blocks = start.blocks
    const transfer = (): Parameters<ProgressReporter['update']>[0] => ({
      phase: 'transfer',
      bytes: source.readBytes(),
      totalBytes: source.totalBytes,
      blocks,
      height: tracker.height,
    })
    await writeBehind(reader.batches(), async (batch) => {
      tracker.see(batch)
      blocks += batch.entries.length / 4
      progress.update(transfer())
      await store.putSections(batch, { skipKnown })
    })
    progress.update(transfer(), true)
    const bytes = reader.position
    const { head, genesis } = await settle(options, tracker, start.head, progress, blocks)
    return { head, genesis, version: start.version, blocks, bytes, f3: start.f3 }
  } finally {
    await reader.close()
  }
}

interface Preamble {
  readonly version: 1 | 2
  readonly head: readonly CID[]
  /** A block of the chain that had to be read to tell the versions apart. */
  readonly block: Block | undefined
  readonly blocks: number
  readonly f3: F3Data | undefined
}

async function preamble(reader: CarReader, metadata: MetadataStore | undefined): Promise<Preamble> {
  const [root, ...others] = reader.roots
  if (root === undefined) throw new SnapshotError('SNAPSHOT_FORMAT', 'the CAR file has no roots, so it is no snapshot')
  const v1 = { version: 1, head: reader.roots, block: undefined, blocks: 0, f3: undefined } as const
  if (others.length > 0 || (await reader.peek())?.cid.equals(root) !== true) return v1
  const block = (await reader.next()) as Block
  const found = readSnapshotMetadata(block.data)
  if (found === undefined) return { ...v1, block, blocks: 1 }
  const v2 = { version: 2, head: found.headTipsetKey, block: undefined } as const
  if (found.f3Data === null) return { ...v2, blocks: 1, f3: undefined }
  if ((await reader.peek())?.cid.equals(found.f3Data) !== true)
    throw new SnapshotError('SNAPSHOT_FORMAT', 'the F3 data that the snapshot names does not follow its metadata')
  return { ...v2, blocks: 2, f3: await takeF3(reader, metadata) }
}

async function takeF3(reader: CarReader, metadata: MetadataStore | undefined): Promise<F3Data | undefined> {
  if (metadata === undefined) {
    await reader.stream(MAX_F3_BYTES, () => {})
    return undefined
  }
  const writer = await F3DataWriter.begin(metadata)
  return writer.finish(await reader.stream(MAX_F3_BYTES, (part) => writer.write(part)))
}

async function keepFirst(block: Block | undefined, store: SectionStore): Promise<CarBatch | undefined> {
  if (block === undefined) return undefined
  await store.putMany([block])
  const cid = block.cid.bytes
  return {
    bytes: Buffer.concat([cid, block.data]),
    consumed: cid.length + block.data.length,
    entries: Uint32Array.of(0, cid.length, cid.length, block.data.length),
  }
}

/** Runs `write` for each batch, a few at a time; the first failure ends it after the others have settled. */
async function writeBehind(batches: AsyncIterable<CarBatch>, write: (batch: CarBatch) => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const batch of batches) {
      const one: Promise<void> = write(batch).then(
        () => void running.delete(one),
        (error: unknown) => {
          failure ??= { error }
          running.delete(one)
        },
      )
      running.add(one)
      while (running.size >= WRITES_IN_FLIGHT) await Promise.race(running)
      if (failure !== undefined) break
    }
  } finally {
    await Promise.all(running)
  }
  if (failure !== undefined) throw failure.error
}

async function settle(
  options: ImportOptions,
  tracker: HeaderTracker,
  headKey: readonly CID[],
  progress: ProgressReporter,
  blocks: number,
): Promise<{ head: Tipset; genesis: Tipset }> {
  const { store, chain, signal } = options
  const reader = chain?.reader ?? new ChainReader(store)
  const genesisCid = tracker.finish(store)
  const expected = options.genesis ?? chain?.genesis?.cids[0]
  if (expected !== undefined && !expected.equals(genesisCid))
    throw new SnapshotError(
      'SNAPSHOT_GENESIS',
      `the snapshot's chain begins with ${genesisCid}, this network's with ${expected}`,
      {
        hint: 'The snapshot belongs to another network.',
      },
    )
  const head = reader.tipset(new TipsetKey(headKey))
  const genesis = reader.tipset(new TipsetKey([genesisCid]))
  requireRoots(store, head)
  if (options.check === 'state') {
    await checkState(store, head.parentStateRoot, signal, (done) =>
      progress.update({ phase: 'check', bytes: 0, blocks: blocks + done }),
    )
  }
  await store.putMany(keyBlocks(reader, head))
  await store.sync()
  await chain?.adopt(head, genesis)
  return { head, genesis }
}

/** The head's messages: what every snapshot holds, whether with states or without. */
function requireRoots(store: Blockstore, head: Tipset): void {
  for (const block of head.blocks) {
    if (store.has(block.messages)) continue
    throw new SnapshotError('SNAPSHOT_INCOMPLETE', `the snapshot lacks block ${block.messages}, the messages of its head`, {
      cause: new MissingBlockError(block.messages),
    })
  }
}

function keyBlocks(reader: ChainReader, head: Tipset): Block[] {
  const out: Block[] = []
  for (let at = head; out.length < KEY_BLOCKS; at = reader.parent(at)) {
    out.push(tipsetKeyBlock(at.key))
    if (at.height === 0) break
  }
  return out
}
