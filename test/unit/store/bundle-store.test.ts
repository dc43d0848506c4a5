import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { t } from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { type BundleCatalog, bundleCatalog, bundleNames, retiredBundles } from '../../../src/networks/bundles.ts'
import { calibnet } from '../../../src/networks/calibnet.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { BundleStore } from '../../../src/store/bundle-store.ts'
import { readTar } from '../../../src/store/tar.ts'
import { sharedData, sharedFile, sharedJson } from '../../kit/shared-data.ts'

configureLogging({ level: 'fatal', write: () => {} })

const catalog = (bundle: (typeof bundleNames)[number]) => bundleCatalog({ name: bundle, bundle })

t.test('every bundle of every network has the manifest that the network names', async (t) => {
  const folder = sharedData(t, 'actors')
  if (folder === undefined) return
  const known = new Map<string, string>()
  for (const bundle of bundleNames) {
    const { versions, manifestCid } = catalog(bundle)
    for (const v of versions) if (v < 19) known.set(`${manifestCid(v)}`, `${bundle} v${v}`)
  }
  for (const r of retiredBundles) known.set(r.manifest, `retired ${r.release}`)
  const seen = new Set<string>()
  const { readCarHeaderBytes } = await import('../../../src/store/car/memory.ts')
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.tar.zst'))) {
    for (const { name, data } of readTar(zstdDecompressSync(readFileSync(join(folder, file))))) {
      const [root] = readCarHeaderBytes(data).roots
      seen.add(String(root))
      const what = known.get(String(root))
      const bundle = /^builtin-actors-(.*)\.car$/.exec(name)?.[1]
      if (bundle !== undefined && (bundleNames as readonly string[]).includes(bundle))
        t.match(what, `${bundle} ${file.split('.')[0]}`, `${file} ${name}`)
    }
  }
  for (const [cid, what] of known) if (!what.endsWith(' v8')) t.ok(seen.has(cid), what)
})

t.test('a bundle from a folder', async (t) => {
  const folder = sharedData(t, 'actors')
  type Entry = {
    network: { type: string }
    version: string
    bundle_cid: string
    manifest: { actors: [string, number, string][]; actor_list_cid: string }
  }
  const forest = sharedJson<Entry[]>(t, 'actors', 'forest-bundle-manifest.json')
  if (folder === undefined || forest === undefined) return
  const root = t.testdir({ kept: {}, plain: {} })
  const kept = join(root, 'kept')
  const bundles = new BundleStore({ catalog: catalog('devnet') }, { folder: kept, localFolders: [folder], downloads: false })
  const store = new MemoryBlockstore()
  const manifest = await bundles.ensureBundle(store, 18)
  const expected = forest.find((e) => e.network.type === 'devnet' && e.version === 'v18.0.0')!
  t.equal(String(manifest.manifestCid), expected.bundle_cid)
  t.equal(String(manifest.dataCid), expected.manifest.actor_list_cid)
  t.same(
    [...manifest.codeByName].map(([name, code]) => [name, String(code)]).sort(),
    expected.manifest.actors.map(([name, , code]) => [name, code]).sort(),
  )
  t.equal(manifest.nameByCode(manifest.codeByName.get('storageminer')!), 'storageminer')
  t.equal(manifest.nameByCode(manifest.dataCid), undefined)
  t.equal(store.size, 18)
  t.same(readdirSync(kept), [`${manifest.manifestCid}.car`])

  // Now the kept one serves; and what the block store has already is not read again.
  const offline = new BundleStore({ catalog: catalog('devnet') }, { folder: kept, downloads: false })
  t.equal((await offline.load(18)).blocks.length, 18)
  t.equal((await offline.load(19)).manifest.version, 19, 'the placeholder version has the same build')
  const empty = new BundleStore({ catalog: catalog('devnet') }, { folder: join(kept, 'none'), downloads: false })
  t.equal(String((await empty.ensureBundle(store, 18)).dataCid), String(manifest.dataCid))
  await t.rejects(empty.load(18), {
    code: 'BUNDLE_MISSING',
    message: /v18 of devnet \(bafy2bzaced35g.*\) is not on this machine and downloads are off; give the folder/,
  })
  await t.rejects(empty.load(7), { code: 'BUNDLE_UNKNOWN', message: /no actor bundle of version 7 for devnet; versions 8, 9, / })

  // A plain CAR of any name.
  const plain = join(root, 'plain')
  copyFileSync(join(kept, `${manifest.manifestCid}.car`), join(plain, 'mine.car'))
  const other = new BundleStore(
    { catalog: catalog('devnet') },
    { folder: join(plain, 'kept'), localFolders: [plain], downloads: false },
  )
  t.equal((await other.load(18)).blocks.length, 18)

  // One flipped bit in a kept file: the file goes, the tar serves.
  const path = join(kept, `${manifest.manifestCid}.car`)
  const bytes = readFileSync(path)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
  await t.rejects(offline.load(18), { code: 'BUNDLE_MISSING' })
  t.equal(existsSync(path), false)
  t.equal((await bundles.load(18)).blocks.length, 18)

  // The same bit in a folder of the user's is refused with the block's name.
  writeFileSync(join(plain, 'mine.car'), bytes)
  const damaged = new BundleStore(
    { catalog: catalog('devnet') },
    { folder: join(plain, 'kept2'), localFolders: [plain], downloads: false },
  )
  await t.rejects(damaged.load(18), { code: 'BUNDLE_DAMAGED', message: /mine\.car is damaged: .*baf/ })
})

t.test('code CIDs are what Lotus answers', async (t) => {
  const folder = sharedData(t, 'actors')
  if (folder === undefined) return
  for (const [chain, bundle] of [
    ['lotus-devnet', 'testing-fake-proofs'],
    ['lotus-devnet-proofs', 'devnet'],
  ] as const) {
    const packed = sharedFile(t, 'chains', chain, 'rpc-answers.ndjson.zst')
    if (packed === undefined) return
    const answers = zstdDecompressSync(packed).toString('utf8').split('\n')
    const line = answers.find((l) => l.includes('"Filecoin.StateActorCodeCIDs","params":[28]'))
    const expected = JSON.parse(line as string).result as Record<string, { '/': string }>
    const bundles = new BundleStore(
      { catalog: catalog(bundle) },
      { folder: t.testdir(), localFolders: [folder], downloads: false },
    )
    const { manifest } = await bundles.load(18)
    t.same(Object.fromEntries([...manifest.codeByName].map(([name, code]) => [name, { '/': String(code) }])), expected, chain)
  }
})

t.test('tars that do not hold what they should', async (t) => {
  const folder = sharedData(t, 'actors')
  if (folder === undefined) return
  const wrong = t.testdir()
  copyFileSync(join(folder, 'v17.tar.zst'), join(wrong, 'v18.tar.zst'))
  const bundles = new BundleStore(
    { catalog: catalog('mainnet') },
    { folder: join(wrong, 'kept'), localFolders: [wrong], downloads: false },
  )
  await t.rejects(bundles.load(18), {
    code: 'BUNDLE_DAMAGED',
    message: /v18\.tar\.zst \(builtin-actors-mainnet\.car\) does not begin with the manifest bafy2bzacedxsq/,
  })
  writeFileSync(join(wrong, 'v18.tar.zst'), readFileSync(join(folder, 'v18.tar.zst')).subarray(0, 1_000_000))
  await t.rejects(bundles.load(18), { code: 'BUNDLE_DAMAGED', message: /v18\.tar\.zst cannot be unpacked/ })
  writeFileSync(join(wrong, 'v18.tar.zst'), zstdCompressSync(new Uint8Array(2000).fill(7)))
  await t.rejects(bundles.load(18), {
    code: 'BUNDLE_DAMAGED',
    message: /v18\.tar\.zst cannot be read: the header at byte 0 holds a number/,
  })
  const none = new BundleStore(
    { catalog: catalog('mainnet') },
    { folder: wrong, localFolders: [join(wrong, 'gone')], downloads: false },
  )
  await t.rejects(none.load(18), { code: 'BUNDLE_MISSING', message: /gone cannot be read/ })
})

t.test('release candidates that calibnet ran', async (t) => {
  const folder = sharedData(t, 'actors')
  if (folder === undefined) return
  const bundles = new BundleStore(
    { catalog: bundleCatalog(calibnet) },
    { folder: t.testdir(), localFolders: [folder], downloads: false },
  )
  const [first] = retiredBundles
  const { manifest } = await bundles.loadRetired(first!)
  // build/builtin_actors.go names this code as the first faulty miner actor of v12.
  t.equal(String(manifest.codeByName.get('storageminer')), 'bafk2bzacecnh2ouohmonvebq7uughh4h3ppmg4cjsk74dzxlbbtlcij4xbzxq')
})

t.test('downloads: resumed, retried, the next address tried, checked', async (t) => {
  const folder = sharedData(t, 'actors')
  if (folder === undefined) return
  const tar = zstdDecompressSync(readFileSync(join(folder, 'v18.tar.zst')))
  const car = [...readTar(tar)].find((f) => f.name === 'builtin-actors-testing.car')!.data
  let requests: (string | undefined)[] = []
  let serve: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? ''}`)
    serve(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const local: BundleCatalog = { ...catalog('testing'), urls: () => [`${base}/a.car`, `${base}/b.car`] }
  const fresh = () => new BundleStore({ catalog: local }, { folder: t.testdir() })

  serve = (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (from > 0)
      response
        .writeHead(206, { 'content-range': `bytes ${from}-${car.length - 1}/${car.length}`, 'content-length': car.length - from })
        .end(car.subarray(from))
    else {
      // The first attempt breaks off in the middle.
      response.writeHead(200, { 'content-length': car.length })
      response.write(car.subarray(0, 1_000_000), () => setTimeout(() => response.destroy(), 50))
    }
  }
  t.equal((await fresh().load(18)).blocks.length, 18)
  t.equal(requests.length, 2)
  t.match(requests[1], /^\/a\.car bytes=\d+-$/)

  requests = []
  const bad = Uint8Array.from(car)
  bad[bad.length - 5]! ^= 4
  serve = (request, response) => void (request.url === '/a.car' ? response.end(bad) : response.end(car))
  t.equal((await fresh().load(18)).blocks.length, 18)
  t.same(requests, ['/a.car ', '/b.car '], 'a damaged file is not resumed')

  serve = (request, response) => void (request.url === '/a.car' ? response.writeHead(404).end() : response.end(bad))
  await t.rejects(fresh().load(18), {
    code: 'BUNDLE_MISSING',
    message: /a\.car failed: the server answers 404\..*b\.car is damaged: .*baf/,
  })

  const stop = new AbortController()
  serve = () => stop.abort(new Error('stopped'))
  await t.rejects(fresh().load(18, { signal: stop.signal }), { message: 'stopped' })
  server.closeAllConnections()
})

t.test('hostile archives', async (t) => {
  const header = (change: (h: Buffer) => void = () => {}) => {
    const h = Buffer.alloc(512)
    h.write('file', 0)
    h.write('00000000005\0', 124)
    h.write('0', 156)
    h.write('ustar\0', 257)
    change(h)
    h.fill(' ', 148, 156)
    h.write(
      `${h
        .reduce((a, b) => a + b, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    return h
  }
  const body = Buffer.alloc(512)
  body.write('hello')
  const end = Buffer.alloc(1024)
  const read = (...parts: Buffer[]) => [...readTar(Buffer.concat(parts))].map((f) => [f.name, Buffer.from(f.data).toString()])
  t.same(read(header(), body, end), [['file', 'hello']])
  t.same(
    read(
      header((h) => h.write('dir', 345)),
      body,
      end,
    ),
    [['dir/file', 'hello']],
  )
  t.throws(() => read(header(), body), { code: 'TAR_FORMAT', message: /without its end mark/ })
  t.throws(() => read(header()), { code: 'TAR_FORMAT', message: /ends inside the entry/ })
  t.throws(
    () =>
      read(
        header((h) => h.write('2', 156)),
        body,
        end,
      ),
    { message: /of kind "2"/ },
  )
  t.throws(
    () =>
      read(
        header((h) => h.fill(0xff, 124, 136)),
        body,
        end,
      ),
    { message: /number that cannot be read/ },
  )
  const broken = header()
  broken[0] = 1
  t.throws(() => read(broken, body, end), { message: /no tar archive/ })
  const many = Buffer.concat(Array.from({ length: 1001 }, () => [header(), body]).flat())
  t.throws(() => read(many, end), { message: /more than 1000 entries/ })
  const pax = Buffer.alloc(512)
  pax.write('15 path=longer\n')
  t.same(
    read(
      header((h) => {
        h.write('x', 156)
        h.write('00000000017\0', 124)
      }),
      pax,
      header(),
      body,
      end,
    ),
    [['longer', 'hello']],
  )
})
