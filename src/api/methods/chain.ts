/** Chain*: headers, messages and the head. */
import { list, optional } from '../../codec/combinators.ts'
import { bool, bytesOrEmpty } from '../../codec/primitives.ts'
import { blockHeader } from '../../types/block.ts'
import { message } from '../../types/message.ts'
import { messageReceipt } from '../../types/receipt.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'
import { tipsetKey } from '../../types/tipset.ts'
import { method, param } from '../method.ts'
import { event } from '../types/actor.ts'
import { apiMessage, blockMessages, headChange, tipset } from '../types/chain.ts'
import { nothing } from '../types/shape.ts'
import { cidParam, epochParam, tsk, v0v1, v1 } from './params.ts'

const blockCid = param('block', cidParam.codec)

export const chainNotify = method({
  name: 'Filecoin.ChainNotify',
  perm: 'read',
  params: [],
  result: list(headChange),
  doc: 'Streams changes of the head: first one item of type current, then batches of revert and apply. A reader that does not keep up is dropped.',
  versions: v0v1,
  where: 'main',
  stream: true,
})

export const chainHead = method({
  name: 'Filecoin.ChainHead',
  perm: 'read',
  params: [],
  result: tipset,
  doc: 'The heaviest tipset.',
  versions: v0v1,
  where: 'main',
})

export const chainGetBlock = method({
  name: 'Filecoin.ChainGetBlock',
  perm: 'read',
  params: [blockCid],
  result: blockHeader,
  doc: 'The block header with the CID given.',
  versions: v0v1,
  where: 'query',
})

export const chainGetTipSet = method({
  name: 'Filecoin.ChainGetTipSet',
  perm: 'read',
  params: [tsk],
  result: tipset,
  doc: 'The tipset with the key given.',
  versions: v0v1,
  where: 'query',
})

export const chainGetFinalizedTipSet = method({
  name: 'Filecoin.ChainGetFinalizedTipSet',
  perm: 'read',
  params: [],
  result: tipset,
  doc: 'The newest tipset that the node takes as final, by F3 or else by the rules of expected consensus.',
  versions: v1,
  where: 'query',
})

export const chainGetBlockMessages = method({
  name: 'Filecoin.ChainGetBlockMessages',
  perm: 'read',
  params: [blockCid],
  result: blockMessages,
  doc: 'The messages of a block, BLS and signed ones apart. Not all of them were necessarily executed in this block.',
  versions: v0v1,
  where: 'query',
})

export const chainGetParentReceipts = method({
  name: 'Filecoin.ChainGetParentReceipts',
  perm: 'read',
  params: [blockCid],
  result: optional(list(messageReceipt)),
  doc: "The receipts of the messages in the block's parent tipset, in the order of ChainGetParentMessages; null for the genesis.",
  versions: v0v1,
  where: 'query',
})

export const chainGetParentMessages = method({
  name: 'Filecoin.ChainGetParentMessages',
  perm: 'read',
  params: [blockCid],
  result: list(apiMessage, { emptyJson: 'null' }),
  doc: "The messages of the block's parent tipset in order of execution, duplicates left out.",
  versions: v0v1,
  where: 'query',
})

export const chainGetMessagesInTipset = method({
  name: 'Filecoin.ChainGetMessagesInTipset',
  perm: 'read',
  params: [tsk],
  result: list(apiMessage, { emptyJson: 'null' }),
  doc: 'The messages of a tipset in order of execution, duplicates left out.',
  versions: v0v1,
  where: 'query',
})

export const chainGetTipSetByHeight = method({
  name: 'Filecoin.ChainGetTipSetByHeight',
  perm: 'read',
  params: [epochParam, tsk],
  result: tipset,
  doc: 'The tipset at an epoch of the chain that ends in the tipset given; the one before where the epoch is a null round.',
  versions: v0v1,
  where: 'query',
})

export const chainGetTipSetAfterHeight = method({
  name: 'Filecoin.ChainGetTipSetAfterHeight',
  perm: 'read',
  params: [epochParam, tsk],
  result: tipset,
  doc: 'The tipset at an epoch of the chain that ends in the tipset given; the one after where the epoch is a null round.',
  versions: v1,
  where: 'query',
})

export const chainGetGenesis = method({
  name: 'Filecoin.ChainGetGenesis',
  perm: 'read',
  params: [],
  result: tipset,
  doc: 'The genesis tipset.',
  versions: v0v1,
  where: 'query',
})

export const chainTipSetWeight = method({
  name: 'Filecoin.ChainTipSetWeight',
  perm: 'read',
  params: [tsk],
  result: tokenAmount,
  doc: 'The weight of the chain that ends in the tipset given, the tipset itself counted.',
  versions: v0v1,
  where: 'query',
})

export const chainGetMessage = method({
  name: 'Filecoin.ChainGetMessage',
  perm: 'read',
  params: [cidParam],
  result: message,
  doc: 'The unsigned message with the CID given, whether that is the CID of its signed form or not.',
  versions: v0v1,
  where: 'query',
})

export const chainGetPath = method({
  name: 'Filecoin.ChainGetPath',
  perm: 'read',
  params: [param('from', tipsetKey), param('to', tipsetKey)],
  result: list(headChange),
  doc: 'The reverts and applies that lead from one tipset to another through their common ancestor.',
  versions: v0v1,
  where: 'query',
})

export const chainGetEvents = method({
  name: 'Filecoin.ChainGetEvents',
  perm: 'read',
  params: [param('root', cidParam.codec)],
  result: list(event, { emptyJson: 'null' }),
  doc: 'The events under the root that a receipt names.',
  versions: v1,
  where: 'query',
})

export const chainSetHead = method({
  name: 'Filecoin.ChainSetHead',
  perm: 'admin',
  params: [tsk],
  result: nothing,
  doc: 'Makes the tipset given the head. Its state is not checked.',
  versions: v0v1,
  where: 'main',
})

export const chainExport = method({
  name: 'Filecoin.ChainExport',
  perm: 'read',
  params: [param('recentStateRoots', epoch), param('skipOldMessages', bool), tsk],
  result: bytesOrEmpty,
  doc: 'Streams a snapshot as a CAR file in chunks; an empty chunk says that it is complete.',
  versions: v0v1,
  where: 'main',
  stream: true,
})
