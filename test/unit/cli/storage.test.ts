import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { initMiner } from '../../../src/node/miner-init.ts'
import { startMinerNode } from '../../../src/node/miner-node.ts'
import { Address } from '../../../src/types/address.ts'
import { runCli } from '../../kit/cli.ts'
import { temporaryFolder } from '../../kit/daemon.ts'
import { fakeFullNode } from '../../kit/fake-full-node.ts'
import { sharedData } from '../../kit/shared-data.ts'

t.setTimeout(180_000)

const actor = Address.parse('t01000')
const api = fakeFullNode({ stateMinerInfo: async () => ({ worker: Address.parse('t0100'), sectorSize: 2048n }) as never })
const { signal } = new AbortController()

t.test('the folders of sectors, as lotus-miner storage shows them', async (t) => {
  const folder = temporaryFolder(t)
  const repoPath = join(folder, 'miner')
  await initMiner(api, { repoPath, actor, preSealedSectors: [], localStorage: false, noSync: true, signal })
  const miner = await startMinerNode(
    { repoPath, noSync: true, apiPort: 0, configOverrides: { LOTUS_SUBSYSTEMS_ENABLEMINING: 'false' } },
    { api },
  )
  t.teardown(() => miner.close())
  const run = (...args: string[]) => runCli([...args, '--miner-repo', repoPath])
  const paths = () =>
    JSON.parse(readFileSync(join(repoPath, 'storage.json'), 'utf8')).StoragePaths.map((p: { Path: string }) => p.Path)

  const path = join(folder, 'disk')
  t.equal(
    (await run('storage', 'attach', path)).stderr,
    `ERROR: ${path} is no storage path: it has no sectorstore.json; make it one with storage attach --init and --seal or --store\n`,
  )
  t.match(await run('storage', 'attach', '--init', path), { code: 2, stderr: /give --seal or --store/ })
  t.match(await run('storage', 'attach', '--init', '--store', '--max-storage', 'much', path), {
    code: 2,
    stderr: /is not a size/,
  })
  const attached = await run(
    ...[
      'storage',
      'attach',
      '--init',
      '--store',
      '--weight',
      '7',
      '--max-storage',
      '1MiB',
      '--groups',
      'a',
      '--groups',
      'b',
      path,
    ],
  )
  t.equal(attached.code, 0, attached.stderr)
  t.same(paths(), [path])
  t.match(await run('storage', 'attach', path), { code: 1, stderr: /attached already/ })
  t.match(await run('storage', 'attach', '--init', '--store', path), { code: 1, stderr: /a storage path already/ })
  const { ID: id, ...meta } = JSON.parse(readFileSync(join(path, 'sectorstore.json'), 'utf8'))
  t.match(meta, { Weight: 7, CanSeal: false, CanStore: true, MaxStorage: 1 << 20, Groups: ['a', 'b'], AllowTo: null })

  for (const type of ['sealed', 'cache']) mkdirSync(join(path, type))
  writeFileSync(join(path, 'sealed/s-t01000-5'), '')
  writeFileSync(join(path, 'cache/s-t01000-5'), '')
  t.equal((await run('storage', 'find', '5')).stdout, '', 'not looked at yet')
  t.equal((await run('storage', 'redeclare', path)).code, 0)
  t.equal(
    (await run('miner', 'storage', 'find', '5')).stdout,
    `In ${id} (Sealed, Cache)\n\tSealing: false; Storage: true\n\tLocal (${path})\n`,
  )
  t.equal((await run('storage', 'find', '6')).stdout, '')
  t.equal((await run('storage', 'find', '5', '--actor', 't01001')).stdout, '')
  t.match(await run('storage', 'find', 'five'), { code: 2, stderr: /is not a sector number/ })
  t.match(await run('storage', 'redeclare'), { code: 2, stderr: /either a path, --id or --all/ })

  const seed = sharedData(t, 'chains', 'lotus-devnet-proofs', 'miners', 't01000')
  if (seed !== undefined) {
    t.equal((await run('storage', 'attach', seed)).code, 0)
    t.match(
      (await run('storage', 'find', '1')).stdout,
      /^In 7ad254aa-8bd9-498f-bfa4-b2930e7c0b9a \(Sealed, Cache\)\n\tSealing: false; Storage: false\n/,
    )
  }
  const list = (await run('storage', 'list')).stdout
  const bar = '\\t\\[[#* ]{50}\\] [\\d.]+ [KMGTP]?i?B/[\\d.]+ [KMGTP]iB \\d+%'
  const counts = (sealed: number) =>
    `\\tUnsealed: 0; Sealed: ${sealed}; Caches: ${sealed}; Updated: 0; Update-caches: 0; Reserved: 0 B`
  t.match(
    list,
    new RegExp(
      `${id}:\\n${bar} \\(filesystem\\)\\n${bar} \\(limit\\)\\n${counts(1)}\\n\\tWeight: 7; Use: Store\\n\\tGroups: a, b\\n\\tLocal: ${path}\\n\\n`,
    ),
  )
  if (seed !== undefined) {
    t.match(
      list,
      new RegExp(`7ad254aa-8bd9-498f-bfa4-b2930e7c0b9a:\\n${bar}\\n${counts(2)}\\n\\tUse: ReadOnly\\n\\tLocal: ${seed}\\n\\n`),
    )
  }
  const json = JSON.parse((await run('storage', 'list', '--json')).stdout) as { ID: string; Sectors: object }[]
  t.match(json.find((one) => one.ID === id)?.Sectors, { sealed: 1, cache: 1, unsealed: 0 })

  t.match(await run('storage', 'detach', path), { code: 2, stderr: /--really-do-it/ })
  t.equal((await run('storage', 'detach', '--really-do-it', path)).code, 0)
  t.match(await run('storage', 'detach', '--really-do-it', path), { code: 1, stderr: /is not attached/ })
  t.same(paths(), seed === undefined ? [] : [seed])
})
