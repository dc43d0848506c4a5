/** Layer 7: brings the chain from where it is to the heaviest one that peers tell of. */

import { compareTipsets } from '../consensus/fork-choice.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { finality } from '../networks/constants.ts'
import type { Blockstore } from '../store/blockstore.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { MetadataStore } from '../store/metadata.ts'
import { type BlockHeader, blockCid } from '../types/block.ts'
import type { CID } from '../types/cid.ts'
import type { FullBlock } from '../types/full-block.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { type Tipset, TipsetKey } from '../types/tipset.ts'
import { BadBlocks } from './bad-blocks.ts'
import { Deferred } from './deferred.ts'
import { badBlock, codeOf, isBadClaim, isPermanent } from './errors.ts'
import { type HeaderSource, walkBack } from './header-walk.ts'
import { storeFullBlock } from './message-store.ts'
import { type MessageSource, Segments } from './segments.ts'
import { SyncReports } from './state.ts'
import { type Claim, type Target, Targets } from './targets.ts'
import { TipsetTracker } from './tipset-tracker.ts'
import { ValidatedBlocks } from './validated.ts'

const log = getLogger('sync')

/** Targets that are worked on at one time: one that peers hold up does not hold up the others (Lotus chain/sync_manager.go: 5). */
const MAX_SYNCS = 4
/** Epochs around the head in which a second block of a miner makes the head be chosen anew (Lotus chain/store/store.go). */
const RECHOOSE = { above: 5, below: 4 }

export interface ChainSource extends HeaderSource, MessageSource {}

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
  /** Told of peers whose claimed head cannot be ours, or that nobody can deliver. */
  readonly onBadClaim?: (peer: string, error: Error) => void
  /** Unix ms; the system's clock where it is not given. */
  readonly now?: () => number
}

interface ReachOptions {
  readonly signal: AbortSignal
  readonly claimants?: ReadonlySet<string>
}

/** Follows the chain: takes targets and blocks, validates what leads to them, and moves the head. */
export class Syncer {
  readonly bad = new BadBlocks()
  readonly reports: SyncReports
  readonly #c: SyncerComponents
  readonly #validated: ValidatedBlocks
  readonly #tracker = new TipsetTracker()
  readonly #targets = new Targets()
  readonly #segments: Segments
  readonly #deferred: Deferred
  readonly #stop = new AbortController()
  #wake: (() => void) | undefined
  #loop: Promise<void> | undefined
  #lane: Promise<unknown> = Promise.resolve()
  #headWeight: { readonly key: string; readonly weight: bigint } | undefined

  constructor(components: SyncerComponents) {
    this.#c = components
    this.#validated = new ValidatedBlocks(components.metadata)
    this.#segments = new Segments(components)
    const now = components.now ?? Date.now
    this.reports = new SyncReports(now)
    this.#deferred = new Deferred({
      now,
      onDue: (key, { height, parentWeight }) => this.heard({ key, height, weight: parentWeight }),
    })
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the node is stopping'))
    this.#deferred.close()
    this.#wake?.()
    await this.#loop
    await this.#lane.catch(() => undefined)
  }

  /**
   * A head that somebody claims to have. Cheap; work happens in the background.
   * @param peer whose head it is: it is asked for it first, and answers for it; undefined where nobody vouches for it
   */
  heard(claim: Claim, peer?: string): void {
    const { head } = this.#c.chain
    if (claim.key.isEmpty || head?.key.equals(claim.key) === true) return
    const bad = this.bad.firstOf(claim.key.cids)
    if (bad === undefined) this.#targets.add(claim, peer)
    else if (peer !== undefined) this.#c.onBadClaim?.(peer, badBlock(bad.cid, bad.bad.reason))
    this.#wake?.()
  }

  /**
   * A block with its messages, from gossip or a miner. Settles when it was validated and the head, if it should, has moved.
   * @throws what makes the block bad or not to be judged yet
   */
  async submit(block: FullBlock, signal: AbortSignal = this.#stop.signal): Promise<void> {
    const cid = blockCid(block.header)
    const bad = this.bad.get(cid)
    if (bad !== undefined) throw badBlock(cid, bad.reason)
    await storeFullBlock(this.#c.store, block)
    await this.sync(new TipsetKey([cid]), block.header.height, signal)
  }

  /** Validates a tipset that is in the store, or can be had, without any claim that it is the best. One ahead of its time is tried again then. */
  async sync(key: TipsetKey, height: ChainEpoch, signal: AbortSignal = this.#stop.signal): Promise<void> {
    try {
      await this.#reach(key, height, { signal })
    } catch (error) {
      if (codeOf(error) === 'BLOCK_FUTURE') this.#deferred.add(key, this.#c.chain.reader.tipset(key).first)
      throw error
    }
  }

  /**
   * Pins a tipset, after fetching and validating what leads to it where that was not done yet; it takes the place of an
   * earlier pin. The chain never leaves a pinned tipset (Lotus chain/checkpoint.go).
   * @throws SyncError, or StoreError STORE_CHECKPOINT when its fork lies more than finality below the head
   */
  async checkpoint(key: TipsetKey, signal: AbortSignal = this.#stop.signal): Promise<void> {
    const head = this.#c.chain.requireHead()
    await this.#report(key, head.height, (report) => this.#validateUpTo(report, key, { signal, ignoreCheckpoint: true }))
    await this.#inTurn(() => this.#c.chain.setCheckpoint(this.#c.chain.reader.tipset(key)))
  }

  /** Validation and moves of the head are one after the other; fetching is not. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#lane.then(work, work)
    this.#lane = run.catch(() => undefined)
    return run
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const running = new Set<Promise<void>>()
    while (!signal.aborted) {
      const target = running.size < MAX_SYNCS ? this.#targets.take() : undefined
      if (target === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      const run = this.#pursue(target, signal).finally(() => {
        running.delete(run)
        this.#targets.done(target)
        this.#wake?.()
      })
      running.add(run)
    }
    await Promise.all(running)
  }

  async #pursue(target: Target, signal: AbortSignal): Promise<void> {
    try {
      await this.#reach(target.key, target.height, { signal, claimants: target.claimants })
    } catch (error) {
      if (signal.aborted) return
      log.warn('a target could not be reached', { height: target.height, target: target.key.toString() }, error)
      if (isBadClaim(error)) for (const peer of target.claimants) this.#c.onBadClaim?.(peer, error as Error)
    }
  }

  #reach(target: TipsetKey, targetHeight: ChainEpoch, options: ReachOptions): Promise<void> {
    return this.#report(target, targetHeight, (report) => this.#advance(report, target, options))
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

  async #advance(report: number, target: TipsetKey, options: ReachOptions): Promise<void> {
    const { signal } = options
    let moved = false
    await this.#validateUpTo(report, target, {
      ...options,
      // Also far from the target: a restart goes on from here.
      onValid: async (tipset) => {
        moved = true
        await this.#considerHead(this.#expanded(tipset), signal)
      },
    })
    if (moved) return
    await this.#inTurn(() => this.#considerHead(this.#expanded(this.#c.chain.reader.tipset(target)), signal))
  }

  /**
   * Validates what leads to a target from what is known to be valid.
   * @param options.onValid told, in turn, of the highest valid tipset after each segment
   */
  async #validateUpTo(
    report: number,
    target: TipsetKey,
    options: ReachOptions & {
      readonly ignoreCheckpoint?: boolean
      readonly onValid?: (tipset: Tipset) => Promise<void>
    },
  ): Promise<void> {
    const { signal, onValid } = options
    const { base, keys } = await walkBack({ ...this.#c, bad: this.bad, validated: this.#validated }, target, {
      ...options,
      onHeight: (height) => this.reports.update(report, { height }),
    })
    this.reports.update(report, { stage: 'messages', base: base.key, baseHeight: base.height })
    let last: Tipset | undefined
    for await (const tipsets of this.#segments.of(keys, signal)) {
      await this.#inTurn(async () => {
        this.reports.update(report, { height: (tipsets[0] as Tipset).height })
        const { good, failure } = await this.#validateTipsets(tipsets, keys, signal)
        last = good.at(-1) ?? last
        if (last !== undefined) await onValid?.(last)
        if (failure !== undefined) throw failure
      })
    }
  }

  /** The tipsets of the way that are valid, in order; with the failure that ended it, if one did. */
  async #validateTipsets(
    tipsets: readonly Tipset[],
    way: readonly TipsetKey[],
    signal: AbortSignal,
  ): Promise<{ readonly good: readonly Tipset[]; readonly failure: Error | undefined }> {
    signal.throwIfAborted()
    // Another target may have led through some of them in the meantime.
    const first = tipsets.findIndex((t) => !this.#validated.hasAll(t.key))
    const rest = first < 0 ? [] : tipsets.slice(first)
    const good: Tipset[] = first < 0 ? [...tipsets] : tipsets.slice(0, first)
    if (rest.length === 0) return { good, failure: undefined }
    const results = await this.#c.validator.validate(
      rest.map((t) => t.key),
      signal,
    )
    // In one write: what is lost with it is only looked at again.
    await this.#validated.add(results.flatMap((errors, i) => (rest[i] as Tipset).cids.filter((_, j) => errors[j] === undefined)))
    for (const [i, errors] of results.entries()) {
      const tipset = rest[i] as Tipset
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
    if (heavier <= 0 || this.#isOldFork(candidate, head)) return
    await chain.setHead(candidate)
  }

  /** The head may have moved on since the way to a candidate was looked at. */
  #isOldFork(candidate: Tipset, head: Tipset): boolean {
    if (candidate.parents.equals(head.key) || candidate.parents.equals(head.parents)) return false
    return this.#c.chain.reader.commonAncestor(candidate, head).height < head.height - finality
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
