import { existsSync } from 'node:fs'
import type { ConformanceReport, ConformanceSuite } from '../kit/conformance.ts'

/** A failed or skipped case. */
export interface NamedReason {
  readonly name: string
  readonly reason: string
}

/** What became of one group's cases. */
export interface GroupResult {
  readonly group: string
  passed: number
  readonly failures: NamedReason[]
  readonly skips: NamedReason[]
}

/**
 * Runs one suite; a group without a suite, without data, or with no case at all is a failure.
 *
 * @param dataPath the group's folder in the foreign data
 */
export async function runGroup(group: string, suite: ConformanceSuite | undefined, dataPath: string): Promise<GroupResult> {
  const result: GroupResult = { group, passed: 0, failures: [], skips: [] }
  const failWith = (reason: string): GroupResult => {
    result.failures.push({ name: group, reason })
    return result
  }
  if (suite === undefined) return failWith('no suite knows this folder; add one to test/conformance/suites')
  if (!existsSync(dataPath)) return failWith(`the folder ${dataPath} is missing`)
  const report: ConformanceReport = {
    pass() {
      result.passed++
    },
    fail(name, reason) {
      result.failures.push({ name, reason: reason instanceof Error ? reason.message : String(reason) })
    },
    skip(name, reason) {
      if (reason.trim() === '') result.failures.push({ name, reason: 'skipped without a reason' })
      else result.skips.push({ name, reason })
    },
    async check(name, check) {
      try {
        await check()
        report.pass(name)
      } catch (error) {
        report.fail(name, error)
      }
    },
  }
  try {
    await suite.run(report, dataPath)
  } catch (error) {
    return failWith(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  if (result.passed + result.failures.length + result.skips.length === 0) return failWith('the suite ran no case')
  return result
}
