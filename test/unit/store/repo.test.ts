import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { t } from 'tap'
import { livingHolder } from '../../../src/lib/repo-holder.ts'
import { Repo } from '../../../src/store/repo.ts'

const mode = (path: string) => statSync(path).mode & 0o777

t.test("a new repo has Lotus's layout", async (t) => {
  const folder = join(t.testdir(), 'node')
  await t.rejects(Repo.open(folder), { code: 'REPO_FORMAT', message: /There is no repo in .*start the daemon once/ })
  t.equal(existsSync(folder), false, 'looking makes nothing')
  const repo = await Repo.open(folder, { create: true, defaultConfig: '[API]\n' })
  t.same(readdirSync(folder).sort(), ['bundles', 'config.toml', 'datastore', 'journal', 'keystore', 'version'])
  t.same(readdirSync(join(folder, 'datastore')).sort(), ['chain', 'metadata'])
  t.equal(mode(join(folder, 'keystore')), 0o700)
  t.equal(await repo.configText(), '[API]\n')
  t.ok(Repo.exists(folder))
  t.equal((await Repo.open(folder)).path, folder)

  await t.rejects(repo.setApiEndpoint('/ip4/127.0.0.1/tcp/1234/http'), { code: 'REPO_CLOSED' })
  await t.rejects(repo.apiEndpoint(), { code: 'REPO_NO_API', message: /No daemon runs on the repo/ })
  await t.rejects(repo.apiToken(), { code: 'REPO_NO_API' })
  await repo.lock()
  await repo.lock()
  await repo.setApiEndpoint('/ip4/127.0.0.1/tcp/1234/http')
  await repo.setApiToken('header.payload.signature')
  t.equal(mode(join(folder, 'token')), 0o600)
  const client = await Repo.open(folder)
  t.equal(await client.apiEndpoint(), '/ip4/127.0.0.1/tcp/1234/http')
  t.equal(await client.apiToken(), 'header.payload.signature')
  t.same(await client.storagePaths(), [])
  await repo.setStoragePaths(['/a', '/b'])
  t.same(JSON.parse(readFileSync(join(folder, 'storage.json'), 'utf8')), { StoragePaths: [{ Path: '/a' }, { Path: '/b' }] })
  t.same(await client.storagePaths(), ['/a', '/b'])
  await t.rejects(client.lock(), { code: 'REPO_LOCKED', message: new RegExp(`in use by this process \\(pid ${process.pid}\\)`) })
  await repo.release()
  await t.rejects(client.apiEndpoint(), { code: 'REPO_NO_API' })
  await client.lock()
  await client.release()
})

t.test('folders that are no repo of ours', async (t) => {
  const other = t.testdir({
    other: { 'file.txt': 'x' },
    lotus: { datastore: { chain: { MANIFEST: 'x', KEYREGISTRY: 'x' } }, keystore: {} },
  })
  await t.rejects(Repo.open(join(other, 'other'), { create: true }), {
    code: 'REPO_FORMAT',
    message: /is not empty and holds no repo/,
  })
  await t.rejects(Repo.open(join(other, 'lotus'), { create: true }), { code: 'REPO_FORMAT', message: /is a repo of Lotus/ })
  const folder = join(other, 'new')
  await Repo.open(folder, { create: true })
  writeFileSync(join(folder, 'version'), '99\n')
  await t.rejects(Repo.open(folder), { code: 'REPO_FORMAT', message: /has version 99, which is newer/ })
  writeFileSync(join(folder, 'version'), 'x')
  await t.rejects(Repo.open(folder), { code: 'REPO_FORMAT', message: /does not hold a version number/ })
  writeFileSync(join(folder, 'version'), '1\n')
  writeFileSync(join(folder, 'storage.json'), '{"StoragePaths":[{}]}')
  await t.rejects((await Repo.open(folder)).storagePaths(), { code: 'REPO_FORMAT', message: /storage.json is damaged/ })
})

t.test('a repo whose making was interrupted is finished', async (t) => {
  const folder = join(t.testdir(), 'node')
  mkdirSync(join(folder, 'datastore', 'chain'), { recursive: true })
  writeFileSync(join(folder, '.unfinished-00'), 'x')
  await t.rejects(Repo.open(folder), { code: 'REPO_FORMAT' })
  const repo = await Repo.open(folder, { create: true })
  await repo.lock()
  t.equal(existsSync(join(folder, '.unfinished-00')), false, 'leftovers go')
  await repo.release()
})

const repoModule = new URL('../../../src/store/repo.ts', import.meta.url).href
const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e']

async function holder(folder: string): Promise<ChildProcess> {
  const script = `const { Repo } = await import(${JSON.stringify(repoModule)})
    const repo = await Repo.open(process.argv[1]); await repo.lock(); console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout!, 'data')
  return child
}

t.test('another process with the repo is named; a killed one holds nothing', async (t) => {
  const folder = join(t.testdir(), 'node')
  const repo = await Repo.open(folder, { create: true })
  const child = await holder(folder)
  await t.rejects(repo.lock(), {
    code: 'REPO_LOCKED',
    message: new RegExp(`in use by the process with pid ${child.pid}; stop that one first`),
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.ok(existsSync(join(folder, 'repo.pid')), 'the killed process left its traces')
  t.equal(livingHolder(folder), undefined, 'and lives no more')
  writeFileSync(join(folder, 'api'), '/ip4/127.0.0.1/tcp/1/http')
  await repo.lock()
  await t.rejects(repo.apiEndpoint(), { code: 'REPO_NO_API' }, 'somebody else may listen where it did')
  t.same(livingHolder(folder), { pid: process.pid })
  await repo.setWait('sync')
  t.same(livingHolder(folder), { pid: process.pid, waitsFor: 'sync' })
  await repo.setWait(undefined)
  t.same(livingHolder(folder), { pid: process.pid })
  await repo.release()
  rmSync(join(folder, 'repo.lock'))
  await repo.lock()
  await repo.release()
})

t.test('of processes that start together one gets the repo', async (t) => {
  const folder = join(t.testdir(), 'node')
  const repo = await Repo.open(folder, { create: true })
  const script = `const { Repo } = await import(${JSON.stringify(repoModule)})
    const repo = await Repo.open(process.argv[1])
    await repo.lock().then(() => console.log('held'), (e) => console.log(e.code))
    setTimeout(() => {}, 100_000)`
  const children = Array.from({ length: 3 }, () =>
    spawn(process.execPath, [...flags, script, folder], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  const answers = await Promise.all(children.map(async (c) => String((await once(c.stdout, 'data'))[0]).trim()))
  t.same(answers.sort(), ['REPO_LOCKED', 'REPO_LOCKED', 'held'])
  await t.rejects(repo.lock(), { code: 'REPO_LOCKED' })
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map((c) => once(c, 'exit')))
  await repo.lock()
  await repo.release()
})

t.test('a keystore that is open to others is refused', async (t) => {
  const folder = join(t.testdir({}), 'repo')
  const repo = await Repo.open(folder, { create: true })
  for (const mode of [0o750, 0o705, 0o710]) {
    chmodSync(repo.paths.keystore, mode)
    await t.rejects(repo.lock(), {
      code: 'KEYSTORE_PERMISSIONS',
      message: new RegExp(`mode 0${mode.toString(8)}, not 0700\\); run: chmod 700 `),
    })
    t.notOk(repo.locked)
  }
  chmodSync(repo.paths.keystore, 0o700)
  await repo.lock()
  await repo.release()
})
