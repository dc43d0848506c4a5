import type { Api } from '../../api/api.ts'
import { NO_UUID } from '../../api/types/mpool.ts'
import { getLogger } from '../../lib/log.ts'
import type { Address } from '../../types/address.ts'
import type { Message } from '../../types/message.ts'
import type { TokenAmount } from '../../types/scalars.ts'
import { TipsetKey } from '../../types/tipset.ts'
import type { ControlAddresses } from '../control-addresses.ts'

const log = getLogger('wdpost')

export interface FeeInit {
  /** Most that one message's gas may cost, attoFIL (`Fees.MaxWindowPoStGasFee`). */
  readonly maxFee: TokenAmount
  /** Whether the fee cap is raised to what `maxFee` allows (`Fees.MaximizeWindowPoStFeeCap`). */
  readonly maximizeFeeCap: boolean
}

export type FeeApi = Pick<Api, 'gasEstimateFeeCap' | 'gasEstimateGasPremium' | 'gasEstimateMessageGas' | 'stateMinerInfo'>

export const sendSpec = (init: FeeInit) => ({ maxFee: init.maxFee, msgUuid: NO_UUID, maximizeFeeCap: init.maximizeFeeCap })

/**
 * Chooses sender and gas of a message to the miner actor. When nothing can be estimated the message stays as it is, from the
 * worker, because not to try is worse (Lotus storage/wdpost/wdpost_run.go, prepareMessage).
 */
export async function prepareMessage(
  c: { readonly api: FeeApi; readonly addresses: ControlAddresses },
  init: FeeInit,
  miner: Address,
  wanted: Pick<Message, 'method' | 'params'>,
): Promise<Message> {
  const info = await c.api.stateMinerInfo([miner, TipsetKey.empty])
  const bare: Message = {
    version: 0n,
    to: miner,
    from: info.worker,
    nonce: 0n,
    value: 0n,
    gasLimit: 0n,
    gasFeeCap: 0n,
    gasPremium: 0n,
    ...wanted,
  }
  let message: Message
  try {
    message = await c.api.gasEstimateMessageGas([bare, sendSpec(init), TipsetKey.empty])
  } catch (error) {
    log.error("a message's gas could not be estimated", { method: Number(wanted.method) }, error)
    return bare
  }
  const goodFunds = message.gasLimit * message.gasFeeCap
  const frugal = await frugalFunds(c.api, message)
  const { address, available } = await c.addresses.choose(info, 'post', goodFunds, frugal < goodFunds ? frugal : goodFunds)
  return available < goodFunds ? capFee({ ...message, from: address }, available) : { ...message, from: address }
}

/** What a message needs that should be in a block soon, but not at any price. */
async function frugalFunds(api: FeeApi, message: Message): Promise<TokenAmount> {
  const premium = await api
    .gasEstimateGasPremium([5n, message.from, message.gasLimit, TipsetKey.empty])
    .catch(() => message.gasPremium)
  const feeCap = await api
    .gasEstimateFeeCap([{ ...message, gasPremium: premium }, 4n, TipsetKey.empty])
    .catch(() => message.gasFeeCap)
  return message.gasLimit * feeCap
}

/** The message with a fee cap that costs `most` attoFIL at worst; the premium is never above the cap. */
export function capFee(message: Message, most: TokenAmount): Message {
  const { gasLimit } = message
  if (gasLimit <= 0n || gasLimit * message.gasFeeCap <= most) return message
  const gasFeeCap = most / gasLimit
  const gasPremium = message.gasPremium < gasFeeCap ? message.gasPremium : gasFeeCap
  return { ...message, gasFeeCap, gasPremium }
}

/** The pool takes a message in place of another when its premium is so much higher (the default of Lotus, 125 %). */
const RAISE_PERCENT = 125n

/**
 * A message that takes another's place in the pool: premium and fee cap are a quarter higher, or what is estimated now if that
 * is more.
 * @returns undefined when `maxFee` does not allow a premium that is high enough
 */
export function raisedFee(
  message: Message,
  estimate: { readonly premium: TokenAmount; readonly feeCap: TokenAmount },
  maxFee: TokenAmount,
): Message | undefined {
  const atLeast = (message.gasPremium * RAISE_PERCENT) / 100n + 1n
  const gasPremium = atLeast > estimate.premium ? atLeast : estimate.premium
  const raised = (message.gasFeeCap * RAISE_PERCENT) / 100n + 1n
  let gasFeeCap = [raised, estimate.feeCap, gasPremium].reduce((a, b) => (b > a ? b : a))
  if (maxFee > 0n && gasFeeCap * message.gasLimit > maxFee) gasFeeCap = maxFee / message.gasLimit
  if (gasFeeCap < atLeast) return undefined
  return { ...message, gasFeeCap, gasPremium: gasPremium < gasFeeCap ? gasPremium : gasFeeCap }
}
