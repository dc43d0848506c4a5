// The power fails at many points: while a chain is imported, while it is executed, while it is served. The next start needs no
// hand, and what is in the store is whole.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type RunningDaemon, runDaemon, spawnDaemon, startDaemon, temporaryFolder } from '../kit/daemon.ts'
import { jsonDifference } from '../kit/json-compare.ts'
import { laterReason, notCompared, recordedAnswers } from '../kit/rpc-answers.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(600_000)

const NAME = 'lotus-devnet-proofs'
const HEAD = 'bafy2bzacedsm6mfbexsnpsw6djb4tw5jarg5w7g4aajdnalqe3ugqyzfgit6e'

/** A sample of what Lotus was asked, and whether the store is whole. */
async function check(t: Test, daemon: RunningDaemon, every: number): Promise<void> {
  const answers = recordedAnswers(t, NAME)?.filter((a) => laterReason(a.method) === undefined && a.error === undefined) ?? []
  const sample = answers.filter((_, i) => i % every === 0)
  const wrong: string[] = []
  for (const { method, params, path, result } of sample) {
    const got = await daemon.call(method, params, { path })
    const difference = got.error?.message ?? jsonDifference(got.result, result, notCompared(NAME, method))
    if (difference !== undefined) wrong.push(`${method}: ${difference}`)
  }
  t.same(wrong, [], `${sample.length} answers`)
  t.notOk((await daemon.call('ChainCheckBlockstore')).error, 'every block has its hash')
}

t.test('killed while a snapshot is imported', async (t) => {
  const chain = sharedData(t, 'chains', NAME)
  if (chain === undefined) return
  const repo = join(temporaryFolder(t), 'repo')
  const args = ['--import-snapshot', join(chain, 'snapshot.car.zst'), '--halt-after-import']
  for (const delay of [150, 350, 450, 550, 650, 800]) {
    const daemon = spawnDaemon(t, { repo, chain, args })
    await sleep(delay)
    await daemon.kill9()
  }
  const imported = await runDaemon(t, { repo, chain, args })
  t.same(imported.ended, { code: 0, signal: null }, imported.stderr)
  t.match(imported.lastLine, `head 787 ${HEAD}`)
  const daemon = await startDaemon(t, { repo, chain })
  t.match(await daemon.call('ChainHead'), { result: { Cids: [{ '/': HEAD }] } })
  t.notOk((await daemon.call('ChainCheckBlockstore')).error)
  await daemon.process.stop()
})

t.test('killed while a chain is executed, then while it is served', async (t) => {
  const chain = sharedData(t, 'chains', NAME)
  if (chain === undefined) return
  const repo = join(temporaryFolder(t), 'repo')
  const args = ['--import-chain', join(chain, 'chain.car.zst'), '--halt-after-import']
  for (const delay of [0, 1000, 3000, 6000, 8500]) {
    const daemon = spawnDaemon(t, { repo, chain, args })
    await daemon.until(() => (daemon.stderr.includes('chain imported') ? true : undefined), 'the end of the import')
    await sleep(delay)
    await daemon.kill9()
  }
  for (const delay of [0, 2000]) {
    const daemon = spawnDaemon(t, { repo, chain, args })
    await daemon.until(() => (daemon.stderr.includes('chain imported') ? true : undefined), 'the end of the import')
    await sleep(delay)
    const started = Date.now()
    daemon.signal('SIGINT')
    t.same(await daemon.exited, { code: 130, signal: null }, 'Ctrl-C ends it')
    // Compiling one actor takes up to two seconds, and nothing can interrupt that.
    t.ok(Date.now() - started < 8000, `after ${Date.now() - started} ms`)
    t.same(daemon.errors, ['ERROR: interrupted'])
  }
  const validated = await runDaemon(t, { repo, chain, args })
  t.same(validated.ended, { code: 0, signal: null }, validated.stderr)
  t.match(validated.lastLine, /^validated 355 tipsets /)

  for (const delay of [0, 1000]) {
    const daemon = await startDaemon(t, { repo, chain })
    // Calls that execute messages are under way.
    for (let i = 0; i < 20; i++) daemon.call('StateCompute', [700 + i, null, null]).catch(() => undefined)
    await sleep(delay)
    await daemon.process.kill9()
  }
  const daemon = await startDaemon(t, { repo, chain })
  t.match(await daemon.call('ChainHead'), { result: { Height: 787, Cids: [{ '/': HEAD }] } })
  await check(t, daemon, 20)
  t.same(await daemon.process.stop(), { code: 0, signal: null })
})
