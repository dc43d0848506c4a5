import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { formatPathMeta, initStoragePath, parsePathMeta, readPathMeta } from '../../../../src/miner/storage/path-meta.ts'
import { fileTypesOf, parseSectorName, sectorName, spaceOf } from '../../../../src/miner/storage/sector-files.ts'
import { SectorIndex, staleMs } from '../../../../src/miner/storage/sector-index.ts'
import { SectorStore } from '../../../../src/miner/storage/sector-store.ts'
import { sharedData } from '../../../kit/shared-data.ts'

interface Test {
  teardown(work: () => void): unknown
}

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'nelumbo-storage-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A list of paths, as the repo keeps it. */
function pathList() {
  let kept: readonly string[] = []
  return {
    storagePaths: async () => kept,
    setStoragePaths: async (paths: readonly string[]) => {
      kept = paths
    },
  }
}

function newStore(paths = pathList(), now?: () => number): SectorStore {
  return new SectorStore({ index: new SectorIndex(now), paths }, { urls: ['http://127.0.0.1:2345/remote'] })
}

/** A path with the named files, empty. */
async function pathWith(t: Test, files: readonly string[], settings: Parameters<typeof initStoragePath>[1] = { canStore: true }) {
  const path = folder(t)
  const meta = await initStoragePath(path, settings)
  for (const file of files) addFile(path, file)
  return { path, id: meta.id }
}

function addFile(path: string, file: string): void {
  mkdirSync(join(path, file, '..'), { recursive: true })
  if (file.startsWith('cache')) mkdirSync(join(path, file))
  else writeFileSync(join(path, file), '')
}

const sector = { miner: 1000n, number: 5n }

t.test('names of sectors', async (t) => {
  t.equal(sectorName(sector), 's-t01000-5')
  t.same(parseSectorName('s-t01000-5'), sector)
  t.same(parseSectorName('s-t00-18446744073709551615'), { miner: 0n, number: 2n ** 64n - 1n })
  for (const name of [
    's-f01000-5',
    's-t01000',
    's-t01000-5.tmp',
    's-t01000--5',
    's-t01000-05',
    's-t01-18446744073709551616',
    '',
  ]) {
    t.equal(parseSectorName(name), undefined, name)
  }
  t.same(fileTypesOf(0b10110), ['sealed', 'cache', 'update-cache'])
  t.equal(spaceOf('cache', 2048n, 'sealing'), 28876n)
  t.equal(spaceOf('cache', 2048n, 'storage'), 204n)
})

t.test("lotus-seed's sectorstore.json is read and written as it stands", async (t) => {
  const path = sharedData(t, 'chains', 'lotus-devnet-proofs', 'miners', 't01000')
  if (path === undefined) return
  const meta = await readPathMeta(path)
  t.match(meta, { id: '7ad254aa-8bd9-498f-bfa4-b2930e7c0b9a', weight: 0n, canSeal: false, canStore: false, allowTypes: [] })
  t.equal(formatPathMeta(meta), readFileSync(join(path, 'sectorstore.json'), 'utf8'))
})

t.test('settings survive, 64-bit numbers too', async (t) => {
  const path = folder(t)
  const settings = {
    weight: 2n ** 63n + 1n,
    canSeal: true,
    canStore: true,
    maxStorage: 2n ** 60n + 1n,
    groups: ['a', 'b'],
    allowTo: ['c'],
    allowTypes: ['sealed'],
    denyTypes: ['unsealed'],
    allowMiners: ['f01000'],
    denyMiners: ['t01001'],
  }
  const meta = await initStoragePath(path, settings)
  t.same(await readPathMeta(path), { id: meta.id, ...settings })
  await t.rejects(initStoragePath(path, settings), { code: 'STORAGE_ATTACHED' })
  await t.rejects(initStoragePath(folder(t), {}), { code: 'STORAGE_META', message: /--seal or --store/ })
})

t.test('a wrong sectorstore.json is refused with its name', async (t) => {
  const id = '"ID": "x"'
  for (const [text, message] of [
    ['', /no JSON/],
    ['[]', /no JSON object/],
    ['{}', /ID must be/],
    [`{${id}, "Weight": -1}`, /Weight must be/],
    [`{${id}, "Weight": 1.5}`, /Weight must be/],
    [`{${id}, "Weight": 18446744073709551616}`, /Weight must be/],
    [`{${id}, "CanSeal": "yes"}`, /CanSeal must be/],
    [`{${id}, "Groups": "a"}`, /Groups must be/],
    [`{${id}, "AllowTypes": [1]}`, /AllowTypes must be/],
  ] as const) {
    t.throws(() => parsePathMeta(text, '/p/sectorstore.json'), { code: 'STORAGE_META', message }, text)
  }
  t.match(parsePathMeta('{"id": "x", "canstore": true}', ''), { id: 'x', canStore: true }, 'keys in any case, as Go reads them')
})

t.test('attach, find, detach, and again after a restart', async (t) => {
  const repo = pathList()
  const { path, id } = await pathWith(t, ['sealed/s-t01000-5', 'cache/s-t01000-5', 'unsealed/fetching', 'sealed/notes.txt'])
  const store = newStore(repo)
  await store.open()
  t.teardown(() => store.close())
  await store.attach(path)
  t.same([...store.local()], [[id, path]])
  t.same(await repo.storagePaths(), [path])
  t.same([...store.index.list()], [[id, [{ sector, types: 0b110 }]]])
  t.match(store.index.find(sector, 'sealed'), [{ info: { id, urls: ['http://127.0.0.1:2345/remote'] }, primary: true }])
  t.same(await store.provingFiles(sector, false), [
    { sealedPath: join(path, 'sealed/s-t01000-5'), cachePath: join(path, 'cache/s-t01000-5') },
  ])
  await t.rejects(store.provingFiles(sector, true), {
    code: 'STORAGE_NO_SECTOR',
    message: /no update file and no update-cache file/,
  })
  await t.rejects(store.attach(path), { code: 'STORAGE_ATTACHED', message: /attached already/ })

  const again = newStore(repo)
  await again.open()
  t.teardown(() => again.close())
  t.same([...again.local()], [[id, path]])

  await store.detach(path)
  t.same(await repo.storagePaths(), [])
  t.same([...store.index.list()], [])
  await t.rejects(store.provingFiles(sector, false), { message: /no storage path is attached/ })
  await t.rejects(store.detach(path), { code: 'STORAGE_UNKNOWN' })
  await t.rejects(store.attach(folder(t)), { code: 'STORAGE_PATH', message: /no storage path/ })
  await t.rejects(store.attach(join(path, 'nowhere')), { code: 'STORAGE_PATH' })
})

t.test('a path that is gone keeps the others from nothing', async (t) => {
  const repo = pathList()
  const first = await pathWith(t, ['sealed/s-t01000-1'])
  const second = await pathWith(t, ['sealed/s-t01000-2'])
  const store = newStore(repo)
  await store.attach(first.path)
  await store.attach(second.path)
  rmSync(first.path, { recursive: true })
  const again = newStore(repo)
  await again.open()
  again.close()
  t.same([...again.local().keys()], [second.id])
  t.same(await repo.storagePaths(), [first.path, second.path], 'it stays listed: the disk may come back')
})

t.test('two folders with one id', async (t) => {
  const { path } = await pathWith(t, [])
  const copy = folder(t)
  cpSync(path, copy, { recursive: true })
  const store = newStore()
  await store.attach(path)
  await t.rejects(store.attach(copy), { code: 'STORAGE_ATTACHED', message: /has the same id/ })
})

t.test('files that come and go are seen', async (t) => {
  const { path, id } = await pathWith(t, ['cache/s-t01000-5'])
  const store = newStore()
  await store.attach(path)
  await t.rejects(store.provingFiles(sector, false), { message: /Sector 5 has no sealed file/ })
  addFile(path, 'sealed/s-t01000-5')
  t.equal((await store.provingFiles(sector, false)).length, 1)
  t.equal(store.index.find(sector, 'sealed').length, 1, 'and declared')
  renameSync(join(path, 'sealed/s-t01000-5'), join(path, 'away'))
  await t.rejects(store.provingFiles(sector, false), { code: 'STORAGE_NO_SECTOR' })
  await store.redeclare(id, false)
  t.equal(store.index.find(sector, 'sealed').length, 1)
  await store.redeclare(undefined, true)
  t.equal(store.index.find(sector, 'sealed').length, 0)
  t.equal(store.index.find(sector, 'cache').length, 1)
  await t.rejects(store.redeclare('nothing', true), { code: 'STORAGE_UNKNOWN' })
})

t.test('the long-term copy comes first', async (t) => {
  const sealing = await pathWith(t, ['sealed/s-t01000-5', 'cache/s-t01000-5'], { canSeal: true, weight: 100n })
  const storing = await pathWith(t, ['sealed/s-t01000-5'], { canStore: true, weight: 1n })
  const store = newStore()
  await store.attach(sealing.path)
  await store.attach(storing.path)
  t.same(
    (await store.provingFiles(sector, false)).map(({ sealedPath }) => sealedPath),
    [join(storing.path, 'sealed/s-t01000-5'), join(sealing.path, 'sealed/s-t01000-5')],
  )
})

t.test('where new files go', async (t) => {
  let now = 0
  const store = newStore(pathList(), () => now)
  const need = 2048n
  await t.rejects(store.allocate(sector, 'sealed', need, 'storage'), { code: 'STORAGE_NO_SPACE', message: /no path is attached/ })
  const paths = {
    readOnly: await pathWith(t, [], { canStore: true, weight: 0n }),
    sealing: await pathWith(t, [], { canSeal: true }),
    notThisMiner: await pathWith(t, [], { canStore: true, denyMiners: ['f01000'] }),
    othersOnly: await pathWith(t, [], { canStore: true, allowMiners: ['t01001'] }),
    notThisType: await pathWith(t, [], { canStore: true, denyTypes: ['sealed'] }),
    small: await pathWith(t, [], { canStore: true, maxStorage: 1000n }),
  }
  for (const { path } of Object.values(paths)) await store.attach(path)
  await t.rejects(store.allocate(sector, 'sealed', need, 'storage'), {
    code: 'STORAGE_NO_SPACE',
    message: /has weight 0.*is not for storing.*does not allow it.*does not allow it.*does not allow it.*1000 bytes free of 2048/,
  })
  t.equal(await store.allocate(sector, 'cache', 2048n, 'sealing'), join(paths.sealing.path, 'cache/s-t01000-5'))
  t.match(await store.allocate({ miner: 1001n, number: 1n }, 'sealed', need, 'storage'), /sealed\/s-t01001-1$/)
  const light = await pathWith(t, [], { canStore: true, weight: 1n })
  const heavy = await pathWith(t, [], { canStore: true, weight: 1000n })
  await store.attach(light.path)
  await store.attach(heavy.path)
  t.equal(await store.allocate(sector, 'sealed', need, 'storage'), join(heavy.path, 'sealed/s-t01000-5'))
  store.index.reportHealth(heavy.id, new Error('the disk is gone'))
  t.equal(await store.allocate(sector, 'sealed', need, 'storage'), join(light.path, 'sealed/s-t01000-5'))
  now += staleMs + 1
  await t.rejects(store.allocate(sector, 'sealed', need, 'storage'), { message: /no sign of life/ })
  await store.reportHealth()
  t.equal(await store.allocate(sector, 'sealed', need, 'storage'), join(heavy.path, 'sealed/s-t01000-5'))
})

t.test('a limit counts what is there', async (t) => {
  const { path, id } = await pathWith(t, [], { canStore: true, maxStorage: 1_000_000n })
  mkdirSync(join(path, 'sealed'))
  writeFileSync(join(path, 'sealed/s-t01000-5'), Buffer.alloc(300_000, 1))
  const store = newStore()
  await store.attach(path)
  const found = await store.stat(id)
  t.equal(found.max, 1_000_000n)
  t.ok(found.used >= 300_000n && found.used < 400_000n, `${found.used}`)
  t.equal(found.available, found.max - found.used)
  t.ok(found.capacity >= found.fsAvailable && found.fsAvailable > 0n)
})
