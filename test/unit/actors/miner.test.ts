import t from 'tap'
import { Amt } from '../../../src/actors/amt.ts'
import {
  deadlineInfo,
  faultCutoffPassed,
  hasElapsed,
  isOpen,
  nextNotElapsed,
  quantizeUp,
} from '../../../src/actors/miner/deadline-info.ts'
import {
  deadlineState,
  deadlinesState,
  expirationSet,
  type PartitionState,
  partitionState,
} from '../../../src/actors/miner/deadline-state.ts'
import { minerInfoToJson } from '../../../src/actors/miner/info.ts'
import { type SectorOnChainInfo, sectorOnChainInfo } from '../../../src/actors/miner/sector.ts'
import { type MinerState, vestingFundsTail } from '../../../src/actors/miner/state.ts'
import { MinerView } from '../../../src/actors/miner/view.ts'
import { PowerView } from '../../../src/actors/power/view.ts'
import { type Codec, encode } from '../../../src/codec/codec.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { Address } from '../../../src/types/address.ts'
import { BitField, bitfield } from '../../../src/types/bitfield.ts'
import { type CID, cidOf } from '../../../src/types/cid.ts'
import { LotusChain } from '../../kit/lotus-chain.ts'
import { sharedData } from '../../kit/shared-data.ts'

const zero = { raw: 0n, qa: 0n }
const none = BitField.empty
const link = cidOf(Uint8Array.of(1))

/** A v18 miner with one partition in deadline 3. */
function miner(partition: Partial<PartitionState>, change: Partial<MinerState> = {}): MinerView {
  const store = new MemoryBlockstore()
  const put = <T>(codec: Codec<T>, value: T): CID => {
    const data = encode(codec, value)
    store.put(cidOf(data), data)
    return cidOf(data)
  }
  const amt = <T>(bitWidth: number, value: Codec<T>, entries: [number, T][]): CID => {
    const a = new Amt(store, undefined, { bitWidth, value })
    for (const [i, v] of entries) a.set(i, v)
    return a.flush(store)
  }
  const set = { onTimePledge: 0n, activePower: zero, faultyPower: zero, feeDeduction: undefined }
  const state: PartitionState = {
    sectors: BitField.of([1, 2, 3, 4]),
    unproven: BitField.of([4]),
    faults: BitField.of([2]),
    recoveries: none,
    terminated: BitField.of([3]),
    expirationsEpochs: amt(4, expirationSet, [
      [100, { ...set, onTimeSectors: none, earlySectors: BitField.of([2]) }],
      [900, { ...set, onTimeSectors: BitField.of([1, 2, 4]), earlySectors: none }],
    ]),
    earlyTerminated: amt(3, bitfield, [[50, BitField.of([3])]]),
    livePower: { raw: 30n, qa: 60n },
    unprovenPower: { raw: 10n, qa: 10n },
    faultyPower: { raw: 10n, qa: 40n },
    recoveringPower: zero,
    ...partition,
  }
  const deadline = (partitions: CID): CID =>
    put(deadlineState(18), {
      partitions,
      expirationsEpochs: amt(5, bitfield, []),
      partitionsPoSted: none,
      earlyTerminations: none,
      liveSectors: 3,
      totalSectors: 4,
      faultyPower: zero,
      optimisticPoStSubmissions: link,
      sectorsSnapshot: link,
      partitionsSnapshot: link,
      optimisticPoStSubmissionsSnapshot: link,
      livePower: zero,
      dailyFee: 7n,
    })
  const empty = deadline(amt(3, partitionState, []))
  const full = deadline(amt(3, partitionState, [[0, state]]))
  const sector = {
    sealProof: 5,
    sealedCid: link,
    dealIds: [],
    activation: 0,
    expiration: 900,
    dealWeight: 0n,
    verifiedDealWeight: 0n,
  }
  const rest = {
    initialPledge: 1n,
    expectedDayReward: null,
    expectedStoragePledge: null,
    powerBaseEpoch: 0,
    replacedDayReward: null,
  }
  const sectors = amt(
    5,
    sectorOnChainInfo(18),
    [1, 2, 4].map((n): [number, SectorOnChainInfo] => [
      n,
      { sectorNumber: BigInt(n), ...sector, ...rest, sectorKeyCid: null, flags: 1n, dailyFee: undefined },
    ]),
  )
  const value: MinerState = {
    info: link,
    preCommitDeposits: 10n,
    lockedFunds: 20n,
    vestingFunds: { head: { epoch: 10, amount: 5n }, tail: put(vestingFundsTail, [{ epoch: 20, amount: 15n }]) },
    feeDebt: 0n,
    initialPledge: 30n,
    preCommittedSectors: link,
    preCommittedSectorsCleanUp: link,
    allocatedSectors: put(bitfield, BitField.of([0, 1, 2, 5])),
    sectors,
    provingPeriodStart: 1000,
    currentDeadline: 3,
    deadlines: put(deadlinesState, { due: Array.from({ length: 48 }, (_, i) => (i === 3 ? full : empty)) }),
    earlyTerminations: none,
    deadlineCronActive: true,
    ...change,
  }
  return new MinerView(store, value, 18)
}

t.test('sectors by their state', async (t) => {
  const m = miner({})
  t.same(m.counts(), { live: 3n, active: 1n, faulty: 1n })
  t.same([...m.unionOfPartitions((p) => p.active)], [1n])
  t.same([...m.unionOfPartitions((p) => p.live)], [1n, 2n, 4n])
  t.same(m.findSector(3n), { deadline: 3, partition: 0 })
  t.throws(() => m.findSector(9n), { code: 'ACTOR_ENTRY_NOT_FOUND', message: /sector 9/ })
  t.same(m.sectorExpiration(1n), { onTime: 900, early: 0 })
  t.same(m.sectorExpiration(2n), { onTime: 900, early: 100 })
  t.throws(() => m.sectorExpiration(3n), { code: 'ACTOR_ENTRY_NOT_FOUND' }, 'terminated')
  t.throws(() => m.sectorExpiration(9n), { code: 'ACTOR_ENTRY_NOT_FOUND' })
  t.same(m.deadline(3).partition(0).activePower, { raw: 10n, qa: 10n })
  t.same(
    [...m.deadline(3).partition(0).earlyTerminated()].map(([e, s]) => [e, [...s]]),
    [[50, [3n]]],
  )
  t.equal(m.deadline(3).dailyFee, 7n)
  t.equal(m.deadline(3).partitionCount, 1)
  t.throws(() => m.deadline(3).partition(1), { code: 'ACTOR_ENTRY_NOT_FOUND' })
  t.throws(() => m.deadline(48), { code: 'ACTOR_ENTRY_NOT_FOUND' })
  t.equal(m.liveSectorCount, 48 * 3)
})

t.test('loading sectors', async (t) => {
  const m = miner({})
  t.equal(m.sectorCount, 3n)
  t.equal(m.sector(2n)?.sectorNumber, 2n)
  t.equal(m.sector(3n), undefined)
  t.equal(m.sector(0xffff_ffff_ffff_ffffn), undefined)
  t.same(
    [...m.sectorsOf(BitField.of([1, 4]))].map((s) => s.sectorNumber),
    [1n, 4n],
  )
  t.throws(() => [...m.sectorsOf(BitField.of([1, 3]))], { code: 'ACTOR_ENTRY_NOT_FOUND', message: /sector 3/ })
  t.throws(
    () => [...m.sectorsOf(BitField.fromRuns([{ start: 1n, length: 1n << 62n }]))],
    { code: 'ACTOR_ENTRY_NOT_FOUND' },
    'a bomb ends at once',
  )
  t.same(m.unallocatedSectorNumbers(4), [3n, 4n, 6n, 7n])
  t.equal(m.isAllocated(5n), true)
  t.equal(m.isAllocated(6n), false)
})

t.test('money', async (t) => {
  const m = miner({})
  t.equal(m.availableBalance(100n), 40n)
  t.equal(m.availableBalance(59n), undefined, 'more is locked than there is')
  t.equal(miner({}, { feeDebt: 50n }).availableBalance(100n), -10n)
  t.equal(miner({}, { feeDebt: 50n }).isDebtFree, false)
  t.equal(m.isDebtFree, true)
  t.equal(m.vestedFunds(10), 0n)
  t.equal(m.vestedFunds(11), 5n)
  t.equal(m.vestedFunds(21), 20n)
  t.same(miner({}, { vestingFunds: null }).vestingFunds(), [])
  t.same(m.lockedFunds, { vestingFunds: 20n, initialPledgeRequirement: 30n, preCommitDeposits: 10n })
})

t.test('deadlines', async (t) => {
  const d = deadlineInfo(1000, 3, 1180)
  t.match(d, { open: 1180, close: 1240, challenge: 1160, faultCutoff: 1110 })
  t.same([isOpen(d), hasElapsed(d), faultCutoffPassed(d)], [true, false, true])
  t.same([isOpen(deadlineInfo(1000, 3, 1179)), faultCutoffPassed(deadlineInfo(1000, 3, 1109))], [false, false])
  t.equal(hasElapsed(deadlineInfo(1000, 3, 1240)), true)
  t.equal(nextNotElapsed(d), d)
  for (const [now, start] of [
    [1240, 3880],
    [4119, 3880],
    [4120, 6760],
    [100_000, 1000 + 35 * 2880],
  ] as const)
    t.match(nextNotElapsed(deadlineInfo(1000, 3, now)), { periodStart: start, index: 3, currentEpoch: now }, `at ${now}`)
  t.match(deadlineInfo(1000, 48, 5), { open: 3880, close: 3880, challenge: 3880, faultCutoff: 0 })
  const m = miner({})
  t.match(m.provingDeadline(1300), { periodStart: 3880, index: 3 })
  t.match(m.recordedDeadline(1300), { periodStart: 1000, index: 3 })
  t.same(
    [0, 59, 60, 61, 120].map((e) => quantizeUp(e, 60, 1059)),
    [39, 99, 99, 99, 159],
  )
})

t.test('info', async (t) => {
  const a = Address.fromId(5n)
  const info = {
    owner: a,
    worker: a,
    controlAddresses: [a],
    pendingWorkerKey: { newWorker: a, effectiveAt: 9 },
    peerId: Uint8Array.of(1, 2, 3),
    multiaddrs: [Uint8Array.of(4)],
    windowPoStProofType: 13,
    sectorSize: 32n << 30n,
    windowPoStPartitionSectors: 2349n,
    consensusFaultElapsed: -1,
    pendingOwnerAddress: a,
  }
  t.match(minerInfoToJson(info, { addressPrefix: 'f' }), {
    NewWorker: 'f05',
    WorkerChangeEpoch: 9,
    PeerId: null,
    Multiaddrs: ['BA=='],
    Beneficiary: '<empty>',
    PendingOwnerAddress: 'f05',
    SectorSize: 34359738368,
  })
})

t.test('power of a Lotus chain', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet')
  if (folder === undefined) return
  const chain = new LotusChain(folder)
  const at = chain.at([{ '/': chain.head.parents[0]?.toString() as string }]) as NonNullable<ReturnType<typeof chain.at>>
  const view = PowerView.load(chain.store, chain.registry(), at.tree.mustGetActor(4n))
  t.equal(view.minerCount, 2n)
  let raw = 0n
  for (const [, claim] of view.claims()) raw += claim.rawBytePower
  t.equal(raw, view.totalCommitted.rawBytePower, 'the claims add up')
  const claim = view.claim(1000n)
  t.ok(claim)
  t.equal(view.claim(999n), undefined)
  t.equal(view.meetsMinimum(999n, 1n), undefined)
  if (claim === undefined) return
  t.equal(view.claimMeetsMinimum(claim, claim.rawBytePower), true)
  t.equal(view.claimMeetsMinimum(claim, claim.rawBytePower + 1n), true, 'fewer than four miners reach the minimum')
  t.equal(view.claimMeetsMinimum({ ...claim, rawBytePower: 0n }, 1n), false)
  const crowded = new PowerView(chain.store, { ...view.state, minerAboveMinPowerCount: 4n }, 18)
  t.equal(crowded.claimMeetsMinimum(claim, claim.rawBytePower + 1n), false)
  const events = [...view.cronEvents()]
  t.ok(events.length > 0, 'the miners are called at their deadlines')
  t.ok(events.every(([epoch, list]) => epoch >= at.height - 1 && list.length > 0))
  const m = MinerView.load(chain.store, chain.registry(), at.tree.mustGetActor(1000n))
  // Quality-adjusted power is off by one for each sector of the genesis, whose claims were made with other rounding.
  let active = 0n
  for (const p of m.partitions()) active += p.activePower.raw
  t.equal(active, claim.rawBytePower, "a miner's claim is the sum of its partitions' power")
  const power = (n: bigint) => m.qaPowerOf(m.sector(n) as NonNullable<ReturnType<typeof m.sector>>)
  t.equal(power(1n), 20480n, 'full of verified data')
  t.equal(power(3n), 2048n, 'empty')
})
