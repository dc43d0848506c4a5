// Node and miner in one process, as a user runs them, on a network of fake proofs and a mock beacon.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { devnetLayout } from '../../src/node/devnet/layout.ts'
import { makeDevnet } from '../../src/node/devnet/make.ts'
import { runCli } from '../kit/cli.ts'
import { type RunningDaemon, spawnDaemon, temporaryFolder } from '../kit/daemon.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(400_000)

const PATIENCE_MS = 180_000

async function height(daemon: RunningDaemon): Promise<number> {
  const { result } = await daemon.call('ChainHead')
  return (result as { readonly Height: number }).Height
}

async function reached(daemon: RunningDaemon, wanted: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while ((await height(daemon)) < wanted) {
    if (Date.now() > deadline || daemon.process.ended !== undefined)
      throw new Error(`the chain did not reach ${wanted}:\n${daemon.process.stderr.slice(-4000)}`)
    await sleep(200)
  }
}

async function madeNetwork(t: Test, bundlesDir: string): Promise<{ folder: string; network: string; keys: string[] }> {
  const folder = temporaryFolder(t)
  const { signal } = new AbortController()
  const devnet = join(folder, 'devnet')
  await makeDevnet({
    folder: devnet,
    cacheDir: join(folder, 'cache'),
    miners: 2,
    sectors: 2,
    blockDelaySecs: 1,
    proofs: 'fake',
    bundleFolders: [bundlesDir],
    signal,
    onStep: () => {},
  })
  const layout = devnetLayout(devnet)
  const json = JSON.parse(readFileSync(layout.network, 'utf8'))
  json.drand = [{ start: 0, kind: 'mock' }]
  json.genesis = layout.genesis
  const network = join(folder, 'network.json')
  writeFileSync(network, JSON.stringify(json))
  return { folder, network, keys: ['t01000', 't01001'].map((m) => join(layout.sectors(m), `pre-seal-${m}.key`)) }
}

t.test('daemon --with-miner makes blocks for two actors, and ends in good order', async (t) => {
  const bundlesDir = sharedData(t, 'actors')
  if (bundlesDir === undefined) return
  const { folder, network, keys } = await madeNetwork(t, bundlesDir)
  const repo = join(folder, 'node')
  const minerRepo = join(folder, 'miner')
  const args = ['--network-file', network, '--bundles', bundlesDir]
  const alone = await spawnDaemon(t, { repo, args }).ready(PATIENCE_MS)
  for (const key of keys) {
    const { Type, PrivateKey } = JSON.parse(Buffer.from(readFileSync(key, 'utf8').trim(), 'hex').toString('utf8'))
    const { error } = await alone.call('WalletImport', [{ Type, PrivateKey }])
    t.equal(error, undefined)
  }
  for (const actor of ['t01000', 't01001']) {
    const init = ['miner', 'init', '--miner-repo', minerRepo, '--actor', actor, '--genesis-miner']
    const made = await runCli(['--repo', repo, ...init])
    t.equal(made.code, 0, made.stderr)
  }
  t.same(await alone.process.stop(), { code: 0, signal: null })

  const miner = ['--with-miner', '--miner-repo', minerRepo, '--miner-api', '0', '--miner-nosync']
  const daemon = await spawnDaemon(t, { repo, args: [...args, ...miner] }).ready(PATIENCE_MS)
  await reached(daemon, 4)
  const states = await runCli(['--json', 'mining', 'states', '--miner-repo', minerRepo])
  t.same(
    (JSON.parse(states.stdout) as { Miner: string; IsMining: boolean }[]).map((s) => [s.Miner, s.IsMining]),
    [
      ['t01000', true],
      ['t01001', true],
    ],
  )
  const record = await runCli(['--json', 'mining', 'record', '--miner-repo', minerRepo, '--actor', 't01001', '--count', '3'])
  const attempts = JSON.parse(record.stdout) as { Epoch: number; Outcome: string }[]
  t.ok(attempts.length >= 2 && attempts.every((a) => ['won', 'lost'].includes(a.Outcome)), record.stdout)
  t.same(await daemon.process.stop(), { code: 0, signal: null }, 'SIGTERM ends both')
})
