/** Arithmetic of proving deadlines, with the lengths that the chain itself states (go-state-types dline). */
import type { Result } from '../../api/method.ts'
import type { stateMinerProvingDeadline } from '../../api/methods/state-miner.ts'
import { WindowPostError } from './errors.ts'

export type Deadline = Result<typeof stateMinerProvingDeadline>

/** A deadline of the proving period that begins at `periodStart`. */
function at(of: Deadline, periodStart: number, index: bigint): Deadline {
  const open = periodStart + Number(index) * of.wPoStChallengeWindow
  return {
    ...of,
    periodStart,
    index,
    open,
    close: open + of.wPoStChallengeWindow,
    challenge: open - of.wPoStChallengeLookback,
    faultCutoff: open - of.faultDeclarationCutoff,
  }
}

/** The deadline that opens when this one closes. */
export function nextDeadline(of: Deadline): Deadline {
  const index = of.index + 1n
  return index === of.wPoStPeriodDeadlines ? at(of, of.periodStart + of.wPoStProvingPeriod, 0n) : at(of, of.periodStart, index)
}

/**
 * The last time that a deadline was challenged, seen from the current one.
 * @throws WindowPostError WINDOW_POST_DEADLINE
 */
export function latestDeadline(current: Deadline, index: bigint): Deadline {
  if (index < 0n || index >= current.wPoStPeriodDeadlines)
    throw new WindowPostError(
      'WINDOW_POST_DEADLINE',
      `there is no deadline ${index}: a proving period has the deadlines 0 to ${current.wPoStPeriodDeadlines - 1n}`,
    )
  return at(current, index > current.index ? current.periodStart - current.wPoStProvingPeriod : current.periodStart, index)
}

/** Whether the miner's first proving period has begun. */
export function periodStarted(deadline: Deadline): boolean {
  return deadline.currentEpoch >= deadline.periodStart
}

/** The index of the deadline whose recoveries are declared while this one is proven: for the next it is too late already. */
export function recoveryDeadline(deadline: Deadline): bigint {
  return (deadline.index + 2n) % deadline.wPoStPeriodDeadlines
}
