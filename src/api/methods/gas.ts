/** Gas*: what a message should offer. */
import { list, optional } from '../../codec/combinators.ts'
import { int64, uint64 } from '../../codec/primitives.ts'
import { message } from '../../types/message.ts'
import { gas, tokenAmount } from '../../types/scalars.ts'
import { method, param } from '../method.ts'
import { estimateMessage, estimateResult, messageSendSpec } from '../types/mpool.ts'
import { addr, tsk, v0v1, v1 } from './params.ts'

const main = { versions: v0v1, where: 'main' } as const
const unsigned = param('message', message)
/** Estimates of one call; each executes a message. */
const MAX_BATCH = 100

export const gasEstimateFeeCap = method({
  ...main,
  name: 'Filecoin.GasEstimateFeeCap',
  perm: 'read',
  params: [unsigned, param('maxQueueBlocks', int64), tsk],
  result: tokenAmount,
  doc: 'A fee cap (attoFIL per unit of gas) that covers the base fee even when it rises as fast as it can for a number of epochs.',
})

export const gasEstimateGasLimit = method({
  ...main,
  name: 'Filecoin.GasEstimateGasLimit',
  perm: 'read',
  params: [unsigned, tsk],
  result: gas,
  doc: "Gas that a message takes after those of its sender that wait; the node's margin is not in it.",
})

export const gasEstimateGasPremium = method({
  ...main,
  name: 'Filecoin.GasEstimateGasPremium',
  perm: 'read',
  params: [param('blocks', uint64), addr, param('gasLimit', gas), tsk],
  result: tokenAmount,
  doc: 'A premium (attoFIL per unit of gas) with which a message should be in a block within a number of epochs.',
})

export const gasEstimateMessageGas = method({
  ...main,
  name: 'Filecoin.GasEstimateMessageGas',
  perm: 'read',
  params: [unsigned, param('spec', optional(messageSendSpec)), tsk],
  result: message,
  doc: 'The message with gas limit, premium and fee cap filled in where they are 0, within the fee that the caller or the node allows.',
})

export const gasBatchEstimateMessageGas = method({
  ...main,
  name: 'Filecoin.GasBatchEstimateMessageGas',
  perm: 'read',
  versions: v1,
  params: [param('messages', list(estimateMessage, { max: MAX_BATCH })), param('fromNonce', uint64), tsk],
  result: list(estimateResult),
  doc: 'As GasEstimateMessageGas for messages of one sender that follow from one another; each has a result of its own.',
})
