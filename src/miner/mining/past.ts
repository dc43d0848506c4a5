import type { TipsetView } from '../../api/types/chain.ts'
import { getLogger } from '../../lib/log.ts'
import { finality } from '../../networks/constants.ts'
import type { Address } from '../../types/address.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { TipsetKey } from '../../types/tipset.ts'
import type { MinerRecords } from '../records.ts'
import type { MiningChain } from './chain.ts'
import { SlashError, type SlashFilter } from './slash-filter.ts'

const log = getLogger('mining')

/** Height from which on all of an actor's blocks were made with this repository's knowledge. */
const SINCE = '/nelumbo/mining-since/'
/** Height that the chain must have passed before an actor of whose past nothing is known makes blocks. */
const WAIT = '/nelumbo/mining-wait/'

export interface PastGuardComponents {
  readonly chain: Pick<MiningChain, 'tipset'>
  readonly records: Pick<MinerRecords, 'get' | 'batch'>
  readonly filter: Pick<SlashFilter, 'blockAt'>
}

/**
 * Guards against a past that the slash filter does not know: a repository that was lost and set up again, or another process
 * that makes blocks for the same actor. Where the chain has blocks of the actor that were not made here, the last ones of them may
 * not be on this chain at all; nothing is made until others have carried the chain past every height that they can have.
 */
export class PastGuard {
  readonly #c: PastGuardComponents

  constructor(components: PastGuardComponents) {
    this.#c = components
  }

  /**
   * @param now the epoch of the clock
   * @throws SlashError SLASH_UNKNOWN_PAST, SLASH_OTHER_PRODUCER
   */
  async check(miner: Address, base: TipsetView, now: ChainEpoch, signal: AbortSignal): Promise<void> {
    const since = this.#number(SINCE, miner) ?? (await this.#begin(miner, base, now, signal))
    for (const [i, block] of base.blocks.entries()) {
      if (block.height <= since || !block.miner.equals(miner)) continue
      const cid = base.cids[i] as CID
      const own = this.#c.filter.blockAt(miner, block.height)
      if (own !== undefined && cidKey(own) === cidKey(cid)) continue
      throw new SlashError(
        'SLASH_OTHER_PRODUCER',
        `block ${cid} of ${miner} at height ${block.height} was not made here: another process makes blocks for this miner`,
        { witness: cid, hint: 'Stop one of the two; blocks of both at one height are punished.' },
      )
    }
  }

  /** Takes on an actor whatever it did before, at the operator's word. */
  async accept(miner: Address, now: ChainEpoch): Promise<void> {
    await this.#settle(miner, now)
    log.warn('blocks are made although the past of the miner is not known', { miner: miner.toString(), since: now })
  }

  /** Height from which on the actor's past is known; undefined before that is decided. */
  since(miner: Address): ChainEpoch | undefined {
    return this.#number(SINCE, miner)
  }

  async #begin(miner: Address, base: TipsetView, now: ChainEpoch, signal: AbortSignal): Promise<ChainEpoch> {
    let wait = this.#number(WAIT, miner)
    if (wait === undefined) {
      const found = await this.#lastBlock(miner, base, signal)
      if (found === undefined) return this.#settle(miner, base.height)
      wait = Math.max(now, base.height)
      await this.#c.records.batch([{ key: WAIT + miner, value: Buffer.from(String(wait)) }], { sync: true })
    }
    if (base.height > wait) return this.#settle(miner, wait)
    throw new SlashError(
      'SLASH_UNKNOWN_PAST',
      `the chain has recent blocks of ${miner}, and this repository knows nothing of them; none is made until the chain has passed height ${wait}`,
      {
        fields: { miner: miner.toString(), height: wait },
        hint: 'If no other process makes blocks for it and none was sent in the last minutes, start with --accept-unknown-past.',
      },
    )
  }

  /** The actor's newest block in a finality below `base`. */
  async #lastBlock(miner: Address, base: TipsetView, signal: AbortSignal): Promise<ChainEpoch | undefined> {
    for (let at = base; ; ) {
      if (at.blocks.some((b) => b.miner.equals(miner)) && at.height > 0) return at.height
      const parents = at.blocks[0]?.parents ?? []
      if (at.height === 0 || base.height - at.height > finality || parents.length === 0) return undefined
      at = await this.#c.chain.tipset(new TipsetKey(parents), signal)
    }
  }

  async #settle(miner: Address, since: ChainEpoch): Promise<ChainEpoch> {
    const changes = [
      { key: SINCE + miner, value: Buffer.from(String(since)) },
      { key: WAIT + miner, value: undefined },
    ]
    await this.#c.records.batch(changes, { sync: true })
    return since
  }

  #number(prefix: string, miner: Address): number | undefined {
    const value = this.#c.records.get(prefix + miner)
    return value === undefined ? undefined : Number(Buffer.from(value).toString('utf8'))
  }
}
