import type { TipsetView } from '../../api/types/chain.ts'
import type { MiningAttempt, MiningOutcome } from '../../api/types/mining.ts'
import type { Clock } from '../../lib/clock.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import type { Address } from '../../types/address.ts'
import { type BlockMsg, blockCid, type Ticket } from '../../types/block.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import type { SignedMessage } from '../../types/message.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { PoStProof, Prover } from '../proving.ts'
import { keyOf, type MiningChain, minTimestamp } from './chain.ts'
import type { MadeBlocks } from './made-blocks.ts'
import type { PastGuard } from './past.ts'
import { StageTimes } from './record.ts'
import { SlashError, type SlashFilter } from './slash-filter.ts'
import { type Draw, drawElection, drawTicket, minTicket, provingTask, ticketQuality } from './win.ts'

const log = getLogger('mining')

/** Times and rules that blocks are made by; seconds. */
export interface RoundRules {
  readonly blockDelaySecs: number
  readonly propagationDelaySecs: number
  readonly equivocationDelaySecs: number
  readonly smoke: ChainEpoch
}

export interface RoundComponents {
  readonly chain: MiningChain
  readonly prover: Pick<Prover, 'winningPost'>
  readonly filter: SlashFilter
  readonly made: MadeBlocks
  readonly past: PastGuard
  readonly clock: Clock
  /** Milliseconds of a clock that does not run backwards. */
  readonly elapsed: () => number
}

/** What blocks of one epoch are made on. */
export interface RoundBase {
  readonly tipset: TipsetView
  /** When it was seen first, Unix milliseconds. */
  readonly seenAt: number
  readonly nullRounds: number
}

interface Winner {
  readonly miner: Address
  readonly times: StageTimes
  readonly draw: Extract<Draw, { readonly outcome: 'won' }>
  ticket: Ticket
  readonly proof: Promise<readonly PoStProof[]>
  messages: readonly SignedMessage[]
}

interface Ending {
  readonly outcome: MiningOutcome
  readonly reason?: string
  readonly draw?: Draw
  readonly block?: BlockMsg
}

/**
 * One epoch for all actors of the process: who wins proves, takes messages and makes a block, and sends it when its time has come.
 * Source: Lotus miner/miner.go (mine, mineOne), which runs this for one actor.
 */
export class Round {
  readonly epoch: ChainEpoch
  readonly #c: RoundComponents
  readonly #rules: RoundRules
  readonly #signal: AbortSignal
  readonly #startedAt: number
  readonly #late: boolean
  readonly #blockTimeMs: number
  #base: TipsetView
  readonly #seenAt: number
  readonly #nullRounds: number

  constructor(components: RoundComponents, rules: RoundRules, base: RoundBase, signal: AbortSignal) {
    this.#c = components
    this.#rules = rules
    this.#signal = signal
    this.#base = base.tipset
    this.#seenAt = base.seenAt
    this.#nullRounds = base.nullRounds
    this.epoch = base.tipset.height + base.nullRounds + 1
    this.#startedAt = components.clock.now()
    const baseMs = minTimestamp(base.tipset) * 1000
    const { blockDelaySecs, propagationDelaySecs } = rules
    this.#blockTimeMs = baseMs + blockDelaySecs * 1000 * (base.nullRounds + 1)
    // A second of jitter is part of the plan.
    this.#late = this.#startedAt > baseMs + (blockDelaySecs * base.nullRounds + propagationDelaySecs + 1) * 1000
  }

  /** Unix milliseconds at which blocks of this epoch are sent. */
  get blockTimeMs(): number {
    return this.#blockTimeMs
  }

  /** Runs the epoch; one attempt for each actor, in the order given, none of which throws. */
  async run(actors: readonly Address[]): Promise<MiningAttempt[]> {
    const endings = new Map<string, { times: StageTimes; ending: Promise<Ending> }>()
    const winners: Winner[] = []
    await Promise.all(
      actors.map(async (miner) => {
        const times = new StageTimes(this.#c.elapsed)
        const ending = await this.#tryWin(miner, times, winners).catch(failure)
        if (ending !== undefined) endings.set(miner.key, { times, ending: Promise.resolve(ending) })
      }),
    )
    if (winners.length > 0) {
      const ready = this.#prepare(winners)
      ready.catch(() => undefined)
      for (const w of winners) endings.set(w.miner.key, { times: w.times, ending: this.#finish(w, ready).catch(failure) })
    }
    return Promise.all(
      actors.map(async (miner) => {
        const { times, ending } = endings.get(miner.key) as { times: StageTimes; ending: Promise<Ending> }
        return this.#attempt(miner, times, await ending)
      }),
    )
  }

  /** Draws for an actor; one that wins joins the winners, and its proof is begun. */
  async #tryWin(miner: Address, times: StageTimes, winners: Winner[]): Promise<Ending | undefined> {
    const { chain, prover, past } = this.#c
    const now = this.#base.height + this.#nullRounds + Math.max(1, this.#epochsBehind())
    await times.measure('past', () => past.check(miner, this.#base, now, this.#signal))
    const draw = await drawElection(chain, miner, this.#base, this.epoch, times, this.#signal)
    if (draw.outcome !== 'won') return { outcome: draw.outcome, draw }
    const { sectors, randomness } = provingTask(miner, this.epoch, draw)
    const proof = times.measure('proof', () =>
      prover.winningPost(miner.id as bigint, sectors, randomness, { signal: this.#signal }),
    )
    // Waited for when the rest is ready.
    proof.catch(() => undefined)
    const ticket = await times.measure('ticket', () => this.#ticket(miner, draw))
    winners.push({ miner, times, draw, ticket, proof, messages: [] })
    return undefined
  }

  /** How many epochs the clock is past this one's base, null rounds not counted. */
  #epochsBehind(): number {
    const delay = this.#rules.blockDelaySecs * 1000
    return Math.floor((this.#c.clock.now() - this.#blockTimeMs) / delay) + 1
  }

  #ticket(miner: Address, draw: Winner['draw'], base = this.#base): Promise<Ticket> {
    const block = { miner, worker: draw.info.workerKey, entry: draw.entry, epoch: this.epoch }
    return drawTicket(this.#c.chain, this.#rules.smoke, block, base, this.#signal)
  }

  /** Messages for all winners together, and a last look at the parents, when the first proof is there. */
  async #prepare(winners: readonly Winner[]): Promise<void> {
    // Not beside the proofs, which take seconds: messages that come meanwhile belong into the blocks, and of equivocating parents
    // both are often seen only then (Lotus's order too).
    const proven = await Promise.any(winners.map((w) => w.proof)).then(
      () => true,
      () => false,
    )
    if (!proven) return
    await this.#select(winners)
    await this.#all(winners, 'equivocation', () =>
      this.#c.clock.sleep(this.#seenAt + this.#rules.equivocationDelaySecs * 1000 - this.#c.clock.now(), this.#signal),
    )
    await this.#all(winners, 'refresh', async () => {
      const head = await this.#c.chain.head(this.#signal)
      const common = intersection(this.#base, head)
      if (common === undefined) return
      log.warn('the base changed; the parents that are in both are kept', {
        epoch: this.epoch,
        parents: common.cids.length,
        before: this.#base.cids.length,
      })
      const other = Buffer.compare(minTicket(this.#base).vrfProof, minTicket(common).vrfProof) !== 0
      this.#base = common
      if (other) for (const w of winners) w.ticket = await this.#ticket(w.miner, w.draw)
      await this.#select(winners)
    })
  }

  async #select(winners: readonly Winner[]): Promise<void> {
    await this.#all(winners, 'select', async () => {
      const qualities = winners.map((w) => ticketQuality(w.ticket))
      const lists = await this.#c.chain.select(keyOf(this.#base), qualities, this.#signal)
      for (const [i, w] of winners.entries()) w.messages = lists[i] ?? []
    })
  }

  /** Does something that counts for every winner. */
  async #all(winners: readonly Winner[], stage: string, work: () => Promise<void>): Promise<void> {
    const [first, ...others] = winners
    if (first === undefined) return
    const before = first.times.times.get(stage) ?? 0
    await first.times.measure(stage, work)
    const took = (first.times.times.get(stage) as number) - before
    for (const w of others) w.times.times.set(stage, (w.times.times.get(stage) ?? 0) + took)
  }

  /** From the proof to the peers. */
  async #finish(w: Winner, ready: Promise<void>): Promise<Ending> {
    const { chain, clock, filter, made } = this.#c
    const { draw, times } = w
    const proofs = await w.proof
    await ready
    const template = {
      miner: w.miner,
      parents: keyOf(this.#base),
      ticket: w.ticket,
      electionProof: draw.proof,
      beaconEntries: draw.info.beaconEntries,
      messages: [...w.messages],
      epoch: this.epoch,
      timestamp: BigInt(this.#blockTimeMs) / 1000n,
      winningPost: proofs.map((p) => ({ postProof: BigInt(p.proofType), proofBytes: p.proof })),
    }
    const block = await times.measure('create', () => chain.createBlock(template, this.#signal))
    const early = this.#blockTimeMs - clock.now()
    if (early < 0)
      log.warn('a block was ready only after its time', { epoch: this.epoch, miner: String(w.miner), lateMs: -early })
    // A block that is ready is sent even if the miner is being stopped meanwhile.
    await times.measure('wait', () => clock.sleep(early))
    const parentEpoch = this.#base.height
    try {
      // The signed block is kept with the filter's record: after a kill from here on it is sent as it is.
      await times.measure('filter', () => filter.pass(block.header, parentEpoch, [made.change({ block, parentEpoch })]))
    } catch (error) {
      if (!(error instanceof SlashError)) throw error
      log.error('a block was held back', { epoch: this.epoch, miner: String(w.miner) }, error)
      return { outcome: 'refused', reason: errorMessage(error), draw, block }
    }
    await times.measure('submit', () => chain.submit(block))
    return { outcome: 'won', draw, block }
  }

  #attempt(miner: Address, { times }: StageTimes, { outcome, reason = '', draw, block }: Ending): MiningAttempt {
    const info = draw === undefined || draw.outcome === 'nothing-to-prove' ? undefined : draw.info
    const attempt: MiningAttempt = {
      miner,
      epoch: this.epoch,
      outcome,
      reason,
      baseEpoch: this.#base.height,
      base: keyOf(this.#base),
      nullRounds: this.#nullRounds,
      winCount: draw?.outcome === 'won' ? draw.proof.winCount : 0n,
      minerPower: info?.minerPower ?? 0n,
      networkPower: info?.networkPower ?? 0n,
      late: this.#late,
      block: outcome === 'won' && block !== undefined ? blockCid(block.header) : null,
      messages: block === undefined ? 0 : block.blsMessages.length + block.secpkMessages.length,
      time: new Date(this.#startedAt),
      stages: times,
    }
    const fields = { miner: String(miner), epoch: this.epoch, base: attempt.baseEpoch, late: this.#late, outcome }
    // What a stop cut off is no failure.
    if (outcome === 'failed' && this.#signal.aborted) log.info('an epoch was left because of a stop', fields)
    else if (outcome === 'failed') log.error('an epoch failed', { ...fields, reason })
    else if (outcome === 'won')
      log.info('a block was made', { ...fields, block: String(attempt.block), messages: attempt.messages })
    else log[this.#late ? 'warn' : 'info']('an epoch is over', { ...fields, ...(reason === '' ? {} : { reason }) })
    return attempt
  }
}

function failure(error: unknown): Ending {
  return { outcome: error instanceof SlashError ? 'refused' : 'failed', reason: errorMessage(error) }
}

/**
 * What is left of a base when the head is another tipset of its height: the blocks that are in both, so that those of a miner
 * that was caught equivocating go and none comes in. Undefined where the base stays.
 */
export function intersection(base: TipsetView, head: TipsetView): TipsetView | undefined {
  if (head.height !== base.height) return undefined
  const there = new Set(head.cids.map(cidKey))
  const kept = base.cids.flatMap((cid, i) => (there.has(cidKey(cid)) ? [i] : []))
  if (kept.length === 0 || kept.length === base.cids.length) return undefined
  return {
    height: base.height,
    cids: kept.map((i) => base.cids[i] as CID),
    blocks: kept.map((i) => base.blocks[i] as TipsetView['blocks'][number]),
  }
}
