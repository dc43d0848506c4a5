import { record, type Shape } from '../../codec/combinators.ts'
import { safeInt, safeUint } from '../../codec/primitives.ts'
import { type ChainEpoch, epoch } from '../../types/scalars.ts'

/** Policy of window PoSt, in epochs; the same in all versions from v8 on (go-state-types miner/policy.go). */
export const WPOST_PROVING_PERIOD = 2880
export const WPOST_PERIOD_DEADLINES = 48
export const WPOST_CHALLENGE_WINDOW = WPOST_PROVING_PERIOD / WPOST_PERIOD_DEADLINES
export const WPOST_CHALLENGE_LOOKBACK = 20
export const FAULT_DECLARATION_CUTOFF = WPOST_CHALLENGE_LOOKBACK + 50

const fields = {
  currentEpoch: epoch,
  /** First epoch of the proving period. */
  periodStart: epoch,
  index: safeUint,
  /** First epoch in which a proof may be submitted. */
  open: epoch,
  /** First epoch in which a proof may no longer be submitted. */
  close: epoch,
  /** Epoch whose randomness the proof answers. */
  challenge: epoch,
  /** First epoch in which faults and recoveries may no longer be declared. */
  faultCutoff: epoch,
  wPoStPeriodDeadlines: safeInt,
  wPoStProvingPeriod: safeInt,
  wPoStChallengeWindow: safeInt,
  wPoStChallengeLookback: safeInt,
  faultDeclarationCutoff: safeInt,
}
/** As StateMinerProvingDeadline answers (go-state-types dline). */
export const deadlineInfoJson = record('DeadlineInfo', fields)
export type DeadlineInfo = Readonly<Shape<typeof fields>>

/** One deadline of the proving period that begins at `periodStart`; past the last one a window of no length after it. */
export function deadlineInfo(periodStart: ChainEpoch, index: number, currentEpoch: ChainEpoch): DeadlineInfo {
  const params = {
    wPoStPeriodDeadlines: WPOST_PERIOD_DEADLINES,
    wPoStProvingPeriod: WPOST_PROVING_PERIOD,
    wPoStChallengeWindow: WPOST_CHALLENGE_WINDOW,
    wPoStChallengeLookback: WPOST_CHALLENGE_LOOKBACK,
    faultDeclarationCutoff: FAULT_DECLARATION_CUTOFF,
  }
  if (index >= WPOST_PERIOD_DEADLINES) {
    const end = periodStart + WPOST_PROVING_PERIOD
    return { currentEpoch, periodStart, index, open: end, close: end, challenge: end, faultCutoff: 0, ...params }
  }
  const open = periodStart + index * WPOST_CHALLENGE_WINDOW
  return {
    currentEpoch,
    periodStart,
    index,
    open,
    close: open + WPOST_CHALLENGE_WINDOW,
    challenge: open - WPOST_CHALLENGE_LOOKBACK,
    faultCutoff: open - FAULT_DECLARATION_CUTOFF,
    ...params,
  }
}

export function isOpen(d: DeadlineInfo): boolean {
  return d.currentEpoch >= d.open && d.currentEpoch < d.close
}

export function hasElapsed(d: DeadlineInfo): boolean {
  return d.currentEpoch >= d.close
}

export function faultCutoffPassed(d: DeadlineInfo): boolean {
  return d.currentEpoch >= d.faultCutoff
}

/** The deadline itself, or its next time when it is over. */
export function nextNotElapsed(d: DeadlineInfo): DeadlineInfo {
  if (!hasElapsed(d)) return d
  const behind = d.currentEpoch - d.close
  const periods = Math.floor(behind / WPOST_PROVING_PERIOD) + 1
  return deadlineInfo(d.periodStart + periods * WPOST_PROVING_PERIOD, d.index, d.currentEpoch)
}

/** Rounds an epoch up to the next one that is `offset` modulo `unit` (go-state-types builtin/quantize.go). */
export function quantizeUp(e: ChainEpoch, unit: number, offset: ChainEpoch): ChainEpoch {
  const base = offset % unit
  const over = (((e - base) % unit) + unit) % unit
  return over === 0 ? e : e - over + unit
}
