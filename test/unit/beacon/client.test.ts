import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { BeaconClient } from '../../../src/beacon/client.ts'
import { mockEntry } from '../../../src/beacon/mock.ts'
import { BeaconSchedule } from '../../../src/beacon/schedule.ts'
import { EntryVerifier } from '../../../src/beacon/verify-entry.ts'
import { SettableClock } from '../../../src/lib/clock.ts'
import { drandPublicKey, drandSign } from '../../../src/native/crypto.ts'
import { type DrandNetwork, drandMock } from '../../../src/networks/drand.ts'

t.setTimeout(30_000)

const secret = Buffer.from('1234'.padStart(64, '0'), 'hex')
const scheme = 'bls-unchained-g1-rfc9380'
const hash = 'ab'.repeat(32)
const signal = new AbortController().signal
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const answer = (round: number, signature = hex(drandSign(scheme, secret, BigInt(round)))) =>
  JSON.stringify({ round, signature, randomness: '00' })

async function serve(t: Test, handler: RequestListener): Promise<string> {
  const server: Server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that knows every round; counts what it is asked. */
async function honest(t: Test): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const url = await serve(t, (request, response) => {
    asked.push(request.url as string)
    response.end(answer(Number(request.url?.split('/').at(-1))))
  })
  return { url, asked }
}

function network(servers: readonly string[], genesisTime = 1000): DrandNetwork {
  const publicKey = hex(drandPublicKey(scheme, secret))
  return { kind: 'unchained', info: { publicKey, period: 3, genesisTime, hash, groupHash: '' }, servers, relays: [] }
}

const client = (servers: readonly string[], init: ConstructorParameters<typeof BeaconClient>[1] = {}, genesisTime?: number) =>
  new BeaconClient(
    { drand: network(servers, genesisTime), verifier: new EntryVerifier() },
    { timeoutMs: 500, hedgeMs: 50, ...init },
  )

t.test('a round is fetched once, whoever asks', async (t) => {
  const { url, asked } = await honest(t)
  const c = client([`${url}/`])
  const [a, b] = await Promise.all([c.entry(7n, signal), c.entry(7n, signal)])
  t.same(a, { round: 7n, data: drandSign(scheme, secret, 7n) })
  t.equal(a, b)
  t.equal(await c.entry(7n, signal), a)
  t.same(asked, [`/${hash}/public/7`])
})

t.test('servers that fail, lie, stall or babble cost a moment', async (t) => {
  const bad: Record<string, RequestListener> = {
    status: (_, r) => r.writeHead(503).end(),
    'no JSON': (_, r) => r.end('<html>'),
    'no object': (_, r) => r.end('null'),
    'another round': (_, r) => r.end(answer(8)),
    'the signature of another round': (_, r) => r.end(answer(7, hex(drandSign(scheme, secret, 8n)))),
    'no hex': (_, r) => r.end(answer(7, 'zz')),
    'no signature': (_, r) => r.end(JSON.stringify({ round: 7 })),
    'too long': (_, r) => r.end(answer(7) + ' '.repeat(20_000)),
    silence: () => {},
    'an answer without end': (_, r) => void r.write('{'),
    hangup: (request) => request.socket.destroy(),
  }
  for (const [what, handler] of Object.entries(bad)) {
    const wrong = await serve(t, handler)
    const { url, asked } = await honest(t)
    const c = client([wrong, url])
    t.same((await c.entry(7n, signal)).data, drandSign(scheme, secret, 7n), what)
    await c.entry(9n, signal)
    t.equal(asked.length, 2, `${what}: the good one is asked first from then on`)
    await t.rejects(client([wrong]).entry(7n, signal), { code: 'BEACON_UNAVAILABLE', fields: { round: 7n } }, `${what} alone`)
  }
  await t.rejects(client([]).entry(7n, signal), { code: 'BEACON_UNAVAILABLE', message: /no servers/ })
  await t.rejects(client(['ftp://127.0.0.1']).entry(7n, signal), { code: 'BEACON_UNAVAILABLE' })
})

t.test('a slow server is overtaken, but still counts', async (t) => {
  const slow = await serve(t, (_, r) => void setTimeout(() => r.end(answer(7)), 200))
  const silent = await serve(t, () => {})
  t.equal((await client([slow, silent]).entry(7n, signal)).round, 7n)
  const { url } = await honest(t)
  const started = Date.now()
  await client([silent, url]).entry(7n, signal)
  t.ok(Date.now() - started < 400, 'well before the time-out')
})

t.test('a round of the future is waited for', async (t) => {
  const { url, asked } = await honest(t)
  const clock = new SettableClock(5_000_000)
  const c = client([url], { clock }, 5000)
  t.equal(c.timeOf(1n), 5_000_000)
  t.equal(c.timeOf(11n), 5_030_000)
  const impatient = new AbortController()
  const soon = c.entry(11n, impatient.signal)
  t.equal(clock.next, 5_030_000)
  impatient.abort(new Error('no time'))
  await t.rejects(soon, { message: 'no time' })
  t.equal(clock.next, undefined)
  const waiting = c.entry(11n, signal)
  clock.set(5_029_999)
  t.same(asked, [])
  clock.set(5_030_000)
  t.equal((await waiting).round, 11n)
  await t.rejects(c.entry(12n, AbortSignal.abort(new Error('stop'))), { message: 'stop' })
})

t.test('who gives up does not stop the others', async (t) => {
  const slow = await serve(t, (_, r) => void setTimeout(() => r.end(answer(7)), 100))
  const c = client([slow])
  const stop = new AbortController()
  const impatient = c.entry(7n, stop.signal)
  const patient = c.entry(7n, signal)
  stop.abort(new Error('enough'))
  await t.rejects(impatient, { message: 'enough' })
  t.equal((await patient).round, 7n)
})

t.test('a round that is not due yet is waited for, or refused at once', async (t) => {
  const { url, asked } = await honest(t)
  // Round 7 is due 18 seconds after the first.
  const clock = new SettableClock(1_017_999)
  const c = client([url], { clock })
  await t.rejects(c.entry(7n, signal, { wait: false }), {
    code: 'BEACON_UNAVAILABLE',
    message: `round 7 of the drand network ${hash} is not out yet: it is due at 1970-01-01T00:16:58.000Z`,
  })
  t.same(asked, [])
  clock.set(1_018_000)
  t.equal((await c.entry(7n, signal, { wait: false })).round, 7n)
})

t.test('the mock beacon knows every round', async (t) => {
  const c = new BeaconClient({ drand: drandMock, verifier: new EntryVerifier() })
  t.same(await c.entry(123n, signal), mockEntry(123n))
  t.equal(c.timeOf(123n), 0)
})

t.test('entries for a new block', async (t) => {
  const { url, asked } = await honest(t)
  const drand = [{ ...network([url]), start: 0 }]
  const rules = { network: { drand, blockDelaySecs: 30 }, genesisTimestamp: 10_000n }
  const schedule = new BeaconSchedule({ rules, verifier: new EntryVerifier() })
  const at = { epoch: 3, parentEpoch: 0, networkVersion: 28 }
  const entries = await schedule.entriesForBlock(at, { round: 1n, data: new Uint8Array(0) }, signal)
  t.same(
    entries.map((e) => e.round),
    [3001n, 3011n, 3021n],
  )
  t.equal(asked.length, 3)
  // Hundreds of epochs, the last of which is still to come.
  const clock = new SettableClock(10_000_000 + 500 * 30_000)
  const soon = new BeaconSchedule({ rules, verifier: new EntryVerifier() }, { clock })
  const far = { epoch: 600, parentEpoch: 0, networkVersion: 28 }
  await t.rejects(soon.entriesForBlock(far, { round: 1n, data: new Uint8Array(0) }, signal), { message: /is not out yet/ })
  t.equal(asked.length, 3, 'no round is fetched for nothing')
  const many = await soon.entriesForBlock({ ...far, epoch: 70 }, { round: 1n, data: new Uint8Array(0) }, signal)
  t.same(
    many.map((e) => e.round),
    Array.from({ length: 70 }, (_, i) => 3001n + 10n * BigInt(i)),
    'in the order of the epochs',
  )
  t.same(await schedule.entriesForBlock(at, entries[2] as (typeof entries)[0], signal), [], 'the chain has the newest already')
})
