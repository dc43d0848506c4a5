import type { MiningAttempt, MiningOutcome } from '../../api/types/mining.ts'
import { miningAttempt } from '../../api/types/mining.ts'
import type { Address } from '../../types/address.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { MinerRecords } from '../records.ts'

const PREFIX = '/nelumbo/mining/'
/** Digits of an epoch in a key, so that the order of keys is that of epochs. */
const DIGITS = 12
/** Old records are removed once in so many that are written. */
const PRUNE_EVERY = 500

/** Milliseconds that each stage of an attempt took. */
export class StageTimes {
  readonly times = new Map<string, number>()
  readonly #now: () => number

  /** @param now milliseconds of a clock that does not run backwards */
  constructor(now: () => number) {
    this.#now = now
  }

  async measure<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const started = this.#now()
    try {
      return await work()
    } finally {
      this.times.set(stage, (this.times.get(stage) ?? 0) + this.#now() - started)
    }
  }
}

function recordKey(miner: Address, epoch: ChainEpoch): string {
  return `${PREFIX}${miner}/${String(epoch).padStart(DIGITS, '0')}`
}

export interface MiningRecordInit {
  /** Epochs that are kept. */
  readonly keepEpochs: number
}

/** What became of every epoch for every actor, won or not. The newest attempt of an epoch is what counts. */
export class MiningRecord {
  readonly #records: MinerRecords
  readonly #keep: number
  #written = 0

  constructor(components: { readonly records: MinerRecords }, init: MiningRecordInit) {
    this.#records = components.records
    this.#keep = init.keepEpochs
  }

  async put(attempt: MiningAttempt): Promise<void> {
    const value = Buffer.from(JSON.stringify(miningAttempt.toJson(attempt, { addressPrefix: 'f' })))
    await this.#records.batch([{ key: recordKey(attempt.miner, attempt.epoch), value }])
    if (++this.#written % PRUNE_EVERY === 0) await this.#prune(attempt.miner, attempt.epoch - this.#keep)
  }

  async #prune(miner: Address, before: ChainEpoch): Promise<void> {
    const gone: { readonly key: string; readonly value: undefined }[] = []
    const end = recordKey(miner, Math.max(0, before))
    for await (const { key } of this.#records.iterate(`${PREFIX}${miner}/`)) {
      if (key >= end) break
      gone.push({ key, value: undefined })
    }
    if (gone.length > 0) await this.#records.batch(gone)
  }

  /** Attempts of an actor up to an epoch (the newest where it is below zero), the newest first. */
  async query(miner: Address, to: ChainEpoch, count: number): Promise<MiningAttempt[]> {
    const last = to < 0 ? undefined : recordKey(miner, to)
    const values: Uint8Array[] = []
    for await (const { key, value } of this.#records.iterate(`${PREFIX}${miner}/`)) {
      if (last !== undefined && key > last) break
      values.push(value)
      if (values.length > count) values.shift()
    }
    return values.reverse().map((v) => miningAttempt.fromJson(JSON.parse(Buffer.from(v).toString('utf8')), 'record'))
  }
}

/** An attempt while it is being made. */
export interface OpenAttempt {
  readonly miner: Address
  readonly epoch: ChainEpoch
  readonly times: StageTimes
}

export type { MiningAttempt, MiningOutcome }
