import { createHash } from 'node:crypto'
import t from 'tap'
import { chainHash, networkOfKey } from '../../../src/beacon/chain-info.ts'
import { BeaconClient } from '../../../src/beacon/client.ts'
import { BeaconServer } from '../../../src/beacon/server.ts'
import { EntryVerifier } from '../../../src/beacon/verify-entry.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { drandSign } from '../../../src/native/crypto.ts'
import { drandIncentinet, drandMainnet, drandQuicknet } from '../../../src/networks/drand.ts'
import { loadNetworkFile } from '../../../src/networks/network-file.ts'
import { sharedData } from '../../kit/shared-data.ts'

t.setTimeout(30_000)

const secretKey = Buffer.from('1234'.padStart(64, '0'), 'hex')
const signal = new AbortController().signal

t.test('hashes of the known networks', async (t) => {
  for (const { info } of [drandMainnet, drandIncentinet]) {
    if (info === undefined) throw new Error('no mock')
    t.equal(chainHash({ ...info, beaconId: 'default' }), info.hash)
  }
  const quicknet = drandQuicknet.info
  if (quicknet === undefined) throw new Error('no mock')
  const fields = { ...quicknet, beaconId: 'quicknet' } as const
  t.equal(chainHash(fields), quicknet.hash)
  t.not(chainHash({ ...fields, period: 4 }), quicknet.hash)
  t.not(chainHash({ ...fields, beaconId: '' }), quicknet.hash)
})

t.test("the hash that drand's own library gave a private network", async (t) => {
  const file = sharedData(t, 'chains/lotus-devnet-proofs/network.json')
  if (file === undefined) return
  const info = (await loadNetworkFile(file)).drand[0]?.info
  if (info === undefined) throw new Error('the network has a beacon')
  t.equal(chainHash({ ...info, beaconId: 'quicknet' }), info.hash)
  t.equal(networkOfKey(secretKey, { period: 3, genesisTime: 1, beaconId: 'x' }).publicKey, info.publicKey)
})

t.test('a beacon of one holder, over HTTP', async (t) => {
  const info = networkOfKey(secretKey, { period: 3, genesisTime: 1000, beaconId: 'devnet' })
  let now = 1_009_500
  const server = await BeaconServer.listen({ info, beaconId: 'devnet', secretKey, host: '127.0.0.1', port: 0, now: () => now })
  t.teardown(() => server.close())
  const get = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`${server.url}${path}`, init)
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
  }
  const signature = (round: bigint) => Buffer.from(drandSign('bls-unchained-g1-rfc9380', secretKey, round))
  const four = {
    round: 4,
    randomness: createHash('sha256').update(signature(4n)).digest('hex'),
    signature: signature(4n).toString('hex'),
  }
  t.same((await get('/chains')).json, [info.hash])
  for (const prefix of ['', `/${info.hash}`]) {
    t.match((await get(`${prefix}/info`)).json, {
      public_key: info.publicKey,
      period: 3,
      genesis_time: 1000,
      hash: info.hash,
      groupHash: info.groupHash,
      schemeID: 'bls-unchained-g1-rfc9380',
      metadata: { beaconID: 'devnet' },
    })
    t.same((await get(`${prefix}/public/latest`)).json, four)
    t.same((await get(`${prefix}/public/0`)).json, four, 'round 0 means the newest')
    t.match(await get(`${prefix}/public/3`), { status: 200, json: { round: 3, signature: signature(3n).toString('hex') } })
    t.match(await get(`${prefix}/public/5`), { status: 404, json: { error: 'the round is not out yet' } })
    t.match((await get(`${prefix}/health`)).json, { current: 4, expected: 4 })
  }
  t.equal((await get('/public/9999999999999999')).status, 404)
  t.equal((await get('/public/-1')).status, 404)
  t.equal((await get(`/${'ab'.repeat(32)}/info`)).status, 404)
  t.equal((await get('/public/latest', { method: 'POST' })).status, 405)
  t.equal((await get(`/public/${'1'.repeat(300)}`)).status, 414)

  const drand = { kind: 'unchained', info, servers: [server.url], relays: [] } as const
  const client = new BeaconClient({ drand, verifier: new EntryVerifier() }, { clock: { ...systemClock, now: () => now } })
  t.same(await client.entry(2n, signal), { round: 2n, data: new Uint8Array(signature(2n)) })

  now = 999_999
  t.equal((await get('/public/latest')).status, 404, 'nothing is out before the first round')
  t.equal((await get('/public/1')).status, 404)

  await t.rejects(BeaconServer.listen({ info, beaconId: 'devnet', secretKey, host: '127.0.0.1', port: server.port }), {
    code: 'BEACON_SERVER',
    message: /is in use by another program/,
  })
})
