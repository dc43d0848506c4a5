/** Block production for the miner actors of a process. */
import { randomInt } from 'node:crypto'
import type { TipsetView } from '../../api/types/chain.ts'
import type { MiningAttempt, MiningState } from '../../api/types/mining.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import type { Address } from '../../types/address.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { MinerError } from '../errors.ts'
import { keyOf, minTimestamp } from './chain.ts'
import type { MiningRecord } from './record.ts'
import { Resender } from './resend.ts'
import { Round, type RoundBase, type RoundComponents, type RoundRules } from './round.ts'

const log = getLogger('mining')

/** Until something that failed is tried again, milliseconds. */
const RETRY_MS = 1000
/** Spread of the beginnings of miners, so that they do not ask the beacon and each other all at once (Lotus: a second). */
const JITTER_MS = 1000

export interface BlockProducerComponents extends RoundComponents {
  readonly record: Pick<MiningRecord, 'put'>
  /** Told of each attempt after it was recorded. */
  readonly onAttempt?: (attempt: MiningAttempt) => void
}

export interface BlockProducerInit extends RoundRules {
  /** Id addresses. */
  readonly actors: readonly Address[]
  /** Milliseconds; a second where it is not given. */
  readonly jitterMs?: number
}

interface ActorState {
  readonly miner: Address
  mining: boolean
  /** The newest epoch that is done with. */
  done: ChainEpoch
  last: MiningAttempt | undefined
}

/**
 * Goes from epoch to epoch: chooses what to build on when the blocks of others have had their time to arrive, and has each actor
 * try its luck once an epoch (Lotus miner/miner.go, mine). Epochs whose time has passed are made up for without waiting,
 * as null rounds where nobody wins: that is how a chain that stood still goes on.
 */
export class BlockProducer {
  readonly #c: BlockProducerComponents
  readonly #init: BlockProducerInit
  readonly #actors: readonly ActorState[]
  readonly #resender: Resender
  readonly #stop = new AbortController()
  #seen: { readonly key: string; readonly tipset: TipsetView; readonly at: number } | undefined
  #running: Promise<void> | undefined

  constructor(components: BlockProducerComponents, init: BlockProducerInit) {
    this.#c = components
    this.#init = init
    this.#resender = new Resender(components, init)
    this.#actors = init.actors.map((miner) => ({ miner, mining: true, done: -1, last: undefined }))
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends after the block that is being sent, if one is. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('block production was stopped'))
    await this.#running
  }

  /** The tipset that the next block would stand on. */
  async base(signal: AbortSignal): Promise<TipsetView> {
    return (await this.#candidate(signal)).tipset
  }

  states(): MiningState[] {
    return this.#actors.map(({ miner, mining, last }) => ({
      miner,
      isMining: mining,
      lastEpoch: last?.epoch ?? -1,
      lastOutcome: last?.outcome ?? '',
      lastReason: last?.reason ?? '',
    }))
  }

  /** Makes blocks for the actors, or stops to, from the next epoch on. @throws MinerError MINER_UNKNOWN_ACTOR */
  setMining(miners: readonly Address[], mining: boolean): void {
    const chosen = miners.length === 0 ? this.#actors : miners.map((m) => this.#actor(m))
    for (const actor of chosen) actor.mining = mining
  }

  #actor(miner: Address): ActorState {
    const found = this.#actors.find((a) => a.miner.equals(miner))
    if (found !== undefined) return found
    throw new MinerError('MINER_UNKNOWN_ACTOR', `${miner} is not one of the miner actors of this process`)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#epoch(signal)
      } catch (error) {
        if (signal.aborted) return
        log.error('an epoch could not be begun', { reason: errorMessage(error) })
        await this.#c.clock.sleep(RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  /** One epoch: waits for its time, then runs it for all actors that have not had it. */
  async #epoch(signal: AbortSignal): Promise<void> {
    const { clock, chain } = this.#c
    const before = await this.#candidate(signal)
    const due = this.#actors.filter((a) => a.mining)
    if (due.length === 0) return clock.sleep(this.#init.blockDelaySecs * 1000, signal)
    // What was recorded and is not in the chain goes first: on its parents no other block can be made.
    if (await this.#sendAgain(due, before.tipset, signal)) return
    const epoch = this.#next(due, before.tipset)
    await clock.sleep(this.#beginOf(before.tipset, epoch) - clock.now(), signal)
    await chain.beaconReady(epoch, signal)
    const base = await this.#candidate(signal)
    // A head that came meanwhile has an epoch of its own.
    if (base.key !== before.key && this.#next(due, base.tipset) !== epoch) return
    if (base.key !== before.key && this.#beginOf(base.tipset, epoch) > clock.now() + JITTER_MS) return
    const roundBase: RoundBase = { tipset: base.tipset, seenAt: base.at, nullRounds: epoch - base.tipset.height - 1 }
    const round = new Round(this.#c, this.#init, roundBase, signal)
    const actors = due.filter((a) => a.mining && a.done < epoch)
    const attempts = await round.run(actors.map((a) => a.miner))
    let again = false
    for (const [i, attempt] of attempts.entries()) {
      const actor = actors[i] as ActorState
      if (attempt.outcome === 'failed' && signal.aborted) continue
      // What failed is tried again while there is time.
      if (attempt.outcome === 'failed' && clock.now() < round.blockTimeMs) again = true
      else actor.done = epoch
      await this.#tell(actor, attempt)
    }
    if (again) await clock.sleep(RETRY_MS, signal)
  }

  async #sendAgain(actors: readonly ActorState[], head: TipsetView, signal: AbortSignal): Promise<boolean> {
    let sent = false
    for (const actor of actors) {
      const attempt = await this.#resender.run(actor.miner, head, signal)
      if (attempt === undefined) continue
      actor.done = Math.max(actor.done, attempt.epoch)
      await this.#tell(actor, attempt)
      sent = true
    }
    return sent
  }

  async #tell(actor: ActorState, attempt: MiningAttempt): Promise<void> {
    actor.last = attempt
    await this.#c.record.put(attempt)
    this.#c.onAttempt?.(attempt)
  }

  /** The epoch that comes next on a base: its own next one, or the first that not all actors have had. */
  #next(actors: readonly ActorState[], base: TipsetView): ChainEpoch {
    const done = Math.min(...actors.map((a) => a.done))
    return Math.max(base.height, done) + 1
  }

  /** When work on an epoch begins: when the blocks of the epoch before have had their time to arrive. Unix milliseconds. */
  #beginOf(base: TipsetView, epoch: ChainEpoch): number {
    const { blockDelaySecs, propagationDelaySecs, jitterMs = JITTER_MS } = this.#init
    const jitter = jitterMs > 0 ? randomInt(jitterMs) - jitterMs / 2 : 0
    const nullRounds = epoch - base.height - 1
    return (minTimestamp(base) + blockDelaySecs * nullRounds + propagationDelaySecs) * 1000 + jitter
  }

  async #candidate(signal: AbortSignal): Promise<{ readonly key: string; readonly tipset: TipsetView; readonly at: number }> {
    const tipset = await this.#c.chain.head(signal)
    const key = keyOf(tipset).id
    if (this.#seen?.key !== key) this.#seen = { key, tipset, at: this.#c.clock.now() }
    return this.#seen
  }
}
