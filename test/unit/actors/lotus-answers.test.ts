// What the views read from states that Lotus made, against what Lotus answered about the same states.

import t from 'tap'
import { AccountView } from '../../../src/actors/account/view.ts'
import { InitView } from '../../../src/actors/init/view.ts'
import type { ActorRegistry } from '../../../src/actors/manifest.ts'
import { deadlineInfoJson } from '../../../src/actors/miner/deadline-info.ts'
import { minerInfoToJson } from '../../../src/actors/miner/info.ts'
import { sectorOnChainInfo, sectorPreCommitOnChainInfo } from '../../../src/actors/miner/sector.ts'
import { MinerView } from '../../../src/actors/miner/view.ts'
import { dealProviderCollateralBounds } from '../../../src/actors/policy/collateral.ts'
import { withSafetyMargin } from '../../../src/actors/policy/pledge.ts'
import { PowerView } from '../../../src/actors/power/view.ts'
import { readActorState } from '../../../src/actors/read-state.ts'
import { RewardView } from '../../../src/actors/reward/view.ts'
import { actor as actorCodec, type StateTree } from '../../../src/actors/state-tree.ts'
import { INIT_ACTOR, POWER_ACTOR, REWARD_ACTOR } from '../../../src/actors/well-known.ts'
import type { Json } from '../../../src/codec/json.ts'
import type { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { Address, Protocol } from '../../../src/types/address.ts'
import { type BitField, bitfield } from '../../../src/types/bitfield.ts'
import { LotusChain, type RpcAnswer, readAnswers } from '../../kit/lotus-chain.ts'
import { sharedData } from '../../kit/shared-data.ts'

const ctx = { addressPrefix: 't' } as const
const MIN_POWER = 2048n

interface Question {
  readonly store: MemoryBlockstore
  readonly registry: ActorRegistry
  readonly tree: StateTree
  readonly height: number
  readonly params: any[]
  /** Another of Lotus's answers about the same tipset. */
  other(method: string, ...params: unknown[]): any
}

const address = (q: Question): Address => Address.parse(q.params[0])
const miner = (q: Question): MinerView => MinerView.load(q.store, q.registry, q.tree.mustGetActor(address(q)))
const power = (q: Question): PowerView => PowerView.load(q.store, q.registry, q.tree.mustGetActor(POWER_ACTOR))
const init = (q: Question): InitView => InitView.load(q.store, q.registry, q.tree.mustGetActor(INIT_ACTOR))
const bits = (b: BitField): Json => bitfield.toJson(b, ctx)
const sector = (s: Parameters<ReturnType<typeof sectorOnChainInfo>['toJson']>[0]): Json => sectorOnChainInfo(18).toJson(s, ctx)

const answers: Record<string, (q: Question) => unknown> = {
  StateGetActor: (q) => actorCodec.toJson(q.tree.mustGetActor(address(q)), ctx),
  StateReadState(q) {
    const actor = q.tree.mustGetActor(address(q))
    return {
      Balance: actor.balance.toString(),
      Code: { '/': actor.code.toString() },
      State: readActorState(q.store, q.registry, actor, ctx),
    }
  },
  StateLookupID: (q) => `t0${q.tree.lookupId(address(q))}`,
  StateLookupRobustAddress: (q) =>
    init(q)
      .robustAddress(address(q).id as bigint)
      ?.toString('t'),
  StateAccountKey(q) {
    const a = address(q)
    if (a.protocol !== Protocol.id) return a.toString('t')
    const actor = q.tree.mustGetActor(a)
    return (actor.delegatedAddress ?? AccountView.load(q.store, q.registry, actor).pubkeyAddress).toString('t')
  },
  StateListActors: (q) => [...q.tree.actors()].map(([id]) => `t0${id}`),
  StateListMiners: (q) => [...power(q).miners()].map((a) => a.toString('t')),
  StateMinerPower(q) {
    const p = power(q)
    const claim = p.claim(address(q))
    const json = (c: { rawBytePower: bigint; qualityAdjPower: bigint }) => ({
      RawBytePower: c.rawBytePower.toString(),
      QualityAdjPower: c.qualityAdjPower.toString(),
    })
    return {
      MinerPower: json(claim ?? { rawBytePower: 0n, qualityAdjPower: 0n }),
      TotalPower: json(p.totalPower),
      HasMinPower: p.meetsMinimum(address(q), MIN_POWER) ?? false,
    }
  },
  StateMinerInfo: (q) => minerInfoToJson(miner(q).info(), ctx),
  StateMinerProvingDeadline: (q) => deadlineInfoJson.toJson(miner(q).provingDeadline(q.height), ctx),
  StateMinerFaults: (q) => bits(miner(q).unionOfPartitions((p) => p.faulty)),
  StateMinerRecoveries: (q) => bits(miner(q).unionOfPartitions((p) => p.recovering)),
  StateMinerAvailableBalance(q) {
    const m = miner(q)
    return ((m.availableBalance(q.tree.mustGetActor(address(q)).balance) as bigint) + m.vestedFunds(q.height)).toString()
  },
  StateMinerActiveSectors(q) {
    const m = miner(q)
    return [...m.sectorsOf(m.unionOfPartitions((p) => p.active))].map(sector)
  },
  StateMinerSectors: (q) =>
    [...(q.params[1] === null ? miner(q).sectors() : miner(q).sectorsOf(bitfield.fromJson(q.params[1], '')))].map(sector),
  StateMinerAllocated: (q) => bits(miner(q).allocatedSectors()),
  StateMinerSectorCount(q) {
    const { live, active, faulty } = miner(q).counts()
    return { Live: Number(live), Active: Number(active), Faulty: Number(faulty) }
  },
  StateMinerDeadlines: (q) =>
    [...miner(q).deadlines()].map((d) => ({
      PostSubmissions: bits(d.partitionsPosted),
      DisputableProofCount: d.disputableProofCount,
      DailyFee: d.dailyFee.toString(),
    })),
  StateMinerPartitions(q) {
    const out = [...miner(q).deadline(q.params[1]).partitions()].map(([, p]) => ({
      AllSectors: bits(p.allSectors),
      FaultySectors: bits(p.faulty),
      RecoveringSectors: bits(p.recovering),
      LiveSectors: bits(p.live),
      ActiveSectors: bits(p.active),
    }))
    return out.length === 0 ? null : out
  },
  StateSectorGetInfo(q) {
    const s = miner(q).sector(BigInt(q.params[1]))
    return s === undefined ? null : sector(s)
  },
  StateSectorPreCommitInfo(q) {
    const p = miner(q).preCommittedSector(BigInt(q.params[1]))
    return p === undefined ? null : sectorPreCommitOnChainInfo(18).toJson(p, ctx)
  },
  StateSectorExpiration(q) {
    const { onTime, early } = miner(q).sectorExpiration(BigInt(q.params[1]))
    return { OnTime: onTime, Early: early }
  },
  StateSectorPartition(q) {
    const { deadline, partition } = miner(q).findSector(BigInt(q.params[1]))
    return { Deadline: deadline, Partition: partition }
  },
  StateDealProviderCollateralBounds(q) {
    const reward = RewardView.load(q.store, q.registry, q.tree.mustGetActor(REWARD_ACTOR))
    const supply = q.other('StateVMCirculatingSupplyInternal')
    if (supply === undefined) return undefined
    const raw = power(q).totalPower.rawBytePower
    const b = dealProviderCollateralBounds(BigInt(q.params[0]), raw, reward.thisEpochBaselinePower, BigInt(supply.FilCirculating))
    return { Min: withSafetyMargin(b.min).toString(), Max: b.max.toString() }
  },
}

for (const [name, wanted] of [
  ['lotus-devnet', 2200],
  ['lotus-devnet-proofs', 1600],
] as const) {
  t.test(`the views answer as Lotus does: ${name}`, async (t) => {
    const folder = sharedData(t, 'chains', name)
    if (folder === undefined) return
    const chain = new LotusChain(folder)
    const registry = chain.registry()
    const all = readAnswers(folder)
    let compared = 0
    const seen = new Map<string, number>()
    for (const a of all) {
      const method = a.method.replace('Filecoin.', '')
      const answer = answers[method]
      const key = Array.isArray(a.params) ? a.params.at(-1) : undefined
      if (answer === undefined || !Array.isArray(key) || key.length === 0) continue
      // An unknown block in the key is the server's affair.
      if (a.error !== undefined && !/sector|actor|deadline|address/i.test(a.error.message)) continue
      const at = tipset(chain, key)
      if (at === undefined) continue
      const other = (m: string, ...params: unknown[]) => otherAnswer(all, `Filecoin.${m}`, [...params, key])
      const q = { store: chain.store, registry, params: a.params, other, ...at }
      const label = `${method} ${JSON.stringify(a.params.slice(0, -1))} at ${at.height}`
      if (a.error === undefined) {
        const made = answer(q)
        if (made === undefined) continue
        const text = JSON.parse(JSON.stringify(made))
        if (!same(text, a.result)) t.strictSame(text, a.result, label)
      } else if (!fails(() => answer(q))) t.fail(`${label} should fail: ${a.error.message}`)
      compared++
      seen.set(method, (seen.get(method) ?? 0) + 1)
    }
    t.ok(compared >= wanted, `${compared} answers compared: ${[...seen].map(([m, n]) => `${m} ${n}`).join(', ')}`)
  })
}

function tipset(chain: LotusChain, key: any): { height: number; tree: StateTree } | undefined {
  try {
    return chain.at(key)
  } catch {
    return undefined
  }
}

function otherAnswer(all: readonly RpcAnswer[], method: string, params: unknown): any {
  const wanted = JSON.stringify(params)
  return all.find((a) => a.method === method && JSON.stringify(a.params) === wanted)?.result
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(v: any): unknown {
  if (Array.isArray(v)) return v.map(sorted)
  if (v === null || typeof v !== 'object') return v
  return Object.fromEntries(
    Object.keys(v)
      .sort()
      .map((k) => [k, sorted(v[k])]),
  )
}

function fails(f: () => unknown): boolean {
  try {
    return f() === undefined
  } catch {
    return true
  }
}
