import type { Codec } from '../../codec/codec.ts'
import { list, type Shape, tuple } from '../../codec/combinators.ts'
import { safeUint } from '../../codec/primitives.ts'
import { bitfield } from '../../types/bitfield.ts'
import { postProof } from '../../types/block.ts'
import { cid } from '../../types/cid.ts'
import { storagePower, tokenAmount } from '../../types/scalars.ts'

/** Raw and quality-adjusted bytes. */
export const powerPair = tuple('PowerPair', { raw: storagePower, qa: storagePower })
export type PowerPair = Readonly<Shape<typeof powerPair.fields>>

/** Links to the 48 deadlines. */
export const deadlinesState = tuple('Deadlines', { due: list(cid, { max: 48 }) })

const v8Fields = {
  /** AMT (width 3) of partitions, without gaps. */
  partitions: cid,
  /** AMT (width 5) of partition numbers by epoch. */
  expirationsEpochs: cid,
  /** Partitions proven in the current challenge window. */
  partitionsPoSted: bitfield,
  /** Partitions with sectors that were terminated early. */
  earlyTerminations: bitfield,
  liveSectors: safeUint,
  totalSectors: safeUint,
  faultyPower: powerPair,
  /** AMT (width 2) of proofs that were taken without verifying them. */
  optimisticPoStSubmissions: cid,
  /** The last three as they were at the end of the previous challenge window; proofs may be disputed. */
  sectorsSnapshot: cid,
  partitionsSnapshot: cid,
  optimisticPoStSubmissionsSnapshot: cid,
}
const v8 = tuple('Deadline', v8Fields)
const v16 = tuple('Deadline', { ...v8Fields, livePower: powerPair, dailyFee: tokenAmount })

/** `livePower` and `dailyFee` (attoFIL) are undefined before actors v16. */
export type DeadlineState = Readonly<Shape<typeof v8Fields>> & Partial<Readonly<Shape<typeof v16.fields>>>

/** go-state-types builtin/v8 and v16 deadline_state.go. */
export function deadlineState(version: number): Codec<DeadlineState> {
  return (version >= 16 ? v16 : v8) as Codec<DeadlineState>
}

/** Sets of sector numbers; the same in all versions (go-state-types partition_state.go). */
export const partitionState = tuple('Partition', {
  /** All, faulty, unproven and terminated ones included. */
  sectors: bitfield,
  unproven: bitfield,
  faults: bitfield,
  /** Faulty ones that are to be proven again at the next deadline. */
  recoveries: bitfield,
  /** Terminated ones that were not removed yet. */
  terminated: bitfield,
  /** AMT (width 4) of expiration sets by epoch. */
  expirationsEpochs: cid,
  /** AMT (width 3) of sector numbers by epoch. */
  earlyTerminated: cid,
  livePower: powerPair,
  unprovenPower: powerPair,
  faultyPower: powerPair,
  recoveringPower: powerPair,
})
export type PartitionState = Readonly<Shape<typeof partitionState.fields>>

const expirationFields = {
  onTimeSectors: bitfield,
  /** Faulty ones that end before their time. */
  earlySectors: bitfield,
  onTimePledge: tokenAmount,
  activePower: powerPair,
  faultyPower: powerPair,
}
const expirationBare = tuple('ExpirationSet', expirationFields)
export interface ExpirationSet extends Readonly<Shape<typeof expirationFields>> {
  /** attoFIL per day that the deadline's fee falls by; undefined in sets from before actors v16. */
  readonly feeDeduction: bigint | undefined
}

/** Five fields, from actors v16 on six where the fee has been set. */
export const expirationSet: Codec<ExpirationSet> = {
  ...expirationBare,
  write(w, v) {
    const entries = Object.entries(expirationFields) as [keyof typeof expirationFields, Codec<unknown>][]
    w.array(entries.length + (v.feeDeduction === undefined ? 0 : 1))
    for (const [key, codec] of entries) codec.write(w, v[key])
    if (v.feeDeduction !== undefined) tokenAmount.write(w, v.feeDeduction)
  },
  read(r) {
    const n = r.array()
    if (n !== 5 && n !== 6) r.fail(`ExpirationSet has 5 or 6 fields, found ${n}`)
    return {
      onTimeSectors: bitfield.read(r),
      earlySectors: bitfield.read(r),
      onTimePledge: tokenAmount.read(r),
      activePower: powerPair.read(r),
      faultyPower: powerPair.read(r),
      feeDeduction: n === 6 ? tokenAmount.read(r) : undefined,
    }
  },
  fromJson: (json, path) => ({ ...expirationBare.fromJson(json, path), feeDeduction: undefined }),
}

/** A window PoSt that was taken without verifying it. */
export const windowedPoSt = tuple('WindowedPoSt', { partitions: bitfield, proofs: list(postProof) })
export type WindowedPoSt = Readonly<Shape<typeof windowedPoSt.fields>>
