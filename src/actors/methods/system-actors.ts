/** Methods of the system, init, cron, reward, account actors and of those without a state. */
import { optional, tuple } from '../../codec/combinators.ts'
import { goEmpty, goList, goRawBytes } from '../../codec/go-forms.ts'
import { bigInt, bool, bytes, int64, text, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { tokenAmount } from '../../types/scalars.ts'
import { filterEstimate } from '../smoothing.ts'
import { exported, type MethodRow, method } from './method-def.ts'
import { newActor } from './types.ts'

export const systemMethods: readonly MethodRow[] = [method(1, 'Constructor', goEmpty)]

const execReturn = newActor('ExecReturn')
export const execParams = tuple('ExecParams', { codeCID: cid, constructorParams: bytes })
export const exec4Params = tuple('Exec4Params', { codeCID: cid, constructorParams: bytes, subAddress: bytes })

export const initMethods: readonly MethodRow[] = [
  method(1, 'Constructor', tuple('ConstructorParams', { networkName: text })),
  method(2, 'Exec', execParams, execReturn),
  method(3, 'Exec4', exec4Params, execReturn, [10]),
]

const cronEntry = tuple('Entry', { receiver: address, methodNum: uint64 })

export const cronMethods: readonly MethodRow[] = [
  method(1, 'Constructor', tuple('ConstructorParams', { entries: goList(cronEntry) })),
  method(2, 'EpochTick', goEmpty),
]

const awardBlockReward = tuple('AwardBlockRewardParams', {
  miner: address,
  penalty: tokenAmount,
  gasReward: tokenAmount,
  winCount: int64,
})
const thisEpochReward = tuple('ThisEpochRewardReturn', {
  thisEpochRewardSmoothed: filterEstimate,
  thisEpochBaselinePower: bigInt,
})

export const rewardMethods: readonly MethodRow[] = [
  // The actor takes null where no power is known; go-state-types does not.
  method(1, 'Constructor', optional(bigInt)),
  method(2, 'AwardBlockReward', awardBlockReward),
  method(3, 'ThisEpochReward', goEmpty, thisEpochReward),
  method(4, 'UpdateNetworkKPI', optional(bigInt)),
]

const authenticateMessage = tuple('AuthenticateMessageParams', { signature: bytes, message: bytes })

export const accountMethods: readonly MethodRow[] = [
  method(1, 'Constructor', address),
  method(2, 'PubkeyAddress', goEmpty, address),
  method(3, 'AuthenticateMessage', authenticateMessage, goEmpty, [9, 9]),
  exported('Receive', goRawBytes, goEmpty, { name: 'UniversalReceiverHook', span: [9, 9] }),
  exported('AuthenticateMessage', authenticateMessage, bool, { name: 'AuthenticateMessage' }),
]

export const ethaccountMethods: readonly MethodRow[] = [method(1, 'Constructor', goEmpty, goEmpty, [10])]

/** Nothing but a plain send reaches a placeholder. */
export const placeholderMethods: readonly MethodRow[] = []
