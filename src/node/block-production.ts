import type { Api } from '../api/api.ts'
import * as m from '../api/miner/mining.ts'
import type { MiningAttempt, MiningParams } from '../api/types/mining.ts'
import type { Clock } from '../lib/clock.ts'
import { MinerError } from '../miner/errors.ts'
import { miningChainOver } from '../miner/mining/chain.ts'
import { countWinners } from '../miner/mining/count-winners.ts'
import { MadeBlocks } from '../miner/mining/made-blocks.ts'
import { PastGuard } from '../miner/mining/past.ts'
import { BlockProducer } from '../miner/mining/producer.ts'
import { MiningRecord } from '../miner/mining/record.ts'
import { SlashFilter } from '../miner/mining/slash-filter.ts'
import { FirstProofs, warmUp } from '../miner/mining/warm-up.ts'
import type { Prover } from '../miner/proving.ts'
import type { MinerRecords } from '../miner/records.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import type { Address } from '../types/address.ts'

/** How long the record of epochs is kept, seconds. */
const KEEP_SECS = 7 * 24 * 3600
/** Records of one answer: a day of epochs. */
const MAX_RECORDS = 2880

export interface BlockProductionComponents {
  readonly api: Api
  readonly prover: Prover
  readonly records: MinerRecords
  readonly clock: Clock
  readonly onAttempt?: (attempt: MiningAttempt) => void
}

export interface BlockProductionInit {
  /** Id addresses. */
  readonly actors: readonly Address[]
  readonly params: MiningParams
  /** False where another process makes the blocks: then records can be read, and that is all. */
  readonly enabled: boolean
  /** Takes on actors whose past the repository does not know. */
  readonly acceptUnknownPast: boolean
  /** Whether a sector of each actor is proven at the beginning. */
  readonly warmUp: boolean
  readonly jitterMs?: number
}

/** Block production with its handlers. */
export interface BlockProduction {
  readonly producer: BlockProducer
  readonly record: MiningRecord
  readonly handlers: readonly BoundHandler[]
  close(): Promise<void>
}

/** Begins to make blocks for the actors, and proves a sector of each that does not win at once, to be warm for its first win. */
export async function startBlockProduction(c: BlockProductionComponents, init: BlockProductionInit): Promise<BlockProduction> {
  const { api, prover, records, clock, onAttempt } = c
  const { actors, params } = init
  const blockDelaySecs = Number(params.blockDelaySecs)
  const chain = miningChainOver(api)
  const filter = new SlashFilter({ records })
  const made = new MadeBlocks({ records })
  const past = new PastGuard({ chain, records, filter })
  const record = new MiningRecord({ records }, { keepEpochs: Math.ceil(KEEP_SECS / blockDelaySecs) })
  const elapsed = (): number => performance.now()
  const firstProofs = new FirstProofs()
  const producer = new BlockProducer(
    {
      chain,
      prover: firstProofs.watch(prover),
      filter,
      made,
      past,
      clock,
      elapsed,
      record,
      onAttempt: (attempt) => {
        firstProofs.attempted()
        onAttempt?.(attempt)
      },
    },
    {
      actors,
      blockDelaySecs,
      propagationDelaySecs: Number(params.propagationDelaySecs),
      equivocationDelaySecs: Number(params.equivocationDelaySecs),
      smoke: params.upgradeSmokeHeight,
      ...(init.jitterMs === undefined ? {} : { jitterMs: init.jitterMs }),
    },
  )
  if (init.acceptUnknownPast) {
    const now = Math.floor((clock.now() / 1000 - Number(params.genesisTimestamp)) / blockDelaySecs)
    for (const miner of actors) if (past.since(miner) === undefined) await past.accept(miner, now)
  }
  const stop = new AbortController()
  let warming: Promise<unknown> = Promise.resolve()
  if (init.enabled) {
    producer.start()
    if (init.warmUp) warming = firstProofs.warmUpOthers({ api, prover }, actors, blockDelaySecs * 1000, stop.signal)
  } else producer.setMining([], false)
  const known = (miner: Address): Address => {
    if (actors.some((a) => a.equals(miner))) return miner
    throw new MinerError('MINER_UNKNOWN_ACTOR', `${miner} is not one of the miner actors of this process`)
  }
  const handlers = [
    bind(m.miningBase, (_params, { signal }) => producer.base(signal)),
    bind(m.miningStates, () => producer.states()),
    bind(m.miningStart, ([miners]) => {
      if (!init.enabled)
        throw new MinerError('MINER_DISABLED', 'this process makes no blocks', {
          hint: 'Set Subsystems.DisableWinningPoSt to false and Subsystems.EnableMining to true in its config.',
        })
      producer.setMining(miners, true)
    }),
    bind(m.miningStop, ([miners]) => producer.setMining(miners, false)),
    bind(m.miningWarmup, async ([miner], { signal }) => {
      const ms = await warmUp({ api, prover }, known(miner), signal)
      if (ms === undefined) throw new MinerError('MINER_NO_SECTOR', `${miner} has no active sector`)
    }),
    bind(m.miningRecord, ([miner, to, count]) => record.query(known(miner), to, Math.min(count, MAX_RECORDS))),
    bind(m.miningCountWinners, ([miners, from, to], { signal }) =>
      countWinners(chain, miners.length === 0 ? actors : miners.map(known), from, to, signal),
    ),
  ]
  return {
    producer,
    record,
    handlers,
    async close() {
      stop.abort(new Error('the miner is stopping'))
      await producer.close()
      await warming
    },
  }
}
