// Descriptors of actor state of several versions, against states that other implementations wrote: each value is decoded and
// encoded again to the same bytes.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { initState } from '../../../src/actors/init/view.ts'
import { ActorRegistry } from '../../../src/actors/manifest.ts'
import {
  deadlineState,
  deadlinesState,
  expirationSet,
  partitionState,
  windowedPoSt,
} from '../../../src/actors/miner/deadline-state.ts'
import { minerInfo } from '../../../src/actors/miner/info.ts'
import { type SectorOnChainInfo, sectorOnChainInfo, sectorPreCommitOnChainInfo } from '../../../src/actors/miner/sector.ts'
import { type MinerState, minerState, vestingFundsTail, vestingFundsV8 } from '../../../src/actors/miner/state.ts'
import { cronEvent, type PowerState, powerClaim, powerState } from '../../../src/actors/power/state.ts'
import { stateCodec } from '../../../src/actors/read-state.ts'
import { actor as actorCodec, StateTree } from '../../../src/actors/state-tree.ts'
import { CborReader } from '../../../src/codec/cbor-reader.ts'
import { type Codec, decode, encode } from '../../../src/codec/codec.ts'
import { tuple } from '../../../src/codec/combinators.ts'
import { uint64 } from '../../../src/codec/primitives.ts'
import { type MemoryBlockstore, mustGet } from '../../../src/store/blockstore.ts'
import { BitField, bitfield } from '../../../src/types/bitfield.ts'
import { decodeBlock } from '../../../src/types/block.ts'
import { type CID, cid, cidOf } from '../../../src/types/cid.ts'
import { parseCar, readCar } from '../../kit/car.ts'
import { presentEntries, presentValues } from '../../kit/present.ts'
import { sharedData, sharedJson } from '../../kit/shared-data.ts'

interface BundleList {
  network: { type: string }
  version: string
  manifest: { actors: [string, number, string][] }
}

/** Counts what was read, and fails on bytes that do not come out the same. */
class Checker {
  readonly counts: Record<string, number> = {}
  readonly #t: { fail(message: string): unknown }
  readonly #seen = new Set<string>()

  constructor(t: { fail(message: string): unknown }) {
    this.#t = t
  }

  value<T>(name: string, codec: Codec<T>, bytes: Uint8Array): T {
    const value = decode(codec, bytes)
    if (Buffer.compare(encode(codec, value), bytes) !== 0) this.#t.fail(`${name} comes out as other bytes`)
    this.counts[name] = (this.counts[name] ?? 0) + 1
    return value
  }

  block<T>(name: string, codec: Codec<T>, store: MemoryBlockstore, at: CID): T | undefined {
    const data = store.get(at)
    if (data === undefined) return undefined
    return this.value(name, codec, data)
  }

  /** Each head once. */
  first(head: CID): boolean {
    const s = head.toString()
    if (this.#seen.has(s)) return false
    this.#seen.add(s)
    return true
  }
}

function checkMiner(c: Checker, store: MemoryBlockstore, state: MinerState, version: number): void {
  c.block('info', minerInfo(version), store, state.info)
  if (state.vestingFunds !== null && !('head' in state.vestingFunds))
    c.block('vesting', vestingFundsV8, store, state.vestingFunds)
  if (state.vestingFunds !== null && 'head' in state.vestingFunds)
    c.block('vesting', vestingFundsTail, store, state.vestingFunds.tail)
  c.block('allocated', bitfield, store, state.allocatedSectors)
  for (const v of presentValues(store, state.sectors, 5)) c.value('sector', sectorOnChainInfo(version), v)
  for (const e of presentEntries(store, state.preCommittedSectors))
    c.value('preCommit', sectorPreCommitOnChainInfo(version), e.value)
  for (const at of c.block('deadlines', deadlinesState, store, state.deadlines)?.due ?? []) {
    const d = c.block('deadline', deadlineState(version), store, at)
    if (d === undefined) continue
    for (const v of presentValues(store, d.optimisticPoStSubmissionsSnapshot, 2)) c.value('proof', windowedPoSt, v)
    for (const v of presentValues(store, d.expirationsEpochs, 5)) c.value('deadlineExpiration', bitfield, v)
    for (const v of presentValues(store, d.partitions, 3)) {
      const p = c.value('partition', partitionState, v)
      for (const e of presentValues(store, p.expirationsEpochs, 4)) c.value('expiration', expirationSet, e)
    }
  }
}

function checkPower(c: Checker, store: MemoryBlockstore, state: PowerState): void {
  for (const e of presentEntries(store, state.claims)) c.value('claim', powerClaim, e.value)
  for (const e of presentEntries(store, state.cronEventQueue, 6))
    for (const v of presentValues(store, decode(cid, e.value), 6)) c.value('cronEvent', cronEvent, v)
}

function checkState(c: Checker, store: MemoryBlockstore, registry: ActorRegistry, root: CID): void {
  const r = new CborReader(mustGet(store, root))
  r.tuple(3, 'state root')
  const version = r.safeInt()
  for (const e of presentEntries(store, cid.read(r))) {
    const { code, head } = version >= 5 ? c.value('actor', actorCodec, e.value) : c.value('actor', oldActor, e.value)
    const known = registry.lookup(code)
    if (known === undefined || !store.has(head) || !c.first(head)) continue
    const codec = stateCodec(known.kind, known.version)
    if (codec === null) continue
    const state = c.value(`${known.kind} ${known.version}`, codec, mustGet(store, head))
    if (known.kind === 'storageminer') checkMiner(c, store, state as MinerState, known.version)
    if (known.kind === 'storagepower') checkPower(c, store, state as PowerState)
  }
}
const { delegatedAddress: _, ...oldFields } = actorCodec.fields
const oldActor = tuple('Actor', oldFields)

t.test('mainnet states of actors v9 and v10', async (t) => {
  const bundles = sharedJson<BundleList[]>(t, 'actors', 'forest-bundle-manifest.json')
  const folder = sharedData(t, 'fvm-vectors')
  if (bundles === undefined || folder === undefined) return
  const registry = new ActorRegistry(
    bundles
      .filter((b) => b.network.type === 'mainnet')
      .map((b) => ({
        version: Number.parseInt(b.version.slice(1), 10),
        entries: b.manifest.actors.map(([name, , code]) => [name, code] as const),
      })),
  )
  const c = new Checker(t)
  for (const group of ['nv17-actors-v9', 'nv18-actors-v10'])
    for (const [i, file] of readdirSync(join(folder, group)).entries()) {
      // A third of the vectors have all the shapes.
      if (i % 3 !== 0) continue
      const vector = JSON.parse(readFileSync(join(folder, group, file), 'utf8'))
      const { roots, store } = parseCar(gunzipSync(Buffer.from(vector.car, 'base64')))
      for (const root of roots) checkState(c, store, registry, root)
    }
  t.comment(c.counts)
  for (const [name, atLeast] of Object.entries({
    'storageminer 9': 20,
    'storageminer 10': 20,
    'storagepower 9': 1,
    'storagepower 10': 1,
    'reward 10': 1,
    'init 9': 1,
    sector: 100,
    info: 20,
    deadline: 50,
    partition: 50,
    preCommit: 10,
    claim: 100,
    expiration: 50,
    vesting: 10,
  }))
    t.ok((c.counts[name] ?? 0) >= atLeast, `${name}: ${c.counts[name]}`)
})

t.test('a genesis of actors v17', async (t) => {
  const path = sharedData(t, 'genesis', 'butterflynet.car.zst')
  const bundles = sharedJson<BundleList[]>(t, 'actors', 'forest-bundle-manifest.json')
  if (path === undefined || bundles === undefined) return
  const registry = new ActorRegistry(
    bundles
      .filter((b) => b.network.type === 'butterflynet')
      .map((b) => ({
        version: Number.parseInt(b.version.slice(1), 10),
        entries: b.manifest.actors.map(([name, , code]) => [name, code] as const),
      })),
  )
  const { roots, store } = readCar(path)
  const c = new Checker(t)
  const root = decodeBlock(mustGet(store, roots[0] as CID)).parentStateRoot
  checkState(c, store, registry, root)
  t.match(c.counts, { 'storageminer 17': Number, 'storagepower 17': Number, sector: Number, claim: Number, partition: Number })
  t.equal(StateTree.load(store, root).version, 5)
})

t.test('genesis states of actors v0: the tree alone', async (t) => {
  for (const network of ['mainnet', 'calibnet']) {
    const path = sharedData(t, 'genesis', `${network}.car.zst`)
    if (path === undefined) return
    const { roots, store } = readCar(path)
    const root = decodeBlock(mustGet(store, roots[0] as CID)).parentStateRoot
    const tree = StateTree.load(store, root)
    t.equal(tree.version, 0)
    let total = 0n
    for (const [, a] of tree.actors()) total += a.balance
    t.equal(total, 2_000_000_000n * 10n ** 18n, `${network}: all FIL are there`)
    tree.setActor(1n, { ...tree.mustGetActor(1n) })
    t.equal(tree.flush(store).toString(), root.toString())
  }
})

const link = cidOf(Uint8Array.of(1))
const power = { raw: 1n, qa: 2n }

t.test('shapes that no state at hand has', async (t) => {
  const sector: SectorOnChainInfo = {
    sectorNumber: 7n,
    sealProof: 8,
    sealedCid: link,
    dealIds: [1n],
    activation: 1,
    expiration: 2,
    dealWeight: 3n,
    verifiedDealWeight: 4n,
    initialPledge: 5n,
    expectedDayReward: 6n,
    expectedStoragePledge: 7n,
    powerBaseEpoch: 9,
    replacedDayReward: 8n,
    sectorKeyCid: null,
    flags: 1n,
    dailyFee: undefined,
  }
  const counts: Record<number, number> = { 8: 14, 9: 15, 11: 15, 12: 15, 15: 15, 16: 15, 18: 15 }
  for (const [version, fields] of Object.entries(counts)) {
    const codec = sectorOnChainInfo(Number(version))
    const bytes = encode(codec, sector)
    t.equal(new CborReader(bytes).array(), fields, `v${version}`)
    t.equal(Buffer.compare(encode(codec, decode(codec, bytes)), bytes), 0)
    t.equal(decode(codec, bytes).powerBaseEpoch, Number(version) >= 12 ? 9 : 0)
  }
  const paid = encode(sectorOnChainInfo(16), { ...sector, expectedDayReward: null, dailyFee: 3n })
  t.equal(new CborReader(paid).array(), 16)
  t.same(decode(sectorOnChainInfo(16), paid).dailyFee, 3n)
  t.throws(() => decode(sectorOnChainInfo(15), paid), { code: 'CODEC_CBOR' }, 'a field too many')
  t.throws(() => decode(sectorOnChainInfo(16), encode(sectorOnChainInfo(8), sector)), { code: 'CODEC_CBOR' }, 'a field too few')
  t.throws(() => decode(initState, encode(tuple('x', { a: cid, b: uint64 }), { a: link, b: 1n })), { code: 'CODEC_CBOR' })

  const set = {
    onTimeSectors: BitField.of([1]),
    earlySectors: BitField.empty,
    onTimePledge: 1n,
    activePower: power,
    faultyPower: power,
  }
  t.equal(new CborReader(encode(expirationSet, { ...set, feeDeduction: undefined })).array(), 5)
  t.equal(decode(expirationSet, encode(expirationSet, { ...set, feeDeduction: 4n })).feeDeduction, 4n)
  t.throws(() => decode(expirationSet, Uint8Array.of(0x84)), { code: 'CODEC_CBOR' })

  const state: MinerState = {
    info: link,
    preCommitDeposits: 1n,
    lockedFunds: 2n,
    vestingFunds: link,
    feeDebt: 0n,
    initialPledge: 3n,
    preCommittedSectors: link,
    preCommittedSectorsCleanUp: link,
    allocatedSectors: link,
    sectors: link,
    provingPeriodStart: -5,
    currentDeadline: 1,
    deadlines: link,
    earlyTerminations: BitField.empty,
    deadlineCronActive: true,
  }
  t.same(decode(minerState(15), encode(minerState(15), state)), state)
  const v16 = { ...state, vestingFunds: { head: { epoch: 1, amount: 2n }, tail: link } }
  t.same(decode(minerState(16), encode(minerState(16), v16)), v16)
  t.throws(() => decode(minerState(16), encode(minerState(15), state)), { code: 'CODEC_CBOR' }, 'a link where funds stand')
  for (const [version, fields] of [
    [8, 15],
    [14, 15],
    [15, 17],
    [18, 17],
  ] as const)
    t.throws(() => decode(powerState(version), Uint8Array.of(0x80)), { message: new RegExp(`${fields} fields`) })
})
