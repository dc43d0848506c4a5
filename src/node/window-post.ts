import type { Api } from '../api/api.ts'
import { deadlineInfo } from '../api/types/miner.ts'
import { ControlAddresses } from '../miner/control-addresses.ts'
import type { HeadFollower } from '../miner/head-follower.ts'
import type { Prover } from '../miner/proving.ts'
import type { MinerRecords } from '../miner/records.ts'
import { ProofRecords } from '../miner/wdpost/proof-records.ts'
import { WindowPostScheduler } from '../miner/wdpost/scheduler.ts'
import type { WindowPostEvent } from '../miner/wdpost/window.ts'
import { verifyWindowPost } from '../native/proofs.ts'
import { type Address, Protocol } from '../types/address.ts'
import { signedMessageCid } from '../types/message.ts'
import { TipsetKey } from '../types/tipset.ts'
import type { Journal } from './journal.ts'
import type { StorageMinerConfig } from './miner-config.ts'
import { addressConfigOf } from './miner-handlers.ts'

export interface WindowPostComponents {
  readonly api: Api
  readonly heads: HeadFollower
  readonly prover: Prover
  readonly records: MinerRecords
  readonly journal?: (miner: Address, event: WindowPostEvent) => void
}

export interface WindowPostInit {
  readonly actors: readonly Address[]
  readonly config: StorageMinerConfig
  /** Networks whose chains take any proof: nothing is verified before it is sent. */
  readonly proofs: 'real' | 'fake'
  /** Sectors that one deadline may recover at a time; 0: all. */
  readonly recoveringSectorLimit?: bigint
}

/** The schedulers of a process, one for each miner actor, by the key of its id address. */
export interface WindowPosts {
  readonly byActor: ReadonlyMap<string, WindowPostScheduler>
  close(): Promise<void>
}

/** Starts to prove the deadlines of all actors as the head moves. */
export async function startWindowPosts(c: WindowPostComponents, init: WindowPostInit): Promise<WindowPosts> {
  const { api, heads, prover, records, journal } = c
  const { Proving, Fees } = init.config
  const addresses = new ControlAddresses({ api }, addressConfigOf(init.config))
  const store = {
    get: (key: string) => records.get(key),
    put: (key: string, value: Uint8Array) => records.batch([{ key, value }], { sync: true }),
    delete: (key: string) => records.batch([{ key, value: undefined }]),
  }
  const verify: typeof verifyWindowPost = init.proofs === 'fake' ? async () => true : verifyWindowPost
  const byActor = new Map<string, WindowPostScheduler>()
  for (const actor of init.actors) {
    const miner = actor.protocol === Protocol.id ? actor : await api.stateLookupId([actor, TipsetKey.empty])
    const info = await api.stateMinerInfo([miner, TipsetKey.empty])
    const scheduler = new WindowPostScheduler(
      {
        api,
        prover,
        verify,
        addresses,
        records: new ProofRecords(store, miner),
        ...(journal === undefined ? {} : { journal: (event) => journal(miner, event) }),
      },
      {
        miner,
        disablePreChecks: Proving.DisableWDPoStPreChecks,
        maxPartitionsPerPostMessage: Proving.MaxPartitionsPerPoStMessage,
        singleRecoveringPartitionPerPostMessage: Proving.SingleRecoveringPartitionPerPostMessage,
        maxFee: Fees.MaxWindowPoStGasFee,
        maximizeFeeCap: Fees.MaximizeWindowPoStFeeCap,
        postProofType: Number(info.windowPoStProofType),
        maxPartitionsPerRecoveryMessage: Proving.MaxPartitionsPerRecoveryMessage,
        recoveringSectorLimit: init.recoveringSectorLimit ?? 0n,
      },
    )
    byActor.set(miner.key, scheduler)
    heads.onHead((head) => void scheduler.onHead(head))
  }
  return {
    byActor,
    close: async () => void (await Promise.all([...byActor.values()].map((s) => s.close()))),
  }
}

/** Lotus's journal events of window PoSts, with the miner, of which a process may have several; one for each message. */
export function recordWindowPosts(
  journal: Pick<Journal, 'record'>,
  addressPrefix: 'f' | 't',
): (miner: Address, event: WindowPostEvent) => void {
  return (miner, { type, state, deadline, height, error, messages }) => {
    const data = {
      Miner: miner.toString(addressPrefix),
      Deadline: deadlineInfo.toJson(deadline, { addressPrefix }),
      Height: height,
      TipSet: null,
      ...(error === undefined ? {} : { Error: error }),
      State: state,
    }
    if (messages === undefined || messages.length === 0) journal.record(`wdpost:${type}`, data)
    else
      for (const message of messages)
        journal.record(`wdpost:${type}`, { ...data, MessageCID: { '/': signedMessageCid(message).toString() } })
  }
}
