import { Amt } from '../actors/amt.ts'
import { type DealProposal, dealProposal } from '../actors/market/deal.ts'
import { mustMethodOf } from '../actors/methods/index.ts'
import { deadlineState, deadlinesState, partitionState } from '../actors/miner/deadline-state.ts'
import { minerState } from '../actors/miner/state.ts'
import { EPOCHS_IN_DAY, sectorExpirationExtensionMax } from '../actors/policy/miner.ts'
import { initialPledgeForPower, preCommitDepositForPower } from '../actors/policy/pledge.ts'
import { qaPowerForWeight, qaPowerMax } from '../actors/policy/quality.ts'
import { type PowerState, powerState } from '../actors/power/state.ts'
import { rewardState } from '../actors/reward/view.ts'
import type { FilterEstimate } from '../actors/smoothing.ts'
import type { Actor } from '../actors/state-tree.ts'
import { MARKET_ACTOR, POWER_ACTOR, REWARD_ACTOR, SYSTEM_ACTOR, VERIFREG_ACTOR } from '../actors/well-known.ts'
import { type Codec, decode, encode } from '../codec/codec.ts'
import { blake2b256, blsSign, secp256k1Sign } from '../native/crypto.ts'
import { initialFilReserved } from '../networks/constants.ts'
import { mustGet } from '../store/blockstore.ts'
import { Address } from '../types/address.ts'
import { BitField } from '../types/bitfield.ts'
import { sectorSizeOfSealProof, windowPostProofFor } from '../types/proof-types.ts'
import type { ChainEpoch, StoragePower, TokenAmount } from '../types/scalars.ts'
import type { Signature } from '../types/signature.ts'
import { GenesisError } from './errors.ts'
import { FIRST_VERIFIER, MINER_START, ROOT_VERIFIER, rewardActor } from './initial-state.ts'
import type { GenesisMachine } from './machine.ts'
import type { StateMaker } from './state-maker.ts'
import type { GenesisMiner, GenesisTemplate, PreSeal } from './template.ts'

/** Deals that one message may publish (cbor-gen's longest list). */
const PUBLISH_MAX = 8192

interface Context {
  readonly make: StateMaker
  readonly machine: GenesisMachine
  readonly networkVersion: number
  /** Bytes of power from which on a miner may win blocks: what the deposit of a new miner is measured by. */
  readonly consensusMinerMinPower: StoragePower
}

interface MinerInProgress {
  readonly id: bigint
  readonly address: Address
  readonly template: GenesisMiner
  /** When all its sectors end. */
  readonly expiration: ChainEpoch
  readonly dealIds: readonly bigint[]
  readonly weights: readonly StoragePower[]
}

/** The CBOR of a method's parameters. */
function params(c: Context, kind: string, method: number, value: unknown): Uint8Array {
  return encode(mustMethodOf(kind, c.make.version, method).params, value)
}

function returned<T>(c: Context, kind: string, method: number, bytes: Uint8Array): T {
  return decode(mustMethodOf(kind, c.make.version, method).returns, bytes) as T
}

/**
 * Gives the clients of the sectors' deals the DataCap that verified deals take
 * (Lotus chain/gen/genesis/genesis.go VerifyPreSealedData).
 */
export function grantDataCap(c: Context, template: GenesisTemplate, ids: ReadonlyMap<string, bigint>): void {
  if (template.miners.length === 0) fail('it has no miners, and a network without a miner makes no block')
  const needs = new Map<bigint, bigint>()
  let sum = 0n
  for (const [i, m] of template.miners.entries()) {
    for (const [j, { deal }] of m.sectors.entries()) {
      if (!deal.provider.equals(m.id))
        fail(`sector ${j} of miner ${i} has a deal of ${text(deal.provider)}, but the miner is ${text(m.id)}`)
      const client = ids.get(deal.client.key)
      if (client === undefined) {
        fail(`the client ${text(deal.client)} of sector ${j} of miner ${i} is not among the accounts`)
      }
      needs.set(client, (needs.get(client) ?? 0n) + deal.pieceSize)
      sum += deal.pieceSize
    }
  }
  const grant = (from: Address, method: number, to: Address, allowance: bigint, what: string): void => {
    c.machine.send(VERIFREG_ACTOR, from, 0n, method, params(c, 'verifiedregistry', method, { address: to, allowance }), what)
  }
  grant(ROOT_VERIFIER, 2, FIRST_VERIFIER, sum, 'naming the first verifier')
  for (const [client, amount] of needs) {
    grant(FIRST_VERIFIER, 4, Address.fromId(client), amount, `giving DataCap to f0${client}`)
  }
}

/**
 * Makes the miners, their deals and their sectors, all of which are proven from the beginning
 * (Lotus chain/gen/genesis/miners.go SetupStorageMiners).
 */
export function setUpMiners(c: Context, miners: readonly GenesisMiner[]): void {
  let raw = 0n
  let qa = 0n
  const made = miners.map((m, i) => {
    const one = makeMiner(c, m, i)
    raw += m.sectorSize * BigInt(m.sectors.length)
    for (const w of one.weights) qa += w
    return one
  })
  // Deposits and pledges are to be those of the network as it will be: its whole power is written down first, and each
  // sector's share taken off again when the sector itself is added.
  changePower(c, (p) => ({
    ...p,
    totalQualityAdjPower: qa,
    totalRawBytePower: raw,
    thisEpochQualityAdjPower: qa,
    thisEpochRawBytePower: raw,
  }))
  c.machine.change((tree) => tree.setActor(REWARD_ACTOR, rewardActor(c.make)))
  for (const m of made) {
    for (const [i, sector] of m.template.sectors.entries()) commitSector(c, m, sector, i)
  }
  const power = readPower(c)
  if (power.totalRawBytePower !== raw || power.totalQualityAdjPower !== qa) {
    throw new GenesisError(
      'GENESIS_FAILED',
      `the network has ${power.totalRawBytePower} bytes of power (quality-adjusted ${power.totalQualityAdjPower}), its sectors give ${raw} (${qa}); only miners that reach the network's minimum can be in a genesis`,
    )
  }
}

function makeMiner(c: Context, m: GenesisMiner, index: number): MinerInProgress {
  const id = MINER_START + BigInt(index)
  const address = Address.fromId(id)
  if (!m.id.equals(address)) fail(`miner ${index} is ${text(m.id)}, but it will be ${text(address)}`)
  const create = params(c, 'storagepower', 2, {
    owner: m.worker,
    worker: m.worker,
    windowPoStProofType: windowPostProofFor(m.sectorSize, c.networkVersion),
    peer: m.peerId,
    multiaddrs: [],
  })
  const answer = c.machine.send(POWER_ACTOR, m.owner, creationDeposit(c), 2, create, `making the miner ${text(address)}`)
  const { idAddress } = returned<{ idAddress: Address }>(c, 'storagepower', 2, answer)
  if (!idAddress.equals(address)) {
    throw new GenesisError('GENESIS_FAILED', `the miner that should be ${text(address)} became ${text(idAddress)}`)
  }
  const { provingPeriodStart } = readState(c, address, minerState(c.make.version))
  const periods = Math.floor(sectorExpirationExtensionMax(c.make.version) / EPOCHS_IN_DAY)
  const expiration = (periods - 1) * EPOCHS_IN_DAY + provingPeriodStart - 1
  if (m.marketBalance > 0n) {
    const to = params(c, 'storagemarket', 2, address)
    c.machine.send(MARKET_ACTOR, m.worker, m.marketBalance, 2, to, `the escrow of ${text(address)}`)
  }
  const deals = m.sectors.map((s) => ({ ...s.deal, verifiedDeal: true, endEpoch: expiration }))
  const weights = deals.map((d) => qaPowerForWeight(m.sectorSize, expiration, BigInt(d.endEpoch - d.startEpoch) * d.pieceSize))
  const dealIds: bigint[] = []
  for (let from = 0; from < deals.length; from += PUBLISH_MAX) {
    const some = deals.slice(from, from + PUBLISH_MAX).map((proposal, i) => ({
      proposal,
      clientSignature: sign(m.sectors[from + i] as PreSeal, proposal),
    }))
    const what = `publishing the deals of ${text(address)}`
    const answer = c.machine.send(MARKET_ACTOR, m.worker, 0n, 4, params(c, 'storagemarket', 4, { deals: some }), what)
    const { ids } = returned<{ ids: bigint[] }>(c, 'storagemarket', 4, answer)
    if (ids.length !== some.length)
      throw new GenesisError('GENESIS_FAILED', `${what} failed: only ${ids.length} of ${some.length} are valid`)
    dealIds.push(...ids)
  }
  return { id, address, template: m, expiration, dealIds, weights }
}

/** attoFIL that a new miner leaves as a deposit (Lotus chain/gen/genesis/util.go). */
function creationDeposit(c: Context): TokenAmount {
  const reward = readState(c, REWARD_ACTOR, rewardState)
  const power = readPower(c)
  return initialPledgeForPower(c.consensusMinerMinPower / 10n, {
    baselinePower: reward.thisEpochBaselinePower,
    reward: reward.thisEpochRewardSmoothed,
    networkQaPower: power.thisEpochQaPowerSmoothed,
    circulatingSupply: initialFilReserved,
    ramp: { epochsSinceStart: 0n, durationEpochs: power.rampDurationEpochs ?? 0n },
  })
}

function sign(sector: PreSeal, proposal: DealProposal): Signature {
  const bytes = encode(dealProposal, proposal)
  const { type, privateKey } = sector.dealClientKey
  if (type === 'bls') return { type: 2, data: blsSign(privateKey, bytes) }
  if (type === 'secp256k1') return { type: 1, data: secp256k1Sign(privateKey, blake2b256(bytes)) }
  return fail(`the key of the deal's client of sector ${sector.sectorID} is of the type "${type}"; it must be bls or secp256k1`)
}

function commitSector(c: Context, m: MinerInProgress, sector: PreSeal, index: number): void {
  const { sectorSize, worker } = m.template
  const weight = m.weights[index] as bigint
  const name = `sector ${sector.sectorID} of ${text(m.address)}`
  if (sectorSizeOfSealProof(sector.proofType) !== sectorSize) {
    fail(
      `${name} has a seal proof of sectors of ${sectorSizeOfSealProof(sector.proofType)} bytes, but its miner's have ${sectorSize}`,
    )
  }
  changePower(c, (p) => ({
    ...p,
    totalRawBytePower: p.totalRawBytePower - sectorSize,
    totalQualityAdjPower: p.totalQualityAdjPower - weight,
  }))
  const amount = depositAndPledge(c, m, sectorSize, weight)
  const info = {
    sealProof: sector.proofType,
    sectorNumber: sector.sectorID,
    sealedCID: sector.commR,
    sealRandEpoch: -1,
    dealIDs: [m.dealIds[index] as bigint],
    expiration: m.expiration,
    unsealedCid: sector.commD,
  }
  const preCommit = params(c, 'storageminer', 28, { sectors: [info] })
  c.machine.send(m.address, worker, amount, 28, preCommit, `pre-committing ${name}`)
  // Method 17 knows no proof: before actors v14 the power actor confirms a batch it has verified, from then on the system
  // sets up the sectors of a genesis. Everything but the numbers it then computes by itself since v14.
  const zero: FilterEstimate = { positionEstimate: 0n, velocityEstimate: 0n }
  const confirm = params(c, 'storageminer', 17, {
    sectors: [sector.sectorID],
    rewardSmoothed: zero,
    rewardBaselinePower: 0n,
    qualityAdjPowerSmoothed: zero,
  })
  const from = c.networkVersion >= 23 ? SYSTEM_ACTOR : POWER_ACTOR
  c.machine.send(m.address, from, 0n, 17, confirm, `setting up ${name}`)
  const claim = params(c, 'storagepower', 3, { rawByteDelta: sectorSize, qualityAdjustedDelta: weight })
  c.machine.send(POWER_ACTOR, m.address, 0n, 3, claim, `counting the power of ${name}`)
  activateUnproven(c, m.address)
}

/** attoFIL to send with a pre-commitment, so that its deposit and the sector's pledge are paid. */
function depositAndPledge(c: Context, m: MinerInProgress, size: bigint, weight: StoragePower): TokenAmount {
  const ask = (to: Address, method: number, what: string) => c.machine.send(to, m.address, 0n, method, new Uint8Array(0), what)
  const reward = returned<{ thisEpochRewardSmoothed: FilterEstimate; thisEpochBaselinePower: bigint }>(
    c,
    'reward',
    3,
    ask(REWARD_ACTOR, 3, 'asking for the reward'),
  )
  const power = returned<{ qualityAdjPowerSmoothed: FilterEstimate }>(
    c,
    'storagepower',
    9,
    ask(POWER_ACTOR, 9, 'asking for the power'),
  )
  const networkQaPower = power.qualityAdjPowerSmoothed
  const deposit = preCommitDepositForPower(reward.thisEpochRewardSmoothed, networkQaPower, qaPowerMax(size))
  const pledge = initialPledgeForPower(weight, {
    baselinePower: reward.thisEpochBaselinePower,
    reward: reward.thisEpochRewardSmoothed,
    networkQaPower,
    circulatingSupply: 0n,
    ramp: { epochsSinceStart: 0n, durationEpochs: 0n },
  })
  return deposit + pledge
}

/** The sectors of a genesis need no first window PoSt: their power counts at once. */
function activateUnproven(c: Context, miner: Address): void {
  const { store, version } = c.make
  c.machine.change((tree) => {
    const actor = tree.mustGetActor(miner)
    const state = decode(minerState(version), mustGet(store, actor.head))
    const deadlines = decode(deadlinesState, mustGet(store, state.deadlines))
    const due = deadlines.due.map((at) => {
      const deadline = decode(deadlineState(version), mustGet(store, at))
      const partitions = new Amt(store, deadline.partitions, { bitWidth: 3, value: partitionState })
      for (const [i, p] of [...partitions.entries()])
        partitions.set(i, { ...p, unproven: BitField.empty, unprovenPower: { raw: 0n, qa: 0n } })
      return c.make.put(deadlineState(version), { ...deadline, partitions: partitions.flush(store) })
    })
    const head = c.make.put(minerState(version), { ...state, deadlines: c.make.put(deadlinesState, { due }) })
    tree.setActor(miner, { ...actor, head })
  })
}

function readState<T>(c: Context, at: Address, codec: Codec<T>): T {
  return decode(codec, mustGet(c.make.store, c.machine.tree().mustGetActor(at).head))
}

function readPower(c: Context): PowerState {
  return readState(c, POWER_ACTOR, powerState(c.make.version))
}

function changePower(c: Context, edit: (state: PowerState) => PowerState): void {
  c.machine.change((tree) => {
    const actor: Actor = tree.mustGetActor(POWER_ACTOR)
    const codec = powerState(c.make.version)
    const head = c.make.put(codec, edit(decode(codec, mustGet(c.make.store, actor.head))))
    tree.setActor(POWER_ACTOR, { ...actor, head })
  })
}

function text(a: Address): string {
  return a.toString('t')
}

function fail(why: string): never {
  throw new GenesisError('GENESIS_TEMPLATE', `the genesis template is wrong: ${why}`)
}
