import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { livingHolder } from '../../../src/lib/repo-holder.ts'
import { initMiner } from '../../../src/node/miner-init.ts'
import { startMinerNode } from '../../../src/node/miner-node.ts'
import { JsonRpcClient } from '../../../src/rpc/json-client.ts'
import { Repo } from '../../../src/store/repo.ts'
import { Address } from '../../../src/types/address.ts'
import { runCli } from '../../kit/cli.ts'
import { temporaryFolder } from '../../kit/daemon.ts'
import { fakeFullNode } from '../../kit/fake-full-node.ts'
import { until } from '../../kit/net-pair.ts'

const actor = Address.parse('t01000')
const worker = Address.parse('t0100')
const api = fakeFullNode({ stateMinerInfo: async () => ({ worker, sectorSize: 2048n }) as never })
const { signal } = new AbortController()

async function minerRepo(t: Test): Promise<string> {
  const repoPath = join(temporaryFolder(t), 'miner')
  await initMiner(api, { repoPath, actor, preSealedSectors: [], localStorage: true, noSync: true, signal })
  return repoPath
}

t.test('init makes a repository as Lotus lays it out', async (t) => {
  const repoPath = await minerRepo(t)
  for (const name of ['config.toml', 'keystore', 'datastore/metadata', 'sectorstore.json', 'storage.json'])
    t.ok(existsSync(join(repoPath, name)), name)
  t.notOk(existsSync(join(repoPath, 'datastore/chain')), 'a miner has no chain')
  t.equal(statSync(join(repoPath, 'keystore')).mode & 0o777, 0o700)
  t.same(JSON.parse(readFileSync(join(repoPath, 'storage.json'), 'utf8')), { StoragePaths: [{ Path: repoPath }] })
  const meta = JSON.parse(readFileSync(join(repoPath, 'sectorstore.json'), 'utf8'))
  t.match(meta, { Weight: 10, CanSeal: true, CanStore: true })
  const options = { repoPath, preSealedSectors: [], localStorage: true, noSync: true, signal }
  t.same(await initMiner(api, { ...options, actor }), { actor, added: false }, 'the same actor again changes nothing')
  t.equal((await initMiner(api, { ...options, actor: Address.parse('t01001') })).added, true)
  const miner = await startMinerNode({ repoPath, noSync: true, apiPort: 0 }, { api })
  t.same(miner.actors.map(String), ['f01000', 'f01001'])
  await miner.close()
})

t.test('pre-sealed sectors are compared with the chain', async (t) => {
  const folder = temporaryFolder(t)
  const base = { repoPath: join(folder, 'm'), actor, localStorage: true, noSync: true, signal }
  await t.rejects(initMiner(api, { ...base, preSealedSectors: [folder] }), {
    code: 'MINER_PRE_SEALED',
    message: /no sectorstore.json/,
  })
  t.notOk(existsSync(base.repoPath), 'nothing is made before everything was looked at')
  await t.rejects(initMiner(api, { ...base, preSealedSectors: [], preSealedMetadata: join(folder, 'none') }), {
    code: 'MINER_PRE_SEALED',
  })
})

t.test('a miner serves its API, and a second one on the same repository is refused', async (t) => {
  const repoPath = await minerRepo(t)
  const miner = await startMinerNode({ repoPath, noSync: true, apiPort: 0 }, { api })
  t.teardown(() => miner.close())
  const repo = await Repo.open(repoPath, { kind: 'miner' })
  const client = new JsonRpcClient({ url: miner.server.url, token: await repo.apiToken() }, { version: 'v0' })
  t.teardown(() => client.close())
  t.equal(await client.callJson('Filecoin.ActorAddress', []), 't01000')
  t.equal(await client.callJson('Filecoin.ActorSectorSize', ['t01000']), 2048)
  t.match(await client.callJson('Filecoin.Version', []), { APIVersion: 0x010500 })
  t.same(await client.callJson('Filecoin.RuntimeSubsystems', []), ['Mining', 'Sealing', 'SectorStorage'])
  const workers = Object.values((await client.callJson('Filecoin.WorkerStats', [])) as object)
  t.match(workers, [{ Enabled: true, Tasks: ['post/v0/windowproof', 'post/v0/winningproof'], CpuUse: 0, TaskCounts: {} }])
  await t.rejects(client.callJson('Filecoin.ChainHead', []), { rpcCode: -32601 } as never)

  const started = performance.now()
  await t.rejects(startMinerNode({ repoPath, noSync: true, apiPort: 0 }, { api }), { code: 'REPO_LOCKED' })
  t.ok(performance.now() - started < 1000, 'within a second')

  const token = await runCli(['miner', 'auth', 'api-info', '--perm', 'read', '--miner-repo', repoPath])
  t.match(token.stdout, /^MINER_API_INFO=[\w.-]+:\/ip4\/127\.0\.0\.1\/tcp\/\d+\/http\n$/, token.stderr)
  const stop = await runCli(['miner', 'stop'], { env: { LOTUS_MINER_PATH: repoPath } })
  t.equal(stop.code, 0, stop.stderr)
  await miner.closed
  t.notOk(existsSync(join(repoPath, 'api')), 'no address stays behind')
})

t.test('a miner that waits for its node says so to commands', async (t) => {
  const repoPath = await minerRepo(t)
  let timestamp = 0n
  const old = fakeFullNode({
    stateMinerInfo: async () => ({ worker, sectorSize: 2048n }) as never,
    chainHead: async () => ({ cids: [], height: 7, blocks: [{ timestamp }] }) as never,
  })
  const starting = startMinerNode({ repoPath, noSync: false, apiPort: 0 }, { api: old })
  t.teardown(async () => (await starting).close())
  await until(() => livingHolder(repoPath)?.waitsFor === 'sync')
  t.match(await runCli(['miner', 'info'], { env: { LOTUS_MINER_PATH: repoPath } }), {
    code: 1,
    stdout: '',
    stderr:
      /^ERROR: the process \d+ on the repository \S+ waits until its full node is in sync, [^\n]*; nelumbo sync wait [^\n]*\n$/,
  })
  timestamp = BigInt(Math.floor(Date.now() / 1000) + 3600)
  await starting
  t.same(livingHolder(repoPath), { pid: process.pid })
})

t.test('what is wrong with a repository is said', async (t) => {
  const folder = temporaryFolder(t)
  await t.rejects(startMinerNode({ repoPath: join(folder, 'none'), noSync: true }, { api }), {
    code: 'REPO_FORMAT',
    message: /miner init/,
  })
  const empty = join(folder, 'empty')
  await Repo.open(empty, { create: true, kind: 'miner' })
  await t.rejects(startMinerNode({ repoPath: empty, noSync: true, apiPort: 0 }, { api }), { code: 'MINER_REPO' })
  const cli = await runCli(['miner', 'stop', '--miner-repo', join(folder, 'none')])
  t.equal(cli.code, 1)
  t.match(cli.stderr, /^ERROR: there is no miner repository at .*; make one with nelumbo miner init/)
})
