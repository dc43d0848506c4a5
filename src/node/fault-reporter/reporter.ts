import { createHash } from 'node:crypto'
import { reportConsensusFaultParams } from '../../actors/methods/miner.ts'
import type { Api } from '../../api/api.ts'
import { decode, encode } from '../../codec/codec.ts'
import type { Clock } from '../../lib/clock.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { minTimestamp } from '../../miner/mining/chain.ts'
import type { MinerRecords } from '../../miner/records.ts'
import { plainMessage } from '../../miner/send-once.ts'
import { finality } from '../../networks/constants.ts'
import type { Address } from '../../types/address.ts'
import { type BlockHeader, blockCid, blockHeader, decodeBlock } from '../../types/block.ts'
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
/** The report that is under way about a miner, by the miner: parameters of ReportConsensusFault. */
const OPEN = '/nelumbo/fault-reporter/open/'
/** Epochs that the head may be behind the clock when a report is sent: on an older head the miner may seem unpunished. */
const NEAR_EPOCHS = 10

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

/**
 * Watches the blocks that come in, and reports miners that break consensus (Lotus slashsvc.SlashConsensus). A report is on the disk
 * before it is sent and until the chain has its verdict; one that a killed process left is taken up at the next start, under the same
 * id, for which the node gives back the message that it may have sent already.
 */
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
    await this.#resume().catch((error: unknown) => log.error('reports that were left cannot be read', {}, error))
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
    const { first, second, extra } = fault
    const params = encode(reportConsensusFaultParams, {
      blockHeader1: encode(blockHeader, first),
      blockHeader2: encode(blockHeader, second),
      blockHeaderExtra: extra === undefined ? new Uint8Array(0) : encode(blockHeader, extra),
    })
    this.#begin(second, params)
  }

  /** Takes up the reports whose verdict an earlier process did not live to see. */
  async #resume(): Promise<void> {
    const left: Uint8Array[] = []
    for await (const { value } of this.#c.records.iterate(OPEN)) left.push(value)
    for (const params of left) this.#begin(decodeBlock(decode(reportConsensusFaultParams, params).blockHeader2), params)
  }

  /** @param later the block that proves the fault together with an earlier one */
  #begin(later: BlockHeader, params: Uint8Array): void {
    const { records } = this.#c
    const { miner } = later
    const key = OPEN + miner
    const work = async (): Promise<void> => {
      try {
        await records.batch([{ key, value: params }], { sync: true })
        await this.#report(later, params)
        await records.batch([{ key, value: undefined }])
      } catch (error) {
        if (!this.#stop.signal.aborted) log.error('a consensus fault could not be reported', { miner: String(miner) }, error)
      } finally {
        this.#open.delete(miner.key)
      }
    }
    this.#open.set(miner.key, work())
  }

  /** Settles when the chain has its verdict, or takes none any more. */
  async #report({ miner, height }: BlockHeader, params: Uint8Array): Promise<void> {
    const { api, clock } = this.#c
    const { signal } = this.#stop
    const delayMs = this.#init.blockDelaySecs * 1000
    const message = plainMessage({ from: this.#init.from, to: miner, method: REPORT_CONSENSUS_FAULT, params })
    const spec = { maxFee: 0n, msgUuid: idOf(params), maximizeFeeCap: false }
    // The message must run above the fault's height.
    for (;;) {
      const head = await api.chainHead([], { signal })
      if (head.height > height && clock.now() - minTimestamp(head) * 1000 < NEAR_EPOCHS * delayMs) break
      await clock.sleep(delayMs / 2, signal)
    }
    for (let left = TRIES; ; left--) {
      // The chain punishes a miner once for all that it did until the end of its penalty.
      const { consensusFaultElapsed } = await api.stateMinerInfo([miner, TipsetKey.empty], { signal })
      if (height < consensusFaultElapsed) {
        log.info('the miner is punished already', { miner: String(miner), until: consensusFaultElapsed })
        return
      }
      // Signatures are checked with the worker's key of the block's epoch, which the machine looks up within a finality.
      if ((await api.chainHead([], { signal })).height - height >= finality) {
        log.warn('a consensus fault is too old to be reported', { miner: String(miner), height })
        return
      }
      try {
        const sent = signedMessageCid(await api.mpoolPushMessage([message, spec], { signal }))
        log.info('a consensus fault is reported', { miner: String(miner), height, message: String(sent) })
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

/** The id of a report's message, the same at every start: a UUID of version 8, from the digest of its parameters. */
function idOf(params: Uint8Array): string {
  const bytes = createHash('sha256').update(params).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
