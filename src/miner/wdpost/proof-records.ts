import { submitWindowedPoStParams } from '../../actors/methods/miner-sectors.ts'
import { decode, encode } from '../../codec/codec.ts'
import { list, tuple } from '../../codec/combinators.ts'
import { bool, bytes } from '../../codec/primitives.ts'
import { getLogger } from '../../lib/log.ts'
import type { Address } from '../../types/address.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { DeadlineProofs } from './prove-deadline.ts'

const log = getLogger('wdpost')

/** Small records that outlive the process. */
export interface RecordStore {
  get(key: string): Uint8Array | undefined
  /** Settles when the record is on the disk. */
  put(key: string, value: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
}

const record = tuple('DeadlineProofs', { randomness: bytes, messages: list(submitWindowedPoStParams), incomplete: bool })

/** Proofs of open deadlines on the disk: making them again after a restart may take longer than the deadline has. */
export class ProofRecords {
  readonly #store: RecordStore
  readonly #prefix: string

  constructor(store: RecordStore, miner: Address) {
    this.#store = store
    this.#prefix = `/wdpost/${miner.id}/`
  }

  /** The proofs of the deadline that opens at an epoch; undefined where there are none, or none that can be read. */
  get(open: ChainEpoch): DeadlineProofs | undefined {
    const data = this.#store.get(this.#prefix + open)
    if (data === undefined) return undefined
    try {
      return decode(record, data)
    } catch (error) {
      log.error('the record of a window PoSt is damaged; it is made again', { open }, error)
      return undefined
    }
  }

  put(open: ChainEpoch, proofs: DeadlineProofs): Promise<void> {
    return this.#store.put(this.#prefix + open, encode(record, { ...proofs, messages: [...proofs.messages] }))
  }

  forget(open: ChainEpoch): Promise<void> {
    return this.#store.delete(this.#prefix + open)
  }
}
