import type { BlockReader } from '../../store/blockstore.ts'
import { BitField, bitfield } from '../../types/bitfield.ts'
import type { ChainEpoch, SectorNumber } from '../../types/scalars.ts'
import { Amt } from '../amt.ts'
import { type ExpirationSet, expirationSet, type PartitionState, type PowerPair } from './deadline-state.ts'

/** When a sector ends; `early` is 0 unless it is faulty and will be removed at that epoch. */
export interface SectorExpiration {
  readonly onTime: ChainEpoch
  readonly early: ChainEpoch
}

/** Sectors of a deadline that one proof covers. */
export class PartitionView {
  readonly state: PartitionState
  readonly #store: BlockReader

  constructor(store: BlockReader, state: PartitionState) {
    this.#store = store
    this.state = state
  }

  /** All sectors, faulty, unproven and terminated ones included. */
  get allSectors(): BitField {
    return this.state.sectors
  }

  get faulty(): BitField {
    return this.state.faults
  }

  /** Faulty sectors that are to be proven again. */
  get recovering(): BitField {
    return this.state.recoveries
  }

  get unproven(): BitField {
    return this.state.unproven
  }

  get terminated(): BitField {
    return this.state.terminated
  }

  /** Not terminated; may be faulty. */
  get live(): BitField {
    return this.state.sectors.subtract(this.state.terminated)
  }

  /** Neither terminated nor faulty nor unproven: what counts as power. */
  get active(): BitField {
    return this.live.subtract(this.state.faults).subtract(this.state.unproven)
  }

  get activePower(): PowerPair {
    const { livePower: l, faultyPower: f, unprovenPower: u } = this.state
    return { raw: l.raw - f.raw - u.raw, qa: l.qa - f.qa - u.qa }
  }

  /** Sets of sectors by the epoch at which they end. */
  *expirations(): Generator<[ChainEpoch, ExpirationSet]> {
    const queue = new Amt(this.#store, this.state.expirationsEpochs, { bitWidth: 4, value: expirationSet })
    for (const [e, set] of queue.entries()) yield [Number(e), set]
  }

  /** Sectors that were terminated before their time and are not settled, by epoch of termination. */
  *earlyTerminated(): Generator<[ChainEpoch, BitField]> {
    const queue = new Amt(this.#store, this.state.earlyTerminated, { bitWidth: 3, value: bitfield })
    for (const [e, sectors] of queue.entries()) yield [Number(e), sectors]
  }

  /** As Lotus GetSectorExpiration: zeros for a terminated sector, undefined for one that is not in this partition. */
  expirationOf(sector: SectorNumber): SectorExpiration | undefined {
    if (!this.state.sectors.has(sector)) return undefined
    let early = 0
    if (this.state.terminated.has(sector)) return { onTime: 0, early: 0 }
    for (const [e, set] of this.expirations()) {
      if (set.earlySectors.has(sector)) early = e
      else if (set.onTimeSectors.has(sector)) return { onTime: e, early }
    }
    return { onTime: 0, early }
  }
}

/** The union over partitions of what `pick` gives. */
export function unionOf(partitions: Iterable<PartitionView>, pick: (partition: PartitionView) => BitField): BitField {
  const sets: BitField[] = []
  for (const p of partitions) sets.push(pick(p))
  return BitField.empty.union(...sets)
}
