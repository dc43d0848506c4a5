import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { BitField } from '../../types/bitfield.ts'
import type { SignedMessage } from '../../types/message.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { TipsetKey } from '../../types/tipset.ts'
import { type Deadline, recoveryDeadline } from './deadlines.ts'
import { WindowPostError } from './errors.ts'
import type { ProofRecords } from './proof-records.ts'
import {
  challengeRandomness,
  type DeadlineProofs,
  type ProveComponents,
  type ProveInit,
  proveDeadline,
} from './prove-deadline.ts'
import { declareRecoveries, type RecoveryComponents, type RecoveryInit } from './recoveries.ts'
import { postedPartitions, Submission, type SubmitComponents, type SubmitInit } from './submission.ts'

const log = getLogger('wdpost')

/** Epochs after the opening until proofs are sent (Lotus). */
const SUBMIT_CONFIDENCE = 4
/** How often a deadline is proven anew because the chain refused its proofs. */
const MAX_REFUSALS = 3

export interface WindowComponents extends ProveComponents, SubmitComponents, RecoveryComponents {
  readonly api: ProveComponents['api'] & SubmitComponents['api'] & RecoveryComponents['api']
  readonly records: ProofRecords
  /** Told of what happened, for the journal. */
  readonly journal?: (event: WindowPostEvent) => void
}

export type WindowInit = ProveInit & SubmitInit & RecoveryInit

/** Lotus's journal events of window PoSts (storage/wdpost/wdpost_journal.go). */
export interface WindowPostEvent {
  readonly type: 'scheduler' | 'proofs_processed' | 'recoveries_processed'
  readonly state: 'started' | 'succeeded' | 'faulted' | 'aborted'
  readonly deadline: Deadline
  readonly height: ChainEpoch
  readonly error?: string
  readonly messages?: readonly SignedMessage[]
}

export interface Head {
  readonly key: TipsetKey
  readonly height: ChainEpoch
}

/** What a window is given by the scheduler that owns it. */
export interface WindowOwner {
  /** Fires when the miner stops. */
  readonly signal: AbortSignal
  /** Takes in work that goes on in the background. */
  track(work: Promise<void>): void
  /** Asks for another turn: proofs are made. */
  wake(): void
}

/** One opening of a deadline, from its challenge to its close: proofs are made, kept, sent, and watched. */
export class DeadlineWindow {
  readonly deadline: Deadline
  readonly #c: WindowComponents
  readonly #init: WindowInit
  readonly #owner: WindowOwner
  #phase: 'waiting' | 'proving' | 'proven' = 'waiting'
  /** Set while proofs are made. */
  #abort: AbortController | undefined
  #proofs: DeadlineProofs | undefined
  #submission: Submission | undefined
  #posted = false
  #refusals = 0
  /** Set once the partitions that could not be proven at first are tried again. */
  #rest = false
  #recoveriesDeclared = false

  constructor(components: WindowComponents, init: WindowInit, owner: WindowOwner, deadline: Deadline) {
    this.#c = components
    this.#init = init
    this.#owner = owner
    this.deadline = deadline
  }

  get phase(): 'waiting' | 'proving' | 'proven' {
    return this.#phase
  }

  /** Lets go of a deadline that has closed. */
  async end(head: Head): Promise<void> {
    const { index, close, open } = this.deadline
    if (this.#phase === 'proving') this.#event(head, 'scheduler', 'aborted')
    this.#abort?.abort(new WindowPostError('WINDOW_POST_FAILED', `deadline ${index} has closed`))
    if (this.#phase === 'proven' && !this.#posted && (this.#proofs?.messages.length ?? 0) > 0)
      log.error('a deadline closed without its window PoSt', { deadline: index, close })
    await this.#c.records.forget(open)
  }

  /** Begins what a settled challenge calls for: the proofs, unless they are on the disk already, and recoveries of a later deadline. */
  async begin(head: Head): Promise<void> {
    const { deadline } = this
    if (!this.#recoveriesDeclared) {
      this.#recoveriesDeclared = true
      this.#owner.track(this.#declareRecoveries(head))
    }
    const kept = this.#refusals === 0 && !this.#rest ? this.#c.records.get(deadline.open) : undefined
    if (kept !== undefined && (await this.#isCurrent(kept))) {
      this.#proven(kept)
      return
    }
    this.#phase = 'proving'
    this.#abort = new AbortController()
    this.#event(head, 'scheduler', 'started')
    this.#owner.track(this.#prove(head, AbortSignal.any([this.#owner.signal, this.#abort.signal])))
  }

  async #prove(head: Head, signal: AbortSignal): Promise<void> {
    const { deadline } = this
    try {
      // What a state has before the deadline opens is of its last round.
      const done =
        head.height > deadline.open ? await postedPartitions(this.#c.api, this.#init.miner, deadline, head.key) : BitField.empty
      const request = { deadline, tipset: head.key, manual: false, done }
      const proofs = await proveDeadline(this.#c, this.#init, request, signal)
      // First on the disk: a process that dies from here on sends them after its restart.
      if (proofs.messages.length > 0) await this.#c.records.put(deadline.open, proofs)
      this.#proven(proofs)
      this.#event(head, 'proofs_processed', 'succeeded')
    } catch (error) {
      // The next head begins it anew.
      if (this.#phase === 'proving') this.#phase = 'waiting'
      if (signal.aborted) return
      // What could be proven is on chain; the next deadline comes first now.
      if (this.#rest) this.#proven({ randomness: new Uint8Array(0), messages: [], incomplete: true })
      log.error('a deadline could not be proven', { deadline: deadline.index, close: deadline.close }, error)
      this.#event(head, 'scheduler', 'faulted', errorMessage(error))
      return
    } finally {
      this.#abort = undefined
    }
    // It may be time to send them, or to prove the next one, already. Not awaited: `close` waits for this, and for the turn.
    if (!signal.aborted) this.#owner.wake()
  }

  #proven(proofs: DeadlineProofs): void {
    this.#phase = 'proven'
    this.#proofs = proofs
    this.#submission = new Submission(this.#c, this.#init, this.deadline, proofs.messages)
    this.#posted = proofs.messages.length === 0
  }

  async #declareRecoveries(head: Head): Promise<void> {
    const index = recoveryDeadline(this.deadline)
    try {
      const messages = await declareRecoveries(this.#c, this.#init, index, head.key, this.#owner.signal)
      if (messages.length > 0) this.#event(head, 'recoveries_processed', 'succeeded', undefined, messages)
    } catch (error) {
      if (this.#owner.signal.aborted) return
      log.error('recoveries could not be declared', { deadline: index }, error)
      this.#event(head, 'recoveries_processed', 'faulted', errorMessage(error))
    }
  }

  /** Whether proofs answer the challenge that the heaviest chain has now. */
  async #isCurrent(proofs: DeadlineProofs): Promise<boolean> {
    const now = await challengeRandomness(this.#c.api, this.#init.miner, this.deadline)
    return Buffer.compare(now, proofs.randomness) === 0
  }

  /** Sends proofs that are due, and looks what became of those that were sent. */
  async submit(head: Head): Promise<void> {
    const { deadline } = this
    const submission = this.#submission
    const proofs = this.#proofs
    if (this.#phase !== 'proven' || submission === undefined || proofs === undefined || proofs.messages.length === 0) return
    if (head.height < deadline.open + SUBMIT_CONFIDENCE || head.height >= deadline.close) return
    try {
      if (!(await this.#isCurrent(proofs))) {
        log.warn('the chain went another way: the deadline is proven anew', { deadline: deadline.index })
        await this.#again()
        return
      }
      const outcome = await submission.advance(head)
      if (outcome === 'posted' && !this.#posted) {
        log.info("a deadline's window PoSt is on chain", { deadline: deadline.index, ...(await submission.outcome(head.key)) })
        this.#event(head, 'scheduler', 'succeeded')
      }
      this.#posted = outcome === 'posted'
      if (outcome === 'posted' && proofs.incomplete && !this.#rest) {
        log.warn('partitions that could not be proven are tried again', { deadline: deadline.index })
        this.#rest = true
        await this.#again()
      }
      if (outcome === 'refused') await this.#onRefusal(head)
    } catch (error) {
      if (this.#owner.signal.aborted) return
      log.error('a window PoSt could not be sent; it is tried again with the next head', { deadline: deadline.index }, error)
      this.#event(head, 'scheduler', 'faulted', errorMessage(error))
    }
  }

  async #onRefusal(head: Head): Promise<void> {
    this.#refusals++
    this.#event(head, 'scheduler', 'faulted', 'the chain refused the proofs')
    if (this.#refusals > MAX_REFUSALS) {
      if (this.#refusals === MAX_REFUSALS + 1)
        log.error('a deadline is given up: the chain refused its proofs every time', { deadline: this.deadline.index })
      return
    }
    await this.#again()
  }

  async #again(): Promise<void> {
    this.#phase = 'waiting'
    this.#proofs = undefined
    this.#submission = undefined
    await this.#c.records.forget(this.deadline.open)
  }

  #event(
    { height }: Head,
    type: WindowPostEvent['type'],
    state: WindowPostEvent['state'],
    error?: string,
    messages?: readonly SignedMessage[],
  ): void {
    this.#c.journal?.({
      type,
      state,
      deadline: this.deadline,
      height,
      ...(error === undefined ? {} : { error }),
      ...(messages === undefined ? {} : { messages }),
    })
  }
}
