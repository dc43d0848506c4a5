/** Layer 7: brings the chain from where it is to the heaviest one that peers tell of. */

import { compareTipsets } from '../consensus/fork-choice.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { Blockstore } from '../store/blockstore.ts'
import { MissingBlockError } from '../store/blockstore.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { MetadataStore } from '../store/metadata.ts'
import { type BlockHeader, blockCid } from '../types/block.ts'
import type { CID } from '../types/cid.ts'
import type { FullBlock } from '../types/full-block.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { type Tipset, TipsetKey } from '../types/tipset.ts'
import { BadBlocks } from './bad-blocks.ts'
import { isPermanent, SyncError } from './errors.ts'
import { type HeaderSource, walkBack } from './header-walk.ts'
import { storeFullBlock } from './message-store.ts'
import { SyncReports } from './state.ts'
import { TipsetTracker } from './tipset-tracker.ts'
import { ValidatedBlocks } from './validated.ts'

const log = getLogger('sync')

/** Tipsets whose messages are asked for at a time (Lotus chain/sync.go). */
const MESSAGE_BATCH = 8
/** Tipsets that are validated in one go, while the messages of the next ones come; the head moves after each. */
const SEGMENT = 32
/** Targets that wait; the lightest go first when there are more. */
const MAX_TARGETS = 64
/** Epochs around the head in which a second block of a miner makes the head be chosen anew (Lotus chain/store/store.go). */
const RECHOOSE = { above: 5, below: 4 }

export interface ChainSource extends HeaderSource {
  /** The blocks, with their messages, of tipsets each of which is the parent of the next; in that order. @throws when nobody has them */
  messages(tipsets: readonly Tipset[], signal: AbortSignal): Promise<readonly (readonly FullBlock[])[]>
}

export interface Validator {
  /**
   * Checks every rule of tipsets that follow from one another, whose messages are in the store; the parents of the first were
   * validated. Ends after the first tipset with a bad block.
   * @returns for each tipset that was looked at a list with what is wrong with each of its blocks, undefined for a good one; an
   * error's `permanent` says whether the block is bad for good
   */
  validate(way: readonly TipsetKey[], signal: AbortSignal): Promise<readonly (readonly (Error | undefined)[])[]>
  /** Weight of the chain that ends in a tipset whose parents were executed. */
  weigh(tipset: Tipset, signal: AbortSignal): Promise<bigint>
}

export interface SyncerComponents {
  readonly chain: ChainStore
  readonly store: Blockstore
  readonly metadata: MetadataStore
  readonly source: ChainSource
  readonly validator: Validator
}

interface Target {
  readonly key: TipsetKey
  readonly height: ChainEpoch
  /** As claimed; nothing depends on its truth but the order of work. */
  readonly weight: bigint
}

/** Follows the chain: takes targets and blocks, validates what leads to them, and moves the head. */
export class Syncer {
  readonly bad = new BadBlocks()
  readonly reports = new SyncReports(() => Date.now())
  readonly #c: SyncerComponents
  readonly #validated: ValidatedBlocks
  readonly #tracker = new TipsetTracker()
  readonly #targets = new Map<string, Target>()
  readonly #stop = new AbortController()
  #wake: (() => void) | undefined
  #loop: Promise<void> | undefined
  #lane: Promise<unknown> = Promise.resolve()
  #headWeight: { readonly key: string; readonly weight: bigint } | undefined

  constructor(components: SyncerComponents) {
    this.#c = components
    this.#validated = new ValidatedBlocks(components.metadata)
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the node is stopping'))
    this.#wake?.()
    await this.#loop
    await this.#lane.catch(() => undefined)
  }

  /** A head that somebody claims to have. Cheap; work happens in the background. */
  heard(target: Target): void {
    const head = this.#c.chain.head
    if (target.key.isEmpty || head?.key.equals(target.key) === true || this.bad.firstOf(target.key.cids) !== undefined) return
    this.#targets.set(target.key.id, target)
    if (this.#targets.size > MAX_TARGETS) {
      const lightest = [...this.#targets.values()].reduce((a, b) => (b.weight < a.weight ? b : a))
      this.#targets.delete(lightest.key.id)
    }
    this.#wake?.()
  }

  /**
   * A block with its messages, from gossip or a miner. Settles when it was validated and the head, if it should, has moved.
   * @throws what makes the block bad or not to be judged yet
   */
  async submit(block: FullBlock, signal: AbortSignal = this.#stop.signal): Promise<void> {
    const cid = blockCid(block.header)
    const bad = this.bad.get(cid)
    if (bad !== undefined)
      throw new SyncError('SYNC_BAD_BLOCK', `block ${cid} is known to be bad: ${bad.reason}`, { permanent: true })
    await storeFullBlock(this.#c.store, block)
    await this.#inTurn(() => this.#reach(new TipsetKey([cid]), block.header.height, signal))
  }

  /** Validates a tipset that is in the store, or can be had, without any claim that it is the best. */
  sync(key: TipsetKey, height: ChainEpoch, signal: AbortSignal = this.#stop.signal): Promise<void> {
    return this.#inTurn(() => this.#reach(key, height, signal))
  }

  /**
   * Pins a tipset, after fetching and validating what leads to it where that was not done yet; it takes the place of an
   * earlier pin. The chain never leaves a pinned tipset (Lotus chain/checkpoint.go).
   * @throws SyncError, or StoreError STORE_CHECKPOINT when its fork lies more than finality below the head
   */
  checkpoint(key: TipsetKey, signal: AbortSignal = this.#stop.signal): Promise<void> {
    return this.#inTurn(async () => {
      const head = this.#c.chain.requireHead()
      await this.#report(key, head.height, (report) => this.#validateUpTo(report, key, { signal, ignoreCheckpoint: true }))
      await this.#c.chain.setCheckpoint(this.#c.chain.reader.tipset(key))
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#lane.then(work, work)
    this.#lane = run.catch(() => undefined)
    return run
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const target = this.#takeTarget()
      if (target === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      await this.#inTurn(() => this.#reach(target.key, target.height, signal)).catch((error: unknown) => {
        if (!signal.aborted)
          log.warn('a target could not be reached', { height: target.height, target: target.key.toString() }, error)
      })
    }
  }

  /** The heaviest target; what is no heavier than the head is let go. */
  #takeTarget(): Target | undefined {
    let best: Target | undefined
    for (const t of this.#targets.values()) if (best === undefined || t.weight > best.weight) best = t
    if (best !== undefined) this.#targets.delete(best.key.id)
    return best
  }

  #reach(target: TipsetKey, targetHeight: ChainEpoch, signal: AbortSignal): Promise<void> {
    return this.#report(target, targetHeight, (report) => this.#advance(report, target, signal))
  }

  /** Runs a sync with a report of its own. */
  async #report(target: TipsetKey, targetHeight: ChainEpoch, work: (report: number) => Promise<void>): Promise<void> {
    const head = this.#c.chain.requireHead()
    const report = this.reports.begin({ base: head.key, baseHeight: head.height, target, targetHeight })
    try {
      await work(report)
      this.reports.end(report)
    } catch (error) {
      this.reports.end(report, errorMessage(error))
      throw error
    }
  }

  async #advance(report: number, target: TipsetKey, signal: AbortSignal): Promise<void> {
    let moved = false
    await this.#validateUpTo(report, target, {
      signal,
      // Also far from the target: a restart goes on from here.
      onValid: async (tipset) => {
        moved = true
        await this.#considerHead(this.#expanded(tipset), signal)
      },
    })
    if (!moved) await this.#considerHead(this.#expanded(this.#c.chain.reader.tipset(target)), signal)
  }

  /**
   * Validates what leads to a target from what is known to be valid.
   * @param options.onValid told of the highest valid tipset after each segment
   */
  async #validateUpTo(
    report: number,
    target: TipsetKey,
    options: {
      readonly signal: AbortSignal
      readonly ignoreCheckpoint?: boolean
      readonly onValid?: (tipset: Tipset) => Promise<void>
    },
  ): Promise<void> {
    const { signal, onValid, ignoreCheckpoint = false } = options
    const { base, keys } = await walkBack({ ...this.#c, bad: this.bad, validated: this.#validated }, target, {
      signal,
      ignoreCheckpoint,
      onHeight: (height) => this.reports.update(report, { height }),
    })
    this.reports.update(report, { stage: 'messages', base: base.key, baseHeight: base.height })
    let last: Tipset | undefined
    for await (const tipsets of this.#withMessages(keys, signal)) {
      this.reports.update(report, { height: (tipsets[0] as Tipset).height })
      const { good, failure } = await this.#validateTipsets(tipsets, keys, signal)
      last = good.at(-1) ?? last
      if (last !== undefined) await onValid?.(last)
      if (failure !== undefined) throw failure
    }
  }

  /** The tipsets of keys in order, in segments, their messages in the store; the next segment is fetched ahead. */
  async *#withMessages(keys: readonly TipsetKey[], signal: AbortSignal): AsyncGenerator<readonly Tipset[]> {
    let at = 0
    const next = (): Promise<readonly Tipset[]> | undefined => {
      if (at >= keys.length) return undefined
      const segment = this.#fetchSegment(keys.slice(at, at + SEGMENT), signal)
      // Awaited in its turn; until then its failure is nobody's.
      segment.catch(() => undefined)
      at += SEGMENT
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
      if (stretch.length > 0) requests.push(this.#fetchMessages(stretch, signal))
    }
    await Promise.all(requests)
    return tipsets
  }

  async #fetchMessages(tipsets: readonly Tipset[], signal: AbortSignal): Promise<void> {
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

  /** The tipsets of the way that are valid, in order; with the failure that ended it, if one did. */
  async #validateTipsets(
    tipsets: readonly Tipset[],
    way: readonly TipsetKey[],
    signal: AbortSignal,
  ): Promise<{ readonly good: readonly Tipset[]; readonly failure: Error | undefined }> {
    const good: Tipset[] = []
    const results = await this.#c.validator.validate(
      tipsets.map((t) => t.key),
      signal,
    )
    for (const [i, errors] of results.entries()) {
      const tipset = tipsets[i] as Tipset
      const valid = tipset.cids.filter((_, j) => errors[j] === undefined)
      await this.#validated.add(valid)
      tipset.blocks.forEach((header, j) => {
        if (errors[j] === undefined) this.#tracker.add(header, tipset.cids[j] as CID)
      })
      const failure = errors.find((e) => e !== undefined)
      if (failure === undefined) {
        good.push(tipset)
        continue
      }
      for (const [j, error] of errors.entries())
        if (isPermanent(error) && !signal.aborted) this.#markBad(tipset.cids[j] as CID, errorMessage(error), way)
      return { good, failure }
    }
    return { good, failure: undefined }
  }

  /** A bad block spoils every tipset of the way above it. */
  #markBad(cid: CID, reason: string, way: readonly TipsetKey[]): void {
    this.bad.mark(cid, reason)
    const from = way.findIndex((k) => k.cids.some((c) => c.equals(cid)))
    if (from < 0) return
    for (const key of way.slice(from + 1)) for (const c of key.cids) this.bad.markLinked(c, cid)
  }

  /** The tipset with all validated blocks beside it; itself when its miners equivocate out of every tipset. */
  #expanded(tipset: Tipset): Tipset {
    return this.#tracker.expand(tipset.height, tipset.parents.cids) ?? tipset
  }

  async #considerHead(candidate: Tipset, signal: AbortSignal): Promise<void> {
    const { chain } = this.#c
    const head = chain.requireHead()
    if (this.#headSpoilt(head, candidate)) return this.#rechoose(head, signal)
    if (candidate.equals(head) || this.#equivocates(candidate)) return
    const heavier = await this.#compare(candidate, head, signal)
    if (heavier <= 0) return
    await chain.setHead(candidate)
  }

  #equivocates(tipset: Tipset): boolean {
    return tipset.blocks.some((b: BlockHeader) => this.#tracker.equivocates(b))
  }

  /** A second block of a miner of the head has come: the head must lose it. */
  #headSpoilt(head: Tipset, seen: Tipset): boolean {
    return seen.height <= head.height + RECHOOSE.above && seen.height >= head.height - RECHOOSE.below && this.#equivocates(head)
  }

  async #rechoose(head: Tipset, signal: AbortSignal): Promise<void> {
    const { chain } = this.#c
    let best: Tipset | undefined
    for (let height = head.height + RECHOOSE.above; height >= Math.max(0, head.height - RECHOOSE.below); height--) {
      for (const t of this.#tracker.at(height)) {
        if (!chain.keepsCheckpoint(t)) continue
        if (best === undefined || (await this.#compare(t, best, signal)) > 0) best = t
      }
    }
    best ??= chain.reader.parent(head)
    // A checkpoint that holds an equivocator's block is the operator's choice.
    if (best.equals(head) || !chain.keepsCheckpoint(best)) return
    log.warn('a miner of the head made two blocks at its height; another head was chosen', { from: head.height, to: best.height })
    await chain.setHead(best)
  }

  async #compare(a: Tipset, b: Tipset, signal: AbortSignal): Promise<number> {
    return compareTipsets(
      { tipset: a, weight: await this.#weight(a, signal) },
      { tipset: b, weight: await this.#weight(b, signal) },
    )
  }

  async #weight(tipset: Tipset, signal: AbortSignal): Promise<bigint> {
    if (this.#headWeight?.key === tipset.key.id) return this.#headWeight.weight
    const weight = await this.#c.validator.weigh(tipset, signal)
    if (this.#c.chain.head?.equals(tipset) === true) this.#headWeight = { key: tipset.key.id, weight }
    return weight
  }
}
