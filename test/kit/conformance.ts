// What a conformance suite is. One file per group of foreign data in test/conformance/suites exports `suite`;
// test/conformance/run.ts finds and runs them.

/** Where a suite tells what became of each case. `name` is unique within the group. */
export interface ConformanceReport {
  pass(name: string): void
  /** A case that gave another result than the foreign data says. `reason` is one sentence or the error itself. */
  fail(name: string, reason: unknown): void
  /** A case that cannot be run; the reason is printed and must say why. */
  skip(name: string, reason: string): void
  /** Runs one case: passes when `check` returns, fails with what it throws. */
  check(name: string, check: () => unknown): Promise<void>
}

/** The cases of one group of the foreign data. */
export interface ConformanceSuite {
  /** Name of the folder in the foreign data that this suite covers, `fvm-vectors` for instance. */
  readonly group: string
  /** Runs every case of the folder at `dataPath`. Whatever it throws counts as one failure of the whole group. */
  run(report: ConformanceReport, dataPath: string): Promise<void>
}
