import { reportConsensusFaultParams } from '../../actors/methods/miner.ts'
import type { Api } from '../../api/api.ts'
import { encode } from '../../codec/codec.ts'
import type { Clock } from '../../lib/clock.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import type { MinerRecords } from '../../miner/records.ts'
import { plainMessage } from '../../miner/send-once.ts'
import type { Address } from '../../types/address.ts'
import { type BlockHeader, blockCid, blockHeader } from '../../types/block.ts'
import { signedMessageCid } from '../../types/message.ts'
import { TipsetKey } from '../../types/tipset.ts'
import { type ConsensusFault, FaultDetector } from './detector.ts'

const log = getLogger('fault-reporter')

/** Miner actor, method ReportConsensusFault. */
const REPORT_CONSENSUS_FAULT = 15n
/** How often the sending of one report is tried, an epoch apart. */
const TRIES = 3
/** Reports that are under way at a time; more are left out. */
const MAX_REPORTS = 64

export interface FaultReporterComponents {
  readonly api: Pick<
    Api,
    'chainGetBlock' | 'chainHead' | 'mpoolPushMessage' | 'stateMinerInfo' | 'stateWaitMsg' | 'syncIncomingBlocks'
  >
  readonly records: MinerRecords
  readonly clock: Clock
}

export interface FaultReporterInit {
  /** Who sends, pays and is rewarded. */
  readonly from: Address
  readonly blockDelaySecs: number
}

/** Watches the blocks that come in, and reports miners that break consensus (Lotus slashsvc.SlashConsensus). */
export class FaultReporter {
  readonly #c: FaultReporterComponents
  readonly #init: FaultReporterInit
  readonly #detector: FaultDetector
  readonly #stop = new AbortController()
  /** Miners of whom a report is under way: a second one would be refused by the chain and cost its gas. */
  readonly #open = new Map<string, Promise<void>>()
  readonly #watching: Promise<void>

  constructor(components: FaultReporterComponents, init: FaultReporterInit) {
    this.#c = components
    this.#init = init
    this.#detector = new FaultDetector(components)
    this.#watching = this.#watch()
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the fault reporter is stopping'))
    await this.#watching
    await Promise.all(this.#open.values())
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        for await (const block of this.#c.api.syncIncomingBlocks([], { signal })) await this.#see(block)
      } catch (error) {
        if (signal.aborted) return
        log.warn('incoming blocks can no longer be read; it begins again', {}, error)
      }
      await this.#c.clock.sleep(1000, signal).catch(() => {})
    }
  }

  async #see(block: BlockHeader): Promise<void> {
    let fault: ConsensusFault | undefined
    try {
      fault = await this.#detector.see(block)
    } catch (error) {
      if (!this.#stop.signal.aborted)
        log.debug('a block could not be compared with earlier ones', { block: String(blockCid(block)) }, errorMessage(error))
      return
    }
    if (fault === undefined) return
    const miner = fault.second.miner
    log.error('a miner broke consensus', {
      miner: String(miner),
      kind: fault.kind,
      blocks: [String(blockCid(fault.first)), String(blockCid(fault.second))],
    })
    if (this.#open.has(miner.key) || this.#open.size >= MAX_REPORTS) return
    const report = this.#report(fault)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) log.error('a consensus fault could not be reported', { miner: String(miner) }, error)
      })
      .finally(() => this.#open.delete(miner.key))
    this.#open.set(miner.key, report)
  }

  async #report(fault: ConsensusFault): Promise<void> {
    const { api, clock } = this.#c
    const { signal } = this.#stop
    const delayMs = this.#init.blockDelaySecs * 1000
    const { first, second, extra } = fault
    const { miner } = second
    const params = encode(reportConsensusFaultParams, {
      blockHeader1: encode(blockHeader, first),
      blockHeader2: encode(blockHeader, second),
      blockHeaderExtra: extra === undefined ? new Uint8Array(0) : encode(blockHeader, extra),
    })
    const message = plainMessage({ from: this.#init.from, to: miner, method: REPORT_CONSENSUS_FAULT, params })
    // The message must run above the fault's height.
    while ((await api.chainHead([], { signal })).height <= second.height) await clock.sleep(delayMs / 2, signal)
    for (let left = TRIES; ; left--) {
      // The chain punishes a miner once for all that it did until the end of its penalty.
      const { consensusFaultElapsed } = await api.stateMinerInfo([miner, TipsetKey.empty], { signal })
      if (second.height < consensusFaultElapsed) {
        log.info('the miner is punished already', { miner: String(miner), until: consensusFaultElapsed })
        return
      }
      try {
        const sent = signedMessageCid(await api.mpoolPushMessage([message, null], { signal }))
        log.info('a consensus fault is reported', { miner: String(miner), kind: fault.kind, message: String(sent) })
        const { receipt } = await api.stateWaitMsg([sent, 0, -1, true], { signal, timeoutMs: 0 })
        if (receipt.exitCode !== 0)
          log.error('the chain refused the report of a consensus fault', { message: String(sent), exitCode: receipt.exitCode })
        else log.info('a consensus fault was punished', { miner: String(miner), message: String(sent) })
        return
      } catch (error) {
        if (left <= 1 || signal.aborted) throw error
        await clock.sleep(delayMs, signal)
      }
    }
  }
}
