/** Mpool*: messages that wait for a block. */
import { list, optional } from '../../codec/combinators.ts'
import { bool, uint64 } from '../../codec/primitives.ts'
import { cid } from '../../types/cid.ts'
import { message, signedMessage } from '../../types/message.ts'
import { type ApiVersion, method, param } from '../method.ts'
import { messageCheckStatus, messagePrototype, messageSendSpec, mpoolConfig, mpoolUpdate } from '../types/mpool.ts'
import { float, nothing } from '../types/shape.ts'
import { addr, tsk, v0v1, v1 } from './params.ts'

const main = { versions: v0v1 as readonly ApiVersion[], where: 'main' } as const
/** Most messages that one call of a batch may hold. */
const MAX_BATCH = 1000
const signed = param('message', signedMessage)
const manySigned = param('messages', list(signedMessage, { max: MAX_BATCH }))
const unsigned = param('message', message)
const manyUnsigned = param('messages', list(message, { max: MAX_BATCH }))
const spec = param('spec', optional(messageSendSpec))
const checks = list(list(messageCheckStatus), { emptyJson: 'null' })

export const mpoolPending = method({
  ...main,
  name: 'Filecoin.MpoolPending',
  perm: 'read',
  params: [tsk],
  result: list(signedMessage),
  doc: 'The messages that wait, as seen from a tipset.',
})

export const mpoolSelect = method({
  ...main,
  name: 'Filecoin.MpoolSelect',
  perm: 'read',
  params: [tsk, param('ticketQuality', float)],
  result: list(signedMessage, { emptyJson: 'null' }),
  doc: 'Messages for a block on top of a tipset, by the quality (0 to 1) of its ticket.',
})

export const mpoolSelects = method({
  ...main,
  name: 'Filecoin.MpoolSelects',
  perm: 'read',
  versions: v1,
  params: [tsk, param('ticketQualities', list(float, { max: 32 }))],
  result: list(list(signedMessage)),
  doc: 'Messages for several blocks on top of one tipset, by the qualities of their tickets; no message is in two of them.',
})

export const mpoolPush = method({
  ...main,
  name: 'Filecoin.MpoolPush',
  perm: 'write',
  params: [signed],
  result: cid,
  doc: 'Takes a signed message into the pool, keeps it over restarts, and publishes it.',
})

export const mpoolPushUntrusted = method({
  ...main,
  name: 'Filecoin.MpoolPushUntrusted',
  perm: 'write',
  params: [signed],
  result: cid,
  doc: 'As MpoolPush for messages of strangers: no gap of nonces, and fewer messages of one sender.',
})

export const mpoolPushMessage = method({
  ...main,
  name: 'Filecoin.MpoolPushMessage',
  perm: 'sign',
  params: [unsigned, spec],
  result: signedMessage,
  doc: 'Chooses nonce and gas of a message, signs and publishes it. Its own nonce must be 0.',
})

export const mpoolBatchPush = method({
  ...main,
  name: 'Filecoin.MpoolBatchPush',
  perm: 'write',
  params: [manySigned],
  result: list(cid, { emptyJson: 'null' }),
  doc: 'Pushes signed messages one after the other, up to the first that is refused.',
})

export const mpoolBatchPushUntrusted = method({
  ...main,
  name: 'Filecoin.MpoolBatchPushUntrusted',
  perm: 'write',
  params: [manySigned],
  result: list(cid, { emptyJson: 'null' }),
  doc: "Pushes strangers' signed messages one after the other, up to the first that is refused.",
})

export const mpoolBatchPushMessage = method({
  ...main,
  name: 'Filecoin.MpoolBatchPushMessage',
  perm: 'sign',
  params: [manyUnsigned, spec],
  result: list(signedMessage, { emptyJson: 'null' }),
  doc: 'Chooses nonces and gas of messages, signs and publishes them one after the other, up to the first that is refused.',
})

export const mpoolCheckMessages = method({
  ...main,
  name: 'Filecoin.MpoolCheckMessages',
  perm: 'read',
  params: [param('messages', list(messagePrototype, { max: MAX_BATCH }))],
  result: checks,
  doc: 'What stands against sending messages: a list of checks for each.',
})

export const mpoolCheckPendingMessages = method({
  ...main,
  name: 'Filecoin.MpoolCheckPendingMessages',
  perm: 'read',
  params: [addr],
  result: checks,
  doc: 'What stands against the messages of a sender that wait.',
})

export const mpoolCheckReplaceMessages = method({
  ...main,
  name: 'Filecoin.MpoolCheckReplaceMessages',
  perm: 'read',
  params: [manyUnsigned],
  result: checks,
  doc: 'What stands against replacing messages that wait by those given.',
})

export const mpoolGetNonce = method({
  ...main,
  name: 'Filecoin.MpoolGetNonce',
  perm: 'read',
  params: [addr],
  result: uint64,
  doc: "A sender's next nonce, after its messages on chain and in the pool. Another call may get the same: MpoolPushMessage numbers messages safely.",
})

export const mpoolSub = method({
  ...main,
  name: 'Filecoin.MpoolSub',
  perm: 'read',
  params: [],
  result: mpoolUpdate,
  doc: 'Streams the messages that come into the pool and leave it. A reader that does not keep up is dropped.',
  stream: true,
})

export const mpoolClear = method({
  ...main,
  name: 'Filecoin.MpoolClear',
  perm: 'write',
  params: [param('clearLocal', bool)],
  result: nothing,
  doc: "Forgets the messages that wait; those of this node's own clients only when asked to.",
})

export const mpoolGetConfig = method({
  ...main,
  name: 'Filecoin.MpoolGetConfig',
  perm: 'read',
  params: [],
  result: mpoolConfig,
  doc: "The pool's settings.",
})

export const mpoolSetConfig = method({
  ...main,
  name: 'Filecoin.MpoolSetConfig',
  perm: 'admin',
  params: [param('config', mpoolConfig)],
  result: nothing,
  doc: "Sets the pool's settings and keeps them over restarts.",
})
