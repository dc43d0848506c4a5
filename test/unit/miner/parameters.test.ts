import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { fetchParameters } from '../../../src/miner/parameters/fetch.ts'
import { devnetParameterSeed, ensureInsecureParameters } from '../../../src/miner/parameters/insecure.ts'
import { checkParameterFiles, formatParameterList, neededFiles, parseParameterList } from '../../../src/miner/parameters/list.ts'
import { publishedParameters } from '../../../src/miner/parameters/published.ts'
import { blake2b } from '../../../src/native/crypto.ts'
import { type Circuit, parameterDigest, parameterNames } from '../../../src/native/parameters.ts'
import { useTestParameters } from '../../kit/proof-parameters.ts'
import { sharedFile } from '../../kit/shared-data.ts'

// The first run on a machine makes parameters.
t.setTimeout(1_200_000)

const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) & 0xff))
const small = Buffer.from('a key')
const digestOf = (bytes: Uint8Array) => Buffer.from(blake2b(bytes, 64).subarray(0, 16)).toString('hex')
const files = [
  { name: 'v28-big.params', cid: 'QmBig', digest: digestOf(content), sectorSize: 2048 },
  { name: 'v28-big.vk', cid: 'QmSmall', digest: digestOf(small), sectorSize: 2048 },
]

// Recorded on one machine; any other has to come to the same.
const WINDOW_PARAMS = 'af1a652da99f974331d1ac1cf3e9530e'
const WINDOW_VK = 'a23202c1d21e6c31717f34b5784be185'
const WINNING_PARAMS = '6d4a6ff9059c3e50f9ad1c3c52fb2169'

type Serve = (request: IncomingMessage, response: ServerResponse) => void

/** Answers as a gateway does, ranges too. */
const gateway: Serve = (request, response) => {
  const bytes = request.url === '/ipfs/QmBig' ? content : request.url === '/ipfs/QmSmall' ? small : undefined
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (bytes === undefined) response.writeHead(404).end()
  else if (from >= bytes.length) response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
  else if (from === 0) response.end(bytes)
  else response.writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }).end(bytes.subarray(from))
}

async function serve(t: { teardown(work: () => void): unknown }, answer: Serve) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ''}`.trim())
    response.setHeader('connection', 'close')
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ipfs` }
}

t.test('the published list is the one of all implementations', async (t) => {
  const theirs = ['parameters.json', 'srs-inner-product.json'].flatMap((name) => {
    const text = sharedFile(t, 'proofs', name)?.toString('utf8')
    return text === undefined ? [] : parseParameterList(text, name)
  })
  if (theirs.length === 0) return
  t.same(publishedParameters, theirs)
  t.same(parseParameterList(formatParameterList(theirs), 'again'), theirs)
  for (const sectorSize of [2048, 8 << 20, 512 << 20, 32 * 2 ** 30, 64 * 2 ** 30]) {
    const names = neededFiles(theirs, sectorSize).map(({ name }) => name)
    for (const circuit of ['winning', 'window', 'seal', 'update'] as Circuit[]) {
      const { params, vk } = parameterNames(circuit, sectorSize)
      t.ok(names.includes(params) && names.includes(vk), `${circuit} of ${sectorSize}`)
    }
    const others = theirs.filter((file) => file.sectorSize !== sectorSize && file.sectorSize !== 0)
    t.equal(others.filter(({ name }) => name.endsWith('.params') && names.includes(name)).length, 0, 'of no other size')
    t.ok(
      others.every(({ name }) => name.endsWith('.params') || names.includes(name)),
      'but all verifying keys',
    )
    t.ok(names.includes('v28-fil-inner-product-v1.srs'))
  }
  t.equal(neededFiles(theirs, 0).filter(({ name }) => name.endsWith('.params')).length, 0)
})

t.test('a list that is none is refused', async (t) => {
  const entry = { cid: 'Qm', digest: '0'.repeat(32), sector_size: 1 }
  for (const [list, message] of [
    ['{', /no JSON/],
    ['[]', /no JSON object/],
    [JSON.stringify({ '../x': entry }), /is no file name/],
    [JSON.stringify({ 'a/b': entry }), /is no file name/],
    [JSON.stringify({ a: null }), /has no cid/],
    [JSON.stringify({ a: { ...entry, cid: '../..' } }), /has no cid/],
    [JSON.stringify({ a: { ...entry, digest: '00' } }), /has no digest/],
    [JSON.stringify({ a: { ...entry, sector_size: -1 } }), /has no sector_size/],
  ] as const) {
    t.throws(() => parseParameterList(list, 'list.json'), { code: 'PARAMETER_ARGUMENT', message }, list)
  }
})

t.test('what is missing is fetched, what is there is not', async (t) => {
  const { asked, url } = await serve(t, gateway)
  const folder = join(t.testdir(), 'parameters')
  const gateways = [url]
  t.same(
    await fetchParameters({ files, folder, gateways }),
    files.map(({ name }) => name),
  )
  t.ok(readFileSync(join(folder, 'v28-big.params')).equals(content))
  t.same(
    readdirSync(folder).filter((name) => name.endsWith('.part')),
    [],
  )
  await checkParameterFiles(folder, files)
  t.same(await fetchParameters({ files, folder, gateways }), [])
  t.equal(asked.length, 2)
})

t.test('one flipped bit is found, named and mended', async (t) => {
  const { asked, url } = await serve(t, gateway)
  const folder = t.testdir()
  await fetchParameters({ files, folder, gateways: [url] })
  const path = join(folder, 'v28-big.params')
  const damaged = Buffer.from(content)
  damaged[123_456] = (damaged[123_456] as number) ^ 1
  writeFileSync(path, damaged)
  const refused = { code: 'PARAMETER_DIGEST', message: /v28-big\.params are damaged/, fields: { name: 'v28-big.params' } }
  await t.rejects(checkParameterFiles(folder, files), refused)
  t.same(await fetchParameters({ files, folder, gateways: [url], trust: true }), [], 'not even looked at')
  t.same(await fetchParameters({ files, folder, gateways: [url] }), ['v28-big.params'])
  t.ok(readFileSync(path).equals(content))
  t.equal(asked.length, 3)
  rmSync(path)
  await t.rejects(checkParameterFiles(folder, files), { code: 'PARAMETER_MISSING', message: /v28-big\.params are missing/ })
  t.same(await fetchParameters({ files, folder, gateways: [url], trust: true }), ['v28-big.params'])
})

t.test('a gateway that lies is passed over; when all lie, the file is named and not there', async (t) => {
  const liar = await serve(t, (request, response) => {
    if (request.url === '/ipfs/QmBig') response.end(Buffer.from(content).fill(1, 5, 6))
    else gateway(request, response)
  })
  const honest = await serve(t, gateway)
  const folder = t.testdir()
  await fetchParameters({ files, folder, gateways: [liar.url, honest.url] })
  t.ok(readFileSync(join(folder, 'v28-big.params')).equals(content))
  t.equal(honest.asked.length, 1)

  const empty = t.testdir({ empty: {} })
  await t.rejects(fetchParameters({ files, folder: empty, gateways: [liar.url] }), {
    code: 'PARAMETER_DIGEST',
    message: /^v28-big\.params could not be fetched\. http.*QmBig sent other bytes/,
  })
  t.notOk(existsSync(join(empty, 'v28-big.params')))
  t.ok(existsSync(join(empty, 'v28-big.vk')), 'the others were fetched nevertheless')
})

t.test('a transfer that is cut off goes on where it was', async (t) => {
  let cut: ServerResponse | undefined
  const { asked, url } = await serve(t, (request, response) => {
    if (request.url === '/ipfs/QmBig' && cut === undefined) {
      cut = response
      response.writeHead(200, { 'content-length': content.length })
      response.write(content.subarray(0, 80_000))
    } else gateway(request, response)
  })
  const folder = t.testdir()
  // Once some bytes have come, the connection breaks.
  const onProgress = ({ stage }: { stage: string }) => {
    if (stage === 'fetching') cut?.destroy()
  }
  await t.rejects(fetchParameters({ files, folder, gateways: [url] }, { retries: 0, onProgress }), {
    code: 'PARAMETER_DOWNLOAD',
    message: /v28-big\.params could not be fetched/,
  })
  const part = readFileSync(join(folder, 'v28-big.params.part'))
  t.ok(part.length > 0 && content.subarray(0, part.length).equals(part))
  await fetchParameters({ files, folder, gateways: [url] })
  t.equal(asked.at(-1), `/ipfs/QmBig bytes=${part.length}-`)
  t.ok(readFileSync(join(folder, 'v28-big.params')).equals(content))

  await t.test('and a part with wrong bytes is thrown away', async (t) => {
    rmSync(join(folder, 'v28-big.params'))
    writeFileSync(join(folder, 'v28-big.params.part'), Buffer.alloc(50_000))
    await fetchParameters({ files, folder, gateways: [url] })
    t.ok(readFileSync(join(folder, 'v28-big.params')).equals(content))
  })
})

t.test('no gateway, and an end on request', async (t) => {
  const { url } = await serve(t, (_, response) => response.writeHead(404).end())
  const folder = t.testdir()
  await t.rejects(fetchParameters({ files, folder, gateways: [url, 'http://127.0.0.1:1/ipfs'] }, { retries: 0 }), {
    code: 'PARAMETER_DOWNLOAD',
    message: /answers 404.*ECONNREFUSED/,
    hint: /IPFS_GATEWAY/,
  })
  const silent = await serve(t, () => {})
  const stop = new AbortController()
  const fetching = fetchParameters({ files, folder, gateways: [silent.url] }, { signal: stop.signal })
  setImmediate(() => stop.abort(new Error('enough')))
  await t.rejects(fetching, { message: 'enough' })
})

t.test('parameters from a seed are the same everywhere, and mended when they are damaged', async (t) => {
  const { folder, files: made } = await useTestParameters()
  t.equal(made.length, 6)
  const { vk, params } = parameterNames('window', 2048)
  const digest = (name: string) => made.find((file) => file.name === name)?.digest
  t.equal(digest(vk), WINDOW_VK)
  t.equal(digest(params), WINDOW_PARAMS)
  t.equal(digest(parameterNames('winning', 2048).params), WINNING_PARAMS)
  t.match(readFileSync(join(folder, 'INSECURE'), 'utf8'), /anybody can forge proofs/)
  await checkParameterFiles(folder, parseParameterList(readFileSync(join(folder, 'parameters.json'), 'utf8'), 'ours'))

  // A copy of the small circuit, one bit flipped, with a killed process's leftover.
  const cacheDir = t.testdir()
  const copy = join(cacheDir, 'insecure-parameters', folder.split('/').at(-1) as string)
  mkdirSync(copy, { recursive: true })
  const { meta } = parameterNames('window', 2048)
  for (const name of [vk, params, meta, 'parameters.json']) writeFileSync(join(copy, name), readFileSync(join(folder, name)))
  writeFileSync(join(copy, 'x.new'), 'half')
  const seed = { seed: devnetParameterSeed, sectorSize: 2048, circuits: ['window'] as const, cacheDir }
  t.equal((await ensureInsecureParameters(seed)).made, false)
  t.notOk(existsSync(join(copy, 'x.new')))
  const flipped = readFileSync(join(copy, vk))
  flipped[100] = (flipped[100] as number) ^ 1
  writeFileSync(join(copy, vk), flipped)
  const told: number[] = []
  const [first, second] = await Promise.all([
    ensureInsecureParameters(seed, { onProgress: ({ done }) => told.push(done) }),
    ensureInsecureParameters(seed),
  ])
  t.equal(Number(first.made) + Number(second.made), 1, 'two at once: one makes, the other waits')
  t.equal(await parameterDigest(join(copy, vk)), WINDOW_VK)
  t.equal(await parameterDigest(join(copy, params)), WINDOW_PARAMS)
  t.ok(told.length > 0 && told.every((done) => done >= 0 && done < 1))

  await t.rejects(ensureInsecureParameters({ ...seed, seed: new Uint8Array(3) }), { code: 'PARAMETER_ARGUMENT' })
  await t.rejects(ensureInsecureParameters({ ...seed, sectorSize: 1000 }), { code: 'NATIVE_ARGUMENT', message: /1000/ })
})
