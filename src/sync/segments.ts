import type { Blockstore } from '../store/blockstore.ts'
import { MissingBlockError } from '../store/blockstore.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { FullBlock } from '../types/full-block.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import { SyncError } from './errors.ts'
import { storeFullBlock } from './message-store.ts'

/** Tipsets whose messages are asked for at a time (Lotus chain/sync.go). */
const MESSAGE_BATCH = 8
/**
 * Tipsets that are validated in one go, while the messages of the next ones come; the head moves after each. They grow from the
 * first to the last: what a node that ends early has to do again is little, and proofs are checked many together later on.
 */
const FIRST_SEGMENT = 4
const MAX_SEGMENT = 32

/** Where messages come from. */
export interface MessageSource {
  /** The blocks, with their messages, of tipsets each of which is the parent of the next; in that order. @throws when nobody has them */
  messages(tipsets: readonly Tipset[], signal: AbortSignal): Promise<readonly (readonly FullBlock[])[]>
}

export interface SegmentsComponents {
  readonly chain: ChainStore
  readonly store: Blockstore
  readonly source: MessageSource
}

/** Brings the messages of a way of tipsets into the store, segment by segment. */
export class Segments {
  readonly #c: SegmentsComponents
  /** Requests that are under way, by the tipset that they begin with: two targets often share a way. */
  readonly #coming = new Map<string, Promise<void>>()

  constructor(components: SegmentsComponents) {
    this.#c = components
  }

  /** The tipsets of keys in order, in segments, their messages in the store; the next segment is fetched ahead. */
  async *of(keys: readonly TipsetKey[], signal: AbortSignal): AsyncGenerator<readonly Tipset[]> {
    let at = 0
    let size = FIRST_SEGMENT
    const next = (): Promise<readonly Tipset[]> | undefined => {
      if (at >= keys.length) return undefined
      const segment = this.#fetchSegment(keys.slice(at, at + size), signal)
      // Awaited in its turn; until then its failure is nobody's.
      segment.catch(() => undefined)
      at += size
      size = Math.min(size * 2, MAX_SEGMENT)
      return segment
    }
    let coming = next()
    while (coming !== undefined) {
      const tipsets = await coming
      coming = next()
      yield tipsets
    }
  }

  async #fetchSegment(keys: readonly TipsetKey[], signal: AbortSignal): Promise<readonly Tipset[]> {
    const tipsets = keys.map((k) => this.#c.chain.reader.tipset(k))
    const requests: Promise<void>[] = []
    for (let i = 0; i < tipsets.length; i += MESSAGE_BATCH) {
      const batch = tipsets.slice(i, i + MESSAGE_BATCH)
      const lacks = batch.map((t) => !this.#hasMessages(t))
      // Peers answer for tipsets that follow from one another: one question for the stretch, though it may hold some that are here.
      const stretch = batch.slice(lacks.indexOf(true), lacks.lastIndexOf(true) + 1)
      if (stretch.length > 0) requests.push(this.#fetch(stretch, signal))
    }
    await Promise.all(requests)
    return tipsets
  }

  async #fetch(tipsets: readonly Tipset[], signal: AbortSignal): Promise<void> {
    const { id } = (tipsets[0] as Tipset).key
    // Who asked first may fail or be stopped: what is then still missing is asked for once more.
    const other = this.#coming.get(id)
    if (other !== undefined) {
      await other.catch(() => undefined)
      if (tipsets.every((t) => this.#hasMessages(t))) return
    }
    const request = this.#request(tipsets, signal).finally(() => {
      if (this.#coming.get(id) === request) this.#coming.delete(id)
    })
    this.#coming.set(id, request)
    await request
  }

  async #request(tipsets: readonly Tipset[], signal: AbortSignal): Promise<void> {
    const answers = await this.#c.source.messages(tipsets, signal)
    for (const blocks of answers) for (const block of blocks) await storeFullBlock(this.#c.store, block)
    const still = tipsets.find((t) => !this.#hasMessages(t))
    if (still !== undefined)
      throw new SyncError('SYNC_UNAVAILABLE', `nobody has the messages of the tipset at height ${still.height}`)
  }

  #hasMessages(tipset: Tipset): boolean {
    try {
      for (const b of tipset.blocks) this.#c.chain.reader.messages(b)
      return true
    } catch (error) {
      if (error instanceof MissingBlockError) return false
      throw error
    }
  }
}
