// Runs the conformance suites over the foreign test data and prints, for each of its folders, how many cases passed,
// failed and were skipped, with a reason for every skip. A folder that no suite knows is a failure: new data must not go
// unnoticed.
//
//   npm run conformance [-- group …]

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ConformanceSuite } from '../kit/conformance.ts'
import { sharedDataRoot } from '../kit/shared-data.ts'
import { type GroupResult, runGroup } from './report.ts'

/** Folders without a suite of their own: where else they are gone by, or what is missing for it. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['actors', 'the actor bundles are input of the other groups and hold no expected results of their own'],
  ['eth', 'Ethereum transactions are not implemented yet'],
  ['f3', 'F3 is not implemented yet'],
  ['mpool', 'in test/unit/mpool/selection-lotus.test.ts'],
  ['openrpc', 'in test/unit/api/contract.test.ts and miner-contract.test.ts'],
  ['proofs', 'names and digests of files that are fetched: test/unit/miner/parameters.test.ts goes by them'],
])

const shownFailures = 20

async function loadSuites(): Promise<Map<string, ConformanceSuite>> {
  const folder = fileURLToPath(new URL('./suites/', import.meta.url))
  const suites = new Map<string, ConformanceSuite>()
  if (!existsSync(folder)) return suites
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  for (const file of files.sort()) {
    const { suite } = (await import(pathToFileURL(join(folder, file)).href)) as { suite?: ConformanceSuite }
    if (suite === undefined) throw new Error(`test/conformance/suites/${file} does not export a suite`)
    if (suites.has(suite.group)) throw new Error(`two conformance suites are named ${suite.group}`)
    suites.set(suite.group, suite)
  }
  return suites
}

function print(result: GroupResult): void {
  const { group, passed, failures, skips } = result
  console.log(`${group.padEnd(14)} ${passed} passed, ${failures.length} failed, ${skips.length} skipped`)
  for (const { name, reason } of failures.slice(0, shownFailures)) console.log(`  FAILED ${name}: ${reason}`)
  if (failures.length > shownFailures) console.log(`  and ${failures.length - shownFailures} more failures`)
  const byReason = new Map<string, string[]>()
  for (const { name, reason } of skips) byReason.set(reason, [...(byReason.get(reason) ?? []), name])
  for (const [reason, names] of byReason) {
    console.log(`  skipped ${names.length} (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}): ${reason}`)
  }
}

async function main(only: readonly string[]): Promise<void> {
  if (!existsSync(sharedDataRoot)) {
    console.log(`the foreign test data is not in ${sharedDataRoot}; nothing was proved`)
    console.log(`0 passed, ${process.env.CI ? 1 : 0} failed`)
    process.exitCode = process.env.CI ? 1 : 0
    return
  }
  const suites = await loadSuites()
  const folders = readdirSync(sharedDataRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  const groups = [...new Set([...folders, ...suites.keys()])].sort().filter((group) => only.length === 0 || only.includes(group))
  const results: GroupResult[] = []
  for (const group of groups) {
    const suite = suites.get(group)
    const reason = elsewhere.get(group)
    if (suite === undefined && reason !== undefined) {
      console.log(`${group.padEnd(14)} no suite: ${reason}`)
      continue
    }
    const result = await runGroup(group, suite, join(sharedDataRoot, group))
    results.push(result)
    print(result)
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  const failed = results.reduce((sum, result) => sum + result.failures.length, 0)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

await main(process.argv.slice(2))
