import { createMinerParams, createMinerReturn } from '../actors/methods/power.ts'
import type { Api } from '../api/api.ts'
import { decode, encode } from '../codec/codec.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { Address } from '../types/address.ts'
import { windowPostProofFor } from '../types/proof-types.ts'
import type { TokenAmount } from '../types/scalars.ts'
import { TipsetKey } from '../types/tipset.ts'
import { MinerError } from './errors.ts'
import type { MinerRecords } from './records.ts'
import { accountPurpose, forgetSent, isUnderWay, plainMessage, sendOnce, waitOnce, wasAnswered } from './send-once.ts'

const log = getLogger('miner')

const POWER_ACTOR = Address.fromId(4n)
/** Power actor, method CreateMiner. */
const CREATE_MINER = 2n
/** Where the choices for the actor that is being made are kept. */
const PLAN = '/nelumbo/create-miner'
const PURPOSE = 'CreateMiner'

export interface CreateMinerComponents {
  readonly api: Pick<
    Api,
    | 'mpoolPushMessage'
    | 'stateLookupId'
    | 'stateMinerCreationDeposit'
    | 'stateNetworkVersion'
    | 'stateWaitMsg'
    | 'walletDefaultAddress'
    | 'walletNew'
  >
  readonly records: Pick<MinerRecords, 'get' | 'batch'>
}

/** What the user chose; what is undefined has Lotus's default, or that of a creation that is under way. */
export interface MinerChoices {
  /** The wallet's default address unless given. */
  readonly owner: Address | undefined
  /** The owner unless given. */
  readonly worker: Address | undefined
  /** Whether the worker is a new BLS key, where none is given. */
  readonly createWorkerKey: boolean
  /** Who sends and pays; the owner unless given. */
  readonly from: Address | undefined
  /** Bytes; 32 GiB unless given. */
  readonly sectorSize: bigint | undefined
}

export interface SendInit {
  /** attoFIL for a unit of gas; 0 to have it estimated. */
  readonly gasPremium: TokenAmount
  /** Epochs on top of a message before its outcome counts. */
  readonly confidence: number
  readonly signal: AbortSignal
}

export interface CreateMinerInit extends SendInit {
  /** Hundredths of the deposit that the chain asks for now, 100 or more: it may ask for more when the message is executed. */
  readonly depositPercent: bigint
  readonly peerId: Uint8Array
}

const DEFAULT_SECTOR_SIZE = 32n << 30n

interface Plan {
  readonly owner: string
  readonly worker: string
  readonly from: string
  /** Bytes, in decimal digits. */
  readonly sectorSize: string
  readonly newWorkerKey: boolean
}

/** Whether a repository has begun to make an actor and does not know yet what became of it. */
export function creationUnderWay(records: CreateMinerComponents['records']): boolean {
  return records.get(PLAN) !== undefined && isUnderWay({ records }, PURPOSE)
}

/**
 * Makes a miner actor (Lotus cli/miner/init.go, createStorageMiner). A process that is killed at any point goes on where it
 * was: a second actor is never made. {@link forgetCreation} is for when the address is stored.
 * @returns the id address
 * @throws MinerError MINER_CREATE, MINER_MESSAGE; what the full node says against a message
 */
export async function createMiner(c: CreateMinerComponents, choices: MinerChoices, init: CreateMinerInit): Promise<Address> {
  const { api } = c
  const { signal } = init
  const plan = await choose(c, choices, signal)
  const [owner, worker, from] = [plan.owner, plan.worker, plan.from].map((text) => Address.parse(text)) as [
    Address,
    Address,
    Address,
  ]
  const sectorSize = BigInt(plan.sectorSize)
  if (!isUnderWay(c, PURPOSE)) {
    await api.stateLookupId([from, TipsetKey.empty], { signal }).catch((cause: unknown) => {
      throw new MinerError('MINER_CREATE', `the sender ${from} must exist on chain: ${errorMessage(cause)}`, {
        hint: 'Send it FIL first: it pays the deposit and the gas.',
      })
    })
    for (const account of [worker, owner]) await makeAccount(c, account, from, init)
  }
  const make = async () => {
    const version = await api.stateNetworkVersion([TipsetKey.empty], { signal })
    const deposit = await api.stateMinerCreationDeposit([TipsetKey.empty], { signal })
    const params = encode(createMinerParams, {
      owner,
      worker,
      windowPoStProofType: windowPostProofFor(sectorSize, version),
      peer: init.peerId,
      multiaddrs: [],
    })
    const value = (deposit * init.depositPercent) / 100n
    return plainMessage({ from, to: POWER_ACTOR, method: CREATE_MINER, params, value, gasPremium: init.gasPremium })
  }
  const message = await sendOnce(c, PURPOSE, make, signal)
  const returned = await waitOnce(c, PURPOSE, message, init)
  const { idAddress, robustAddress } = decode(createMinerReturn, returned)
  log.info('the miner actor was made', { id: String(idAddress), robust: String(robustAddress) })
  return idAddress
}

/** Forgets how an actor was made, once its address is stored. */
export async function forgetCreation({ records }: Pick<CreateMinerComponents, 'records'>): Promise<void> {
  await forgetSent({ records }, PURPOSE, [PLAN])
}

/** The choices that hold: those of a message that may have been sent already, else new ones. */
async function choose({ api, records }: CreateMinerComponents, given: MinerChoices, signal: AbortSignal): Promise<Plan> {
  const before = records.get(PLAN)
  const old = before === undefined ? undefined : (JSON.parse(Buffer.from(before).toString('utf8')) as Plan)
  if (old !== undefined && creationUnderWay(records)) {
    const same = (address: Address | undefined, text: string): boolean =>
      address === undefined || address.equals(Address.parse(text))
    const fits =
      same(given.owner, old.owner) &&
      same(given.worker, old.worker) &&
      same(given.from, old.from) &&
      (given.sectorSize === undefined || given.sectorSize === BigInt(old.sectorSize))
    if (fits) return old
    const what = `owner ${old.owner}, worker ${old.worker}, sender ${old.from}, sectors of ${old.sectorSize} bytes`
    throw new MinerError(
      'MINER_CREATE',
      `the repository is making a miner actor already (${what}), not the one that is asked for`,
      {
        hint: 'Run miner init without these flags to go on with it, or use another --miner-repo.',
      },
    )
  }
  const owner = given.owner ?? (await api.walletDefaultAddress([], { signal }))
  let worker = given.worker ?? owner
  const newKey = given.worker === undefined && given.createWorkerKey
  // A key that an earlier try made is as good as a new one.
  if (newKey) worker = old?.newWorkerKey === true ? Address.parse(old.worker) : await api.walletNew(['bls'], { signal })
  const plan: Plan = {
    owner: owner.toString(),
    worker: worker.toString(),
    from: (given.from ?? owner).toString(),
    sectorSize: (given.sectorSize ?? DEFAULT_SECTOR_SIZE).toString(),
    newWorkerKey: newKey,
  }
  await records.batch([{ key: PLAN, value: Buffer.from(JSON.stringify(plan)) }], { sync: true })
  return plan
}

/** Makes an account's actor by a message without value, where it has none. */
async function makeAccount(c: CreateMinerComponents, account: Address, from: Address, init: SendInit): Promise<void> {
  const { signal } = init
  const purpose = accountPurpose(account)
  try {
    await c.api.stateLookupId([account, TipsetKey.empty], { signal })
    if (isUnderWay(c, purpose)) await forgetSent(c, purpose)
    return
  } catch (error) {
    if (!wasAnswered(error)) throw error
  }
  const message = await sendOnce(c, purpose, async () => plainMessage({ from, to: account }), signal)
  await waitOnce(c, purpose, message, init)
  await forgetSent(c, purpose)
}
