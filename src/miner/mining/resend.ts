import type { TipsetView } from '../../api/types/chain.ts'
import type { MiningAttempt } from '../../api/types/mining.ts'
import type { Clock } from '../../lib/clock.ts'
import { getLogger } from '../../lib/log.ts'
import type { Address } from '../../types/address.ts'
import { type BlockHeader, blockCid } from '../../types/block.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { TipsetKey } from '../../types/tipset.ts'
import { keyOf, type MiningChain, minTimestamp } from './chain.ts'
import type { MadeBlock, MadeBlocks } from './made-blocks.ts'
import type { PastGuard } from './past.ts'
import { StageTimes } from './record.ts'
import type { SlashFilter } from './slash-filter.ts'

const log = getLogger('mining')

/** Until a block whose sending failed is sent again on the same head, milliseconds. */
const RETRY_MS = 1000

export interface ResenderComponents {
  readonly chain: Pick<MiningChain, 'submit'>
  readonly filter: SlashFilter
  readonly made: MadeBlocks
  readonly past: Pick<PastGuard, 'check'>
  readonly clock: Clock
  /** Milliseconds of a clock that does not run backwards. */
  readonly elapsed: () => number
}

/**
 * Sends a recorded block once more where the chain lacks it and it can still count. A process that was killed between the record and
 * the sending leaves such a block, and so does a full node that failed at it. It is the very block that was recorded, so that
 * nobody can be punished for it, whether it was published or not.
 */
export class Resender {
  readonly #c: ResenderComponents
  readonly #blockDelayMs: number
  /** What was done on the present head, so that it is not done over and over: block, and when it may be done again. */
  #head = ''
  readonly #next = new Map<string, number>()

  constructor(components: ResenderComponents, init: { readonly blockDelaySecs: number }) {
    this.#c = components
    this.#blockDelayMs = init.blockDelaySecs * 1000
  }

  /** @returns what became of it; undefined where there is nothing to send. Failures are told to the log. */
  async run(miner: Address, head: TipsetView, signal: AbortSignal): Promise<MiningAttempt | undefined> {
    const { id } = keyOf(head)
    if (id !== this.#head) this.#next.clear()
    this.#head = id
    const wanted = this.#missing(miner, head)
    if (wanted === undefined) return undefined
    const key = cidKey(wanted)
    if (this.#c.clock.now() < (this.#next.get(key) ?? 0)) return undefined
    this.#next.set(key, this.#c.clock.now() + RETRY_MS)
    try {
      const found = this.#c.made.find(miner, wanted)
      if (found === undefined) return undefined
      const early = Number(found.block.header.timestamp) * 1000 - this.#c.clock.now()
      // The clock was set back: its epoch comes again.
      if (early > this.#blockDelayMs) return undefined
      await this.#c.clock.sleep(early, signal)
      // Where another process made blocks for the actor meanwhile, this one may be punished beside one of theirs.
      await this.#c.past.check(miner, head, this.#epochAfter(head), signal)
      const attempt = await this.#send(miner, found)
      // Taken, whatever the head is now; on the same head it would change nothing.
      this.#next.set(key, Number.POSITIVE_INFINITY)
      return attempt
    } catch (error) {
      if (signal.aborted) return undefined
      log.error('a recorded block could not be sent again', { miner: String(miner), block: String(wanted) }, error)
      return undefined
    }
  }

  /**
   * The recorded block that belongs on the head or beside it and is not there. Where the chain has gone on without it, it is too
   * late: it would only make a lighter fork.
   */
  #missing(miner: Address, head: TipsetView): CID | undefined {
    const { filter } = this.#c
    const onHead = filter.blockOn(miner, head.cids)
    if (onHead !== undefined) return onHead
    const there = new Set(head.cids.map(cidKey))
    const atHeight = filter.blockAt(miner, head.height)
    const parents = head.blocks[0]?.parents ?? []
    const beside = filter.blockOn(miner, parents)
    if (atHeight !== undefined && !there.has(cidKey(atHeight)) && beside !== undefined && cidKey(beside) === cidKey(atHeight))
      return atHeight
    // Its parents lost to a tipset of their height, maybe only by a block that came late: while its epoch lasts it counts.
    const current = this.#epochAfter(head)
    const now = current > head.height ? filter.blockAt(miner, current) : undefined
    return now !== undefined && this.#isRival(miner, now, head) ? now : undefined
  }

  /** The epoch of the clock, as the head's time counts it. */
  #epochAfter(head: TipsetView): ChainEpoch {
    return head.height + Math.floor((this.#c.clock.now() - minTimestamp(head) * 1000) / this.#blockDelayMs)
  }

  #isRival(miner: Address, wanted: CID, head: TipsetView): boolean {
    try {
      return this.#c.made.find(miner, wanted)?.parentEpoch === head.height
    } catch (error) {
      log.error('a recorded block cannot be sent again', { miner: String(miner), block: String(wanted) }, error)
      return false
    }
  }

  async #send(miner: Address, { block, parentEpoch }: MadeBlock): Promise<MiningAttempt> {
    const { chain, filter, clock, elapsed } = this.#c
    const { header } = block
    const startedAt = clock.now()
    const times = new StageTimes(elapsed)
    // Passes because it is the recorded one.
    await filter.pass(header, parentEpoch)
    await times.measure('submit', () => chain.submit(block))
    log.warn('a recorded block was sent again', { miner: String(miner), epoch: header.height, block: String(blockCid(header)) })
    return {
      ...whatIsKnown(header),
      baseEpoch: parentEpoch,
      nullRounds: header.height - parentEpoch - 1,
      messages: block.blsMessages.length + block.secpkMessages.length,
      time: new Date(startedAt),
      stages: times.times,
    }
  }
}

function whatIsKnown(header: BlockHeader) {
  return {
    miner: header.miner,
    epoch: header.height,
    outcome: 'won',
    reason: 'made before, and sent again',
    base: new TipsetKey(header.parents),
    winCount: header.electionProof?.winCount ?? 0n,
    // What it was drawn with is not written in the block.
    minerPower: 0n,
    networkPower: 0n,
    late: true,
    block: blockCid(header),
  } as const
}
