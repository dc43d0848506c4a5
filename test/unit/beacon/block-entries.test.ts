import t from 'tap'
import { type BeaconRules, expectedRounds, verifyBlockBeacon } from '../../../src/beacon/block-entries.ts'
import { mockEntry } from '../../../src/beacon/mock.ts'
import { EntryVerifier } from '../../../src/beacon/verify-entry.ts'
import { drandPublicKey, drandSign } from '../../../src/native/crypto.ts'
import type { DrandPoint } from '../../../src/networks/drand.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import type { BeaconEntry } from '../../../src/types/block.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { readCar } from '../../kit/car.ts'
import { sharedData } from '../../kit/shared-data.ts'

const secret = Buffer.from('1234'.padStart(64, '0'), 'hex')
const scheme = { chained: 'pedersen-bls-chained', unchained: 'bls-unchained-g1-rfc9380' } as const

function point(kind: 'chained' | 'unchained', start: number, period: number, name: string): DrandPoint {
  const publicKey = Buffer.from(drandPublicKey(scheme[kind], secret)).toString('hex')
  return { kind, start, info: { publicKey, period, genesisTime: 1000, hash: name, groupHash: '00' }, servers: [], relays: [] }
}

/** A chained network, a second one from epoch 20 on, an unchained one from 40 on; all of one key. Genesis at 10,000. */
const rules: BeaconRules = {
  network: {
    blockDelaySecs: 30,
    drand: [point('chained', 0, 30, 'a'), point('chained', 20, 30, 'b'), point('unchained', 40, 3, 'c')],
  },
  genesisTimestamp: 10_000n,
}
const nv = 20
const unchained = (round: bigint): BeaconEntry => ({ round, data: drandSign(scheme.unchained, secret, round) })
/** Rounds of a chained network that follow from one another. */
const chained = (from: bigint, count: number, before: Uint8Array = Uint8Array.of(1)): BeaconEntry[] => {
  const out: BeaconEntry[] = []
  let previous = before
  for (let i = 0; i < count; i++) {
    const round = from + BigInt(i)
    const data = drandSign(scheme.chained, secret, round, previous)
    out.push({ round, data })
    previous = data
  }
  return out
}
const roundAt = (epoch: number): bigint =>
  expectedRounds(rules, { epoch, parentEpoch: epoch - 1, networkVersion: nv }, 0n).rounds.at(-1) as bigint
const verify = (height: number, parentEpoch: number, beaconEntries: BeaconEntry[], previous: BeaconEntry) =>
  verifyBlockBeacon(rules, new EntryVerifier(), { height, beaconEntries }, { parentEpoch, networkVersion: nv }, previous)

t.test('which rounds a block carries', async (t) => {
  const of = (epoch: number, parentEpoch: number, previous = 0n) => {
    const { kind, rounds } = expectedRounds(rules, { epoch, parentEpoch, networkVersion: nv }, previous)
    return [kind, ...rounds]
  }
  // (10,000 + 30·5 − 30 − 1000) / 30 + 1
  t.same(of(5, 4), ['chain', 305n])
  t.same(of(5, 2), ['chain', 303n, 304n, 305n])
  t.same(of(5, 4, 305n), ['none'])
  t.same(of(20, 19), ['fork', 319n, 320n], 'two where a chained network begins')
  t.same(of(25, 15), ['fork', 324n, 325n], 'also after null rounds')
  t.same(of(40, 39), ['each', 3391n], 'one where an unchained one begins')
  t.same(of(42, 39), ['each', 3391n, 3401n, 3411n])
})

t.test('chained networks', async (t) => {
  const previous = chained(roundAt(4), 1)[0] as BeaconEntry
  const next = chained(roundAt(5), 1, previous.data)
  await t.resolves(verify(5, 4, next, previous))
  const three = chained(roundAt(5), 3, previous.data)
  await t.resolves(verify(7, 4, three, previous), 'across null rounds')
  await t.rejects(verify(5, 4, [], previous), { code: 'BEACON_COUNT' })
  await t.rejects(verify(6, 5, next, previous), { code: 'BEACON_ROUND' })
  await t.rejects(verify(5, 4, next, next[0] as BeaconEntry), { code: 'BEACON_COUNT' }, 'the chain has the round already')
  await t.resolves(verify(5, 4, [], next[0] as BeaconEntry))
  await t.rejects(verify(5, 4, chained(roundAt(5), 1), previous), { code: 'BEACON_SIGNATURE' }, 'not on the entry before')
  await t.rejects(verify(7, 4, three.slice(1), previous), { code: 'BEACON_SIGNATURE' }, 'one is missing')
  await t.resolves(
    verify(1, 0, chained(roundAt(1), 1), { round: 0n, data: new Uint8Array(32) }),
    'nothing to link the first entry to',
  )
})

t.test('the start of a chained network', async (t) => {
  const previous = chained(roundAt(19), 1)[0] as BeaconEntry
  const two = chained(roundAt(20) - 1n, 2)
  await t.resolves(verify(20, 19, two, previous))
  await t.rejects(verify(20, 19, two.slice(1), previous), { code: 'BEACON_COUNT' })
  await t.rejects(verify(20, 19, [...two, ...two], previous), { code: 'BEACON_COUNT' })
  await t.rejects(verify(20, 19, [chained(300n, 1)[0] as BeaconEntry, two[1] as BeaconEntry], previous), {
    code: 'BEACON_SIGNATURE',
  })
})

t.test('unchained networks', async (t) => {
  const previous = unchained(roundAt(50))
  const all = [51, 52, 53].map((e) => unchained(roundAt(e)))
  const [first, second, third] = all as [BeaconEntry, BeaconEntry, BeaconEntry]
  await t.resolves(verify(51, 50, [first], previous))
  await t.resolves(verify(53, 50, all, previous), 'one for each epoch')
  await t.resolves(verify(40, 39, [unchained(roundAt(40))], chained(roundAt(39), 1)[0] as BeaconEntry), 'its start')
  await t.rejects(verify(51, 50, [], previous), { code: 'BEACON_COUNT' })
  await t.rejects(verify(53, 50, [third], previous), { code: 'BEACON_ROUND' }, 'the last alone')
  await t.rejects(verify(53, 50, [first, third], previous), { code: 'BEACON_ROUND' }, 'one is missing')
  await t.rejects(verify(53, 50, [second, first, third], previous), { code: 'BEACON_ROUND' }, 'order')
  await t.rejects(verify(52, 50, all, previous), { code: 'BEACON_ROUND' }, 'one too many')
  await t.rejects(verify(53, 50, [first, { ...second, data: first.data }, third], previous), { code: 'BEACON_SIGNATURE' })
})

t.test('the mock beacon is not verified', async (t) => {
  const mock: BeaconRules = {
    ...rules,
    network: { blockDelaySecs: 30, drand: [{ kind: 'mock', start: 0, info: undefined, servers: [], relays: [] }] },
  }
  const nothing = { height: 5, beaconEntries: [] }
  await t.resolves(verifyBlockBeacon(mock, new EntryVerifier(), nothing, { parentEpoch: 4, networkVersion: nv }, mockEntry(1n)))
  t.equal(Buffer.from(mockEntry(100n).data).toString('hex').length, 64)
  t.ok(await new EntryVerifier().verify(mock.network.drand[0] as DrandPoint, mockEntry(7n), new Uint8Array(0)))
  t.notOk(
    await new EntryVerifier().verify(mock.network.drand[0] as DrandPoint, { ...mockEntry(7n), round: 8n }, new Uint8Array(0)),
  )
})

t.test('a verified round is remembered, and only as it was', async (t) => {
  const verifier = new EntryVerifier()
  const drand = rules.network.drand[2] as DrandPoint
  const entry = unchained(7n)
  t.equal(verifier.known(drand, 7n), undefined)
  t.notOk(await verifier.verify(drand, { ...entry, data: new Uint8Array(48) }, new Uint8Array(0)))
  t.equal(verifier.known(drand, 7n), undefined, 'wrong ones are not')
  t.ok(await verifier.verify(drand, entry, new Uint8Array(0)))
  t.same(verifier.known(drand, 7n), entry.data)
  t.ok(await verifier.verify(drand, entry, new Uint8Array(0)))
  t.notOk(await verifier.verify(drand, { ...entry, data: unchained(8n).data }, new Uint8Array(0)))
  t.equal(verifier.known(rules.network.drand[1] as DrandPoint, 7n), undefined, 'of its own network')
})

t.test("the first blocks of mainnet carry drand's rounds", async (t) => {
  const path = sharedData(t, 'chains', 'mainnet-epochs-0-3.car.zst')
  if (path === undefined) return
  const { roots, store } = readCar(path)
  const chain = new ChainReader(store)
  const real: BeaconRules = { network: mainnet, genesisTimestamp: BigInt(mainnet.genesisTimestamp as number) }
  let blocks = 0
  for (let ts = chain.tipset(new TipsetKey(roots)); ts.height > 0; ts = chain.parent(ts)) {
    const parent = chain.parent(ts)
    const previous = parent.first.beaconEntries.at(-1) as BeaconEntry
    for (const block of ts.blocks) {
      const at = { parentEpoch: parent.height, networkVersion: 0 }
      await t.resolves(verifyBlockBeacon(real, new EntryVerifier(), block, at, previous))
      blocks++
      if (previous.round === 0n) continue
      const wrong = {
        ...block,
        beaconEntries: block.beaconEntries.map((e) => ({ ...e, data: Uint8Array.from(e.data, (b, i) => (i === 9 ? b ^ 1 : b)) })),
      }
      await t.rejects(verifyBlockBeacon(real, new EntryVerifier(), wrong, at, previous), { code: 'BEACON_SIGNATURE' })
    }
  }
  t.equal(blocks, 3)
})
