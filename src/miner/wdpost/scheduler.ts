import type { Api } from '../../api/api.ts'
import type { TipsetView } from '../../api/types/chain.ts'
import { getLogger } from '../../lib/log.ts'
import type { SignedMessage } from '../../types/message.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { TipsetKey } from '../../types/tipset.ts'
import { type Deadline, latestDeadline, nextDeadline, periodStarted } from './deadlines.ts'
import { type PostParams, proveDeadline } from './prove-deadline.ts'
import { declareByHand } from './recoveries.ts'
import { DeadlineWindow, type Head, type WindowComponents, type WindowInit, type WindowOwner } from './window.ts'

const log = getLogger('wdpost')

/** Epochs after the challenge until its randomness is taken as settled (Lotus). */
const CHALLENGE_CONFIDENCE = 1

export interface SchedulerComponents extends WindowComponents {
  readonly api: WindowComponents['api'] & Pick<Api, 'chainHead' | 'stateMinerProvingDeadline'>
}

export type SchedulerInit = WindowInit

/**
 * Proves a miner's deadlines as the head moves: each is proven once its challenge has settled, sent when it has opened, and watched
 * until it closes. Nothing of it depends on this process having lived through the deadline's beginning.
 */
export class WindowPostScheduler {
  readonly #c: SchedulerComponents
  readonly #init: SchedulerInit
  readonly #windows = new Map<ChainEpoch, DeadlineWindow>()
  readonly #stop = new AbortController()
  /** Proofs and declarations that are being made. */
  readonly #running = new Set<Promise<void>>()
  readonly #owner: WindowOwner = {
    signal: this.#stop.signal,
    track: (work) => this.#track(work),
    // Not awaited: `close` waits for the turn, and a turn for no proof.
    wake: () => void this.#wake(),
  }
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
    for (const window of this.#windows.values()) await window.submit(head)
  }

  async #expire(head: Head): Promise<void> {
    for (const [open, window] of this.#windows) {
      if (head.height < window.deadline.close) continue
      this.#windows.delete(open)
      await window.end(head)
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
        await window.begin(head)
        return
      }
      deadline = nextDeadline(deadline)
    }
  }

  #window(deadline: Deadline): DeadlineWindow {
    let window = this.#windows.get(deadline.open)
    if (window === undefined) {
      window = new DeadlineWindow(this.#c, this.#init, this.#owner, deadline)
      this.#windows.set(deadline.open, window)
    }
    return window
  }

  #track(work: Promise<void>): void {
    this.#running.add(work)
    work.finally(() => this.#running.delete(work)).catch(() => undefined)
  }
}
