import { fromJson } from '../codec/codec.ts'
import type { BlockHeader } from '../types/block.ts'
import { type CID, cidFromBytes } from '../types/cid.ts'
import { finality } from '../types/finality.ts'
import { type Tipset, TipsetKey, tipsetKey, tipsetKeyBlock } from '../types/tipset.ts'
import type { Block, Blockstore } from './blockstore.ts'
import type { ChainReader, HeadChange } from './chain-reader.ts'
import { StoreError } from './errors.ts'
import { HeadChangeQueue } from './head-changes.ts'
import { type MetadataStore, metadataKeys } from './metadata.ts'

export interface ChainStoreComponents {
  readonly store: Blockstore & { sync?(): Promise<void> }
  readonly metadata: MetadataStore
  readonly reader: ChainReader
}

/** Told of every head change in order, before subscribers; it must not throw and must not wait. */
export type HeadListener = (changes: readonly HeadChange[], head: Tipset) => void

/**
 * The chain that this node follows: its head, genesis and checkpoint, kept over restarts, and the stream of their changes.
 * It lives in the main thread; other threads read the chain through a `ChainReader` of their own.
 */
export class ChainStore {
  readonly reader: ChainReader
  readonly #store: ChainStoreComponents['store']
  readonly #metadata: MetadataStore
  readonly #queues = new Set<HeadChangeQueue>()
  readonly #newcomers = new Set<HeadChangeQueue>()
  readonly #listeners = new Set<HeadListener>()
  #head: Tipset | undefined
  #genesis: Tipset | undefined
  #checkpoint: Tipset | undefined
  #last: Promise<unknown> = Promise.resolve()

  private constructor(components: ChainStoreComponents) {
    this.#store = components.store
    this.#metadata = components.metadata
    this.reader = components.reader
  }

  /**
   * Reads head, genesis and checkpoint of an earlier run.
   * @throws MissingBlockError when the blocks of one of them are gone
   */
  static async open(components: ChainStoreComponents): Promise<ChainStore> {
    const chain = new ChainStore(components)
    const genesis = components.metadata.get(metadataKeys.genesis)
    if (genesis !== undefined) chain.#genesis = chain.reader.tipset(new TipsetKey([cidFromBytes(genesis)]))
    chain.#head = chain.#stored(metadataKeys.head)
    chain.#checkpoint = chain.#stored(metadataKeys.checkpoint)
    return chain
  }

  #stored(key: string): Tipset | undefined {
    const text = this.#metadata.getText(key)
    if (text === undefined) return undefined
    let parsed: TipsetKey
    try {
      parsed = fromJson(tipsetKey, JSON.parse(text))
    } catch (cause) {
      throw new StoreError('STORE_CORRUPT', `the record ${key} of the metadata store is no tipset key`, { cause })
    }
    return this.reader.tipset(parsed)
  }

  /** The heaviest tipset, undefined before there is a genesis. */
  get head(): Tipset | undefined {
    return this.#head
  }

  /** @throws StoreError STORE_NO_HEAD */
  requireHead(): Tipset {
    if (this.#head === undefined)
      throw new StoreError('STORE_NO_HEAD', 'the chain has no head yet', { hint: 'Import a snapshot or start with a genesis.' })
    return this.#head
  }

  get genesis(): Tipset | undefined {
    return this.#genesis
  }

  get checkpoint(): Tipset | undefined {
    return this.#checkpoint
  }

  /**
   * Records the genesis on first use; afterwards only checks that it is the same.
   * @throws StoreError STORE_GENESIS when the store holds another chain
   */
  setGenesis(header: BlockHeader, cid: CID): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#genesis
      if (known !== undefined) {
        if (!known.key.equals(new TipsetKey([cid]))) throw otherGenesis(known.cids[0] as CID, cid)
        return
      }
      if (header.height !== 0) throw new StoreError('STORE_GENESIS', `block ${cid} of height ${header.height} is no genesis`)
      const tipset = this.reader.tipset(new TipsetKey([cid]))
      await this.#persist([tipsetKeyBlock(tipset.key)])
      await this.#metadata.put(metadataKeys.genesis, cid.bytes, { sync: true })
      this.#genesis = tipset
      if (this.#head === undefined) await this.#take(tipset, true)
    })
  }

  /**
   * Makes a tipset the head; its blocks and their ancestors must be in the store. Settles when it is on disk and after the
   * listeners were told.
   * @param options.sync false leaves it to a later change to bring it to the disk (catching up)
   * @throws StoreError STORE_CHECKPOINT when the checkpoint is not on its chain
   */
  setHead(tipset: Tipset, options: { readonly sync?: boolean } = {}): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.keepsCheckpoint(tipset))
        throw new StoreError(
          'STORE_CHECKPOINT',
          `tipset ${tipset.key} does not descend from the checkpoint ${this.#checkpoint?.key}`,
        )
      await this.#take(tipset, options.sync ?? true)
    })
  }

  /** As `setHead`, removing the checkpoint first: for an operator who repairs a node (Lotus ChainSetHead). */
  forceHead(tipset: Tipset): Promise<void> {
    return this.#inTurn(async () => {
      await this.#dropCheckpoint()
      await this.#take(tipset, true)
    })
  }

  /**
   * Makes the head of an imported chain the head, and its genesis the genesis, without computing the way from the old head:
   * subscribers are told `current`. Removes the checkpoint.
   * @throws StoreError STORE_GENESIS when the store holds another chain
   */
  async adopt(head: Tipset, genesis: Tipset): Promise<void> {
    await this.setGenesis(genesis.first, genesis.cids[0] as CID)
    return this.#inTurn(async () => {
      await this.#dropCheckpoint()
      if (this.#head?.equals(head) !== true) await this.#record(head, [{ type: 'current', tipset: head }], true)
    })
  }

  /** Whether a tipset may be the head: it is the checkpoint or descends from it, or there is none. */
  keepsCheckpoint(tipset: Tipset): boolean {
    const pin = this.#checkpoint
    return pin === undefined || pin.equals(tipset) || this.reader.isAncestor(pin, tipset)
  }

  removeCheckpoint(): Promise<void> {
    return this.#inTurn(() => this.#dropCheckpoint())
  }

  /**
   * Pins a tipset: the chain no longer leaves it. A tipset of another fork becomes the head when the fork is younger than 900
   * epochs (Lotus SetCheckpoint).
   * @throws StoreError STORE_CHECKPOINT
   */
  setCheckpoint(tipset: Tipset): Promise<void> {
    return this.#inTurn(async () => {
      const head = this.requireHead()
      const fork = this.reader.commonAncestor(head, tipset)
      if (!fork.equals(tipset)) {
        // Going on from the head is no fork; leaving it more than finality back is one too many.
        if (!fork.equals(head) && fork.height < head.height - finality)
          throw new StoreError(
            'STORE_CHECKPOINT',
            `tipset ${tipset.key} leaves the chain more than ${finality} epochs below the head`,
          )
        await this.#take(tipset, true)
      }
      await this.#metadata.put(metadataKeys.checkpoint, keyJson(tipset.key), { sync: true })
      this.#checkpoint = tipset
    })
  }

  async #dropCheckpoint(): Promise<void> {
    await this.#metadata.delete(metadataKeys.checkpoint, { sync: true })
    this.#checkpoint = undefined
  }

  async #take(tipset: Tipset, sync: boolean): Promise<void> {
    const before = this.#head
    if (before?.equals(tipset) === true) return
    await this.#record(tipset, before === undefined ? [{ type: 'apply', tipset }] : this.reader.path(before, tipset), sync)
  }

  async #record(tipset: Tipset, changes: readonly HeadChange[], sync: boolean): Promise<void> {
    await this.#persist([tipsetKeyBlock(tipset.key)])
    // Blocks first: the record of the head must never name blocks that a power cut can lose.
    if (sync) await this.#store.sync?.()
    await this.#metadata.put(metadataKeys.head, keyJson(tipset.key), { sync })
    this.#head = tipset
    this.reader.remember(tipset)
    for (const listener of this.#listeners) listener(changes, tipset)
    for (const queue of this.#queues) queue.push(changes)
    for (const queue of this.#newcomers) {
      this.#queues.add(queue)
      queue.push([{ type: 'current', tipset }])
    }
    this.#newcomers.clear()
  }

  #persist(blocks: readonly Block[]): Promise<void> {
    return this.#store.putMany(blocks)
  }

  /**
   * Head changes from now on: first `current` with the head (or as soon as there is one), then one batch for each change:
   * its reverts downwards, its applies upwards.
   * A reader that falls 16 batches behind is dropped: its iterator throws STORE_SLOW_READER after what it had buffered.
   */
  subscribe(signal?: AbortSignal): AsyncIterableIterator<readonly HeadChange[]> {
    const queue = new HeadChangeQueue((q) => {
      this.#queues.delete(q)
      this.#newcomers.delete(q)
    }, signal)
    if (signal?.aborted === true) return queue
    if (this.#head === undefined) this.#newcomers.add(queue)
    else {
      this.#queues.add(queue)
      queue.push([{ type: 'current', tipset: this.#head }])
    }
    return queue
  }

  /** Calls `listener` within every head change; returns what removes it. */
  onHeadChange(listener: HeadListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** One change after the other, whoever asks. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work)
    this.#last = run.catch(() => {})
    return run
  }

  /** Ends all subscriptions and waits for a change that is under way. */
  async close(): Promise<void> {
    await this.#last
    for (const queue of [...this.#queues, ...this.#newcomers]) await queue.return()
  }
}

export function otherGenesis(known: CID, found: CID): StoreError {
  return new StoreError('STORE_GENESIS', `the chain begins with ${found}, this node follows the one that begins with ${known}`, {
    hint: 'Use another repository for another network, or remove the existing chain.',
  })
}

function keyJson(key: TipsetKey): string {
  return JSON.stringify(key.cids.map((c) => ({ '/': c.toString() })))
}
