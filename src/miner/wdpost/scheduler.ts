import type { Api } from '../../api/api.ts'
import type { TipsetView } from '../../api/types/chain.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { BitField } from '../../types/bitfield.ts'
import type { SignedMessage } from '../../types/message.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { TipsetKey } from '../../types/tipset.ts'
import { type Deadline, latestDeadline, nextDeadline, periodStarted, recoveryDeadline } from './deadlines.ts'
import { WindowPostError } from './errors.ts'
import type { ProofRecords } from './proof-records.ts'
import {
  challengeRandomness,
  type DeadlineProofs,
  type PostParams,
  type ProveComponents,
  type ProveInit,
  proveDeadline,
} from './prove-deadline.ts'
import { declareByHand, declareRecoveries, type RecoveryComponents, type RecoveryInit } from './recoveries.ts'
import { postedPartitions, Submission, type SubmitComponents, type SubmitInit } from './submission.ts'

const log = getLogger('wdpost')

/** Epochs after the challenge until its randomness is taken as settled, and after the opening until proofs are sent (Lotus). */
export const CHALLENGE_CONFIDENCE = 1
export const SUBMIT_CONFIDENCE = 4
/** How often a deadline is proven anew because the chain refused its proofs. */
const MAX_REFUSALS = 3

export interface SchedulerComponents extends ProveComponents, SubmitComponents, RecoveryComponents {
  readonly api: ProveComponents['api'] &
    SubmitComponents['api'] &
    RecoveryComponents['api'] &
    Pick<Api, 'chainHead' | 'stateMinerProvingDeadline'>
  readonly records: ProofRecords
  /** Told of what happened, for the journal. */
  readonly journal?: (event: WindowPostEvent) => void
}

export type SchedulerInit = ProveInit & SubmitInit & RecoveryInit

/** Lotus's journal events of window PoSts (storage/wdpost/wdpost_journal.go). */
export interface WindowPostEvent {
  readonly type: 'scheduler' | 'proofs_processed' | 'recoveries_processed'
  readonly state: 'started' | 'succeeded' | 'faulted' | 'aborted'
  readonly deadline: Deadline
  readonly height: ChainEpoch
  readonly error?: string
  readonly messages?: readonly SignedMessage[]
}

interface Head {
  readonly key: TipsetKey
  readonly height: ChainEpoch
}

interface Window {
  readonly deadline: Deadline
  phase: 'waiting' | 'proving' | 'proven'
  /** Set while proofs are made. */
  abort: AbortController | undefined
  proofs: DeadlineProofs | undefined
  submission: Submission | undefined
  posted: boolean
  refusals: number
  /** Set once the partitions that could not be proven at first are tried again. */
  rest: boolean
  recoveriesDeclared: boolean
}

/**
 * Proves a miner's deadlines as the head moves: each is proven once its challenge has settled, sent when it has opened, and watched
 * until it closes. Nothing of it depends on this process having lived through the deadline's beginning.
 */
export class WindowPostScheduler {
  readonly #c: SchedulerComponents
  readonly #init: SchedulerInit
  readonly #windows = new Map<ChainEpoch, Window>()
  readonly #stop = new AbortController()
  /** Proofs and declarations that are being made. */
  readonly #running = new Set<Promise<void>>()
  #head: Head | undefined
  /** Whether a turn is owed since the last one began. */
  #due = false
  #turn: Promise<void> | undefined

  constructor(components: SchedulerComponents, init: SchedulerInit) {
    this.#c = components
    this.#init = init
  }

  /** Height of the newest head that came. */
  get height(): ChainEpoch | undefined {
    return this.#head?.height
  }

  /** Whether anything that a head called for is still being done. */
  get busy(): boolean {
    return this.#turn !== undefined || this.#running.size > 0
  }

  /** Takes in a new head. Settles when what it calls for has been begun; heads that come meanwhile are taken together. */
  onHead(tipset: Pick<TipsetView, 'cids' | 'height'>): Promise<void> {
    this.#head = { key: new TipsetKey(tipset.cids), height: tipset.height }
    return this.#wake()
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the miner is stopping'))
    await this.#turn
    await Promise.all(this.#running)
  }

  /**
   * Proves a deadline as a check, faulty sectors too, and sends nothing (`proving compute windowed-post`).
   * @throws WindowPostError WINDOW_POST_DEADLINE
   */
  async compute(index: bigint, signal: AbortSignal = this.#stop.signal): Promise<readonly PostParams[]> {
    const head = await this.#c.api.chainHead([])
    const tipset = new TipsetKey(head.cids)
    const current = await this.#c.api.stateMinerProvingDeadline([this.#init.miner, tipset])
    const deadline = latestDeadline(current, index)
    return (await proveDeadline(this.#c, this.#init, { deadline, tipset, manual: true }, signal)).messages
  }

  /** Declares sectors as recovering at the operator's word. */
  recover(sectors: readonly bigint[]): Promise<readonly SignedMessage[]> {
    return declareByHand(this.#c, this.#init, sectors)
  }

  #wake(): Promise<void> {
    this.#due = true
    this.#turn ??= this.#turns()
    return this.#turn
  }

  async #turns(): Promise<void> {
    while (this.#due && !this.#stop.signal.aborted) {
      this.#due = false
      const head = this.#head as Head
      try {
        await this.#step(head)
      } catch (error) {
        if (!this.#stop.signal.aborted)
          log.error('a new head could not be worked on; the next one will be', { height: head.height }, error)
      }
    }
    this.#turn = undefined
  }

  async #step(head: Head): Promise<void> {
    const current = await this.#c.api.stateMinerProvingDeadline([this.#init.miner, head.key])
    if (!periodStarted(current)) return
    await this.#expire(head)
    await this.#proveNext(current, head)
    for (const window of this.#windows.values()) await this.#submit(window, head)
  }

  async #expire(head: Head): Promise<void> {
    for (const [open, window] of this.#windows) {
      if (head.height < window.deadline.close) continue
      if (window.phase === 'proving') this.#event(window, head, 'scheduler', 'aborted')
      window.abort?.abort(new WindowPostError('WINDOW_POST_FAILED', `deadline ${window.deadline.index} has closed`))
      if (window.phase === 'proven' && !window.posted && (window.proofs?.messages.length ?? 0) > 0)
        log.error('a deadline closed without its window PoSt', { deadline: window.deadline.index, close: window.deadline.close })
      this.#windows.delete(open)
      await this.#c.records.forget(open)
    }
  }

  /** Begins the next deadline's proofs when its challenge has settled; one at a time. */
  async #proveNext(current: Deadline, head: Head): Promise<void> {
    let deadline = current
    for (;;) {
      if (head.height < deadline.challenge + CHALLENGE_CONFIDENCE) return
      const window = this.#window(deadline)
      if (window.phase === 'proving') return
      if (window.phase === 'waiting') {
        await this.#begin(window, head)
        return
      }
      deadline = nextDeadline(deadline)
    }
  }

  #window(deadline: Deadline): Window {
    let window = this.#windows.get(deadline.open)
    if (window === undefined) {
      window = {
        deadline,
        phase: 'waiting',
        abort: undefined,
        proofs: undefined,
        submission: undefined,
        posted: false,
        refusals: 0,
        rest: false,
        recoveriesDeclared: false,
      }
      this.#windows.set(deadline.open, window)
    }
    return window
  }

  async #begin(window: Window, head: Head): Promise<void> {
    const { deadline } = window
    if (!window.recoveriesDeclared) {
      window.recoveriesDeclared = true
      this.#track(this.#declareRecoveries(window, head))
    }
    const kept = window.refusals === 0 && !window.rest ? this.#c.records.get(deadline.open) : undefined
    if (kept !== undefined && (await this.#isCurrent(deadline, kept))) {
      this.#proven(window, kept)
      return
    }
    window.phase = 'proving'
    window.abort = new AbortController()
    this.#event(window, head, 'scheduler', 'started')
    this.#track(this.#prove(window, head, AbortSignal.any([this.#stop.signal, window.abort.signal])))
  }

  async #prove(window: Window, head: Head, signal: AbortSignal): Promise<void> {
    const { deadline } = window
    try {
      // What a state has before the deadline opens is of its last round.
      const done =
        head.height > deadline.open ? await postedPartitions(this.#c.api, this.#init.miner, deadline, head.key) : BitField.empty
      const request = { deadline, tipset: head.key, manual: false, done }
      const proofs = await proveDeadline(this.#c, this.#init, request, signal)
      // First on the disk: a process that dies from here on sends them after its restart.
      if (proofs.messages.length > 0) await this.#c.records.put(deadline.open, proofs)
      this.#proven(window, proofs)
      this.#event(window, head, 'proofs_processed', 'succeeded')
    } catch (error) {
      // The next head begins it anew.
      if (window.phase === 'proving') window.phase = 'waiting'
      if (signal.aborted) return
      // What could be proven is on chain; the next deadline comes first now.
      if (window.rest) this.#proven(window, { randomness: new Uint8Array(0), messages: [], incomplete: true })
      log.error('a deadline could not be proven', { deadline: deadline.index, close: deadline.close }, error)
      this.#event(window, head, 'scheduler', 'faulted', errorMessage(error))
      return
    } finally {
      window.abort = undefined
    }
    // It may be time to send them, or to prove the next one, already. Not awaited: `close` waits for this, and for the turn.
    if (!signal.aborted) void this.#wake()
  }

  #proven(window: Window, proofs: DeadlineProofs): void {
    window.phase = 'proven'
    window.proofs = proofs
    window.submission = new Submission(this.#c, this.#init, window.deadline, proofs.messages)
    window.posted = proofs.messages.length === 0
  }

  async #declareRecoveries(window: Window, head: Head): Promise<void> {
    const index = recoveryDeadline(window.deadline)
    try {
      const messages = await declareRecoveries(this.#c, this.#init, index, head.key, this.#stop.signal)
      if (messages.length > 0) this.#event(window, head, 'recoveries_processed', 'succeeded', undefined, messages)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      log.error('recoveries could not be declared', { deadline: index }, error)
      this.#event(window, head, 'recoveries_processed', 'faulted', errorMessage(error))
    }
  }

  /** Whether proofs answer the challenge that the heaviest chain has now. */
  async #isCurrent(deadline: Deadline, proofs: DeadlineProofs): Promise<boolean> {
    const now = await challengeRandomness(this.#c.api, this.#init.miner, deadline)
    return Buffer.compare(now, proofs.randomness) === 0
  }

  async #submit(window: Window, head: Head): Promise<void> {
    const { deadline, submission, proofs } = window
    if (window.phase !== 'proven' || submission === undefined || proofs === undefined || proofs.messages.length === 0) return
    if (head.height < deadline.open + SUBMIT_CONFIDENCE || head.height >= deadline.close) return
    try {
      if (!(await this.#isCurrent(deadline, proofs))) {
        log.warn('the chain went another way: the deadline is proven anew', { deadline: deadline.index })
        await this.#again(window)
        return
      }
      const outcome = await submission.advance(head)
      if (outcome === 'posted' && !window.posted) {
        log.info("a deadline's window PoSt is on chain", { deadline: deadline.index, height: head.height })
        this.#event(window, head, 'scheduler', 'succeeded')
      }
      window.posted = outcome === 'posted'
      if (outcome === 'posted' && proofs.incomplete && !window.rest) {
        log.warn('partitions that could not be proven are tried again', { deadline: deadline.index })
        window.rest = true
        await this.#again(window)
      }
      if (outcome === 'refused') await this.#onRefusal(window, head)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      log.error('a window PoSt could not be sent; it is tried again with the next head', { deadline: deadline.index }, error)
      this.#event(window, head, 'scheduler', 'faulted', errorMessage(error))
    }
  }

  async #onRefusal(window: Window, head: Head): Promise<void> {
    window.refusals++
    this.#event(window, head, 'scheduler', 'faulted', 'the chain refused the proofs')
    if (window.refusals > MAX_REFUSALS) {
      if (window.refusals === MAX_REFUSALS + 1)
        log.error('a deadline is given up: the chain refused its proofs every time', { deadline: window.deadline.index })
      return
    }
    await this.#again(window)
  }

  async #again(window: Window): Promise<void> {
    window.phase = 'waiting'
    window.proofs = undefined
    window.submission = undefined
    await this.#c.records.forget(window.deadline.open)
  }

  #track(work: Promise<void>): void {
    this.#running.add(work)
    work.finally(() => this.#running.delete(work)).catch(() => undefined)
  }

  #event(
    { deadline }: Window,
    { height }: Head,
    type: WindowPostEvent['type'],
    state: WindowPostEvent['state'],
    error?: string,
    messages?: readonly SignedMessage[],
  ): void {
    this.#c.journal?.({
      type,
      state,
      deadline,
      height,
      ...(error === undefined ? {} : { error }),
      ...(messages === undefined ? {} : { messages }),
    })
  }
}
