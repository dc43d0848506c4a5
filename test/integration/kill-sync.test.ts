// The power fails at random points while a chain comes in from another process. Each next start needs no hand, and the node ends
// on the head and the state of one that was never disturbed.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type RunningDaemon, spawnDaemon, startDaemon, temporaryFolder } from '../kit/daemon.ts'
import { figure } from '../kit/figures.ts'
import { sharedData } from '../kit/shared-data.ts'

const NAME = 'lotus-devnet-proofs'
const HEAD = 'bafy2bzacedsm6mfbexsnpsw6djb4tw5jarg5w7g4aajdnalqe3ugqyzfgit6e'
const HEIGHT = 787
const POINTS = figure(100, 6)
/** Kills in a row before a sync is let through to its end. */
const ROW = 12
/** The first part of a run, in which the process starts, connects and compiles; what comes after it is killed by height. */
const START_MS = 20_000
/** Most that a sync may take on a machine with much other work, ms. */
const PATIENCE_MS = 600_000

t.setTimeout(figure(4 * 3_600_000, 900_000))

interface End {
  readonly head: string
  readonly state: string
  readonly receipts: string
}

/** What a node that has arrived says of its head and of the state that its messages lead to. */
async function endOf(daemon: RunningDaemon): Promise<End> {
  const { result } = await daemon.call('ChainHead')
  const { Cids, Height } = result as { Cids: { '/': string }[]; Height: number }
  const computed = (await daemon.call('StateCompute', [Height, null, Cids])).result as { Root: { '/': string } }
  const receipts = (await daemon.call('ChainGetParentReceipts', [Cids[0]])).result
  return { head: Cids.map((c) => c['/']).join(), state: computed.Root['/'], receipts: JSON.stringify(receipts) }
}

async function height(daemon: RunningDaemon): Promise<number> {
  return ((await daemon.call('ChainHead')).result as { Height: number }).Height
}

async function reaches(daemon: RunningDaemon, wanted: number): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while ((await height(daemon)) < wanted) {
    if (Date.now() > end || daemon.process.ended !== undefined)
      throw new Error(`the node did not come to height ${wanted}:\n${daemon.process.stderr}`)
    await sleep(20)
  }
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN

t.test(`killed at ${POINTS} random points of a sync`, async (t) => {
  const chain = sharedData(t, 'chains', NAME)
  if (chain === undefined) return
  const elder = await startDaemon(t, {
    repo: join(temporaryFolder(t), 'repo'),
    chain,
    args: ['--import-snapshot', join(chain, 'snapshot.car.zst')],
  })
  const { ID, Addrs } = (await elder.call('NetAddrsListen')).result as { ID: string; Addrs: string[] }
  const env = { LOTUS_LIBP2P_BOOTSTRAPPEERS: `${Addrs[0]}/p2p/${ID}` }
  const spawn = (repo: string) => spawnDaemon(t, { repo, chain, env, args: ['--bootstrap=true'] })

  const started = Date.now()
  const undisturbed = await spawn(join(temporaryFolder(t), 'repo')).ready()
  await reaches(undisturbed, HEIGHT)
  const span = Date.now() - started
  const expected = await endOf(undisturbed)
  t.equal(expected.head, HEAD)
  await undisturbed.process.stop()

  const restarts: number[] = []
  const heights: number[] = []
  let kills = 0
  let runs = 0
  const begin = async (repo: string): Promise<RunningDaemon> => {
    const from = Date.now()
    const daemon = await spawn(repo).ready(PATIENCE_MS)
    restarts.push(Date.now() - from)
    return daemon
  }
  while (kills < POINTS) {
    const repo = join(temporaryFolder(t), 'repo')
    let reached = 0
    for (let row = 0; row < ROW && kills < POINTS && reached < HEIGHT; row++) {
      kills++
      // By turns at any moment from the start of the process on, and at any height of the chain: most of the time passes before
      // the first block is executed.
      if (kills % 2 === 1) {
        const daemon = spawn(repo)
        await sleep(Math.random() * Math.min(span, START_MS))
        await daemon.kill9()
        continue
      }
      const daemon = await begin(repo)
      const from = await height(daemon)
      if (from < reached) t.fail(`height ${from} after a restart, ${reached} before it`)
      reached = from + Math.floor(Math.random() * (HEIGHT + 1 - from))
      await reaches(daemon, reached)
      await sleep(Math.random() * 100)
      reached = await height(daemon)
      heights.push(reached)
      await daemon.process.kill9()
    }
    const daemon = await begin(repo)
    const back = await height(daemon)
    if (back < reached) t.fail(`height ${back} after a restart, ${reached} before it`)
    await reaches(daemon, HEIGHT)
    t.same(await endOf(daemon), expected, `the same head and state after ${kills} kills`)
    t.notOk((await daemon.call('ChainCheckBlockstore')).error, 'every block has its hash')
    t.same(await daemon.process.stop(), { code: 0, signal: null })
    runs++
    t.comment(`${kills} kills`)
  }
  t.comment(
    `${kills} kills in ${runs} syncs (one alone takes ${span} ms), those by height at ${heights.join(' ')}; ` +
      `ready after a kill in ${median(restarts)} ms (median), ${Math.max(...restarts)} ms at most`,
  )
})
