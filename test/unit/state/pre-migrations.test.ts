import t from 'tap'
import { PreMigrations } from '../../../src/state/pre-migrations.ts'
import type { PreMigration, Upgrade, UpgradeSchedule } from '../../../src/state/upgrades.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'

const HEIGHT = 1000
const window = { startWithin: 120, dontStartWithin: 15, stopWithin: 10 }

function runner(preMigrate: PreMigration): PreMigrations {
  const upgrade = { name: 'fireHorse', height: HEIGHT, preMigrations: [window], preMigrate } as unknown as Upgrade
  const upgrades = { all: () => [upgrade] } as unknown as UpgradeSchedule
  return new PreMigrations({ upgrades, store: new MemoryBlockstore() })
}

t.test('a pre-migration runs once, within its window', async (t) => {
  const cases: [heights: number[], runs: number][] = [
    [[879], 0],
    [[880], 1],
    [[880, 881, 900], 1],
    [[984], 1],
    [[985], 0],
    [[1000], 0],
    [[2000], 0],
    [[870, 990], 0],
  ]
  for (const [heights, expected] of cases) {
    let runs = 0
    const pre = runner(async () => {
      runs++
    })
    for (const h of heights) pre.onHead(h)
    await pre.close()
    t.equal(runs, expected, `heads at ${heights}`)
  }
})

t.test('it is stopped when the upgrade is at hand, and a failure does no harm', async (t) => {
  let reason: unknown
  const pre = runner(
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason
          reject(signal.reason)
        })
      }),
  )
  pre.onHead(900)
  pre.onHead(989)
  t.equal(reason, undefined)
  pre.onHead(990)
  t.match((reason as Error).message, /at hand/)
  await pre.close()
})

t.test('closing the node stops it', async (t) => {
  let stopped = false
  const pre = runner(
    ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          stopped = true
          resolve()
        })
      }),
  )
  pre.onHead(900)
  await pre.close()
  t.ok(stopped)
})
