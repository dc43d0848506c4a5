import type { Codec } from '../../codec/codec.ts'
import { list, optional, type Shape, tuple } from '../../codec/combinators.ts'
import { bool, safeUint } from '../../codec/primitives.ts'
import { bitfield } from '../../types/bitfield.ts'
import { type CID, cid } from '../../types/cid.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'

/** attoFIL that become free at the end of an epoch. */
export const vestingFund = tuple('VestingFund', { epoch, amount: tokenAmount })
export type VestingFund = Readonly<Shape<typeof vestingFund.fields>>

/** A block of its own up to actors v15. */
export const vestingFundsV8 = tuple('VestingFunds', { funds: list(vestingFund) })
/** Inside the state from v16 on: the next fund, and a link to the list of the others. */
export const vestingFundsV16 = tuple('VestingFunds', { head: vestingFund, tail: cid })
export const vestingFundsTail = list(vestingFund)

const beforeVesting = {
  info: cid,
  preCommitDeposits: tokenAmount,
  /** Vesting rewards that are locked. */
  lockedFunds: tokenAmount,
}
const afterVesting = {
  feeDebt: tokenAmount,
  initialPledge: tokenAmount,
  /** HAMT of pre-commitments by sector number. */
  preCommittedSectors: cid,
  /** AMT (width 6) of sector numbers by epoch. */
  preCommittedSectorsCleanUp: cid,
  /** Block of a bit field. */
  allocatedSectors: cid,
  /** AMT (width 5) of sectors by number. */
  sectors: cid,
  provingPeriodStart: epoch,
  currentDeadline: safeUint,
  deadlines: cid,
  /** Deadlines with sectors that were terminated early and are not settled. */
  earlyTerminations: bitfield,
  deadlineCronActive: bool,
}

const v8 = tuple('MinerState', { ...beforeVesting, vestingFunds: cid, ...afterVesting })
const v16 = tuple('MinerState', { ...beforeVesting, vestingFunds: optional(vestingFundsV16), ...afterVesting })

/** Amounts are attoFIL. `vestingFunds` is a link up to actors v15. */
export type MinerState = Readonly<Omit<Shape<typeof v16.fields>, 'vestingFunds'>> & {
  readonly vestingFunds: CID | Shape<typeof vestingFundsV16.fields> | null
}

/** go-state-types builtin/v8 and v16 miner_state.go. */
export function minerState(version: number): Codec<MinerState> {
  return (version >= 16 ? v16 : v8) as unknown as Codec<MinerState>
}
