/** State*: executing, replaying and finding messages. */
import { list, optional } from '../../codec/combinators.ts'
import { bool, safeUint } from '../../codec/primitives.ts'
import { cid } from '../../types/cid.ts'
import { message } from '../../types/message.ts'
import { epoch } from '../../types/scalars.ts'
import { tipsetKey } from '../../types/tipset.ts'
import { method, param } from '../method.ts'
import { computeStateOutput, invocResult, messageLookup, messageMatch } from '../types/execution.ts'
import { cidParam, tsk, v0v1, v1 } from './params.ts'

/** Epochs to look back; -1 is without limit. */
const limit = param('limit', epoch)
const allowReplaced = param('allowReplaced', bool)

export const stateCall = method({
  name: 'Filecoin.StateCall',
  perm: 'read',
  params: [param('message', message), tsk],
  result: invocResult,
  doc: 'Executes a message on the parent state of a tipset without recording it. Fee fields may be zero.',
  versions: v0v1,
  where: 'query',
})

export const stateReplay = method({
  name: 'Filecoin.StateReplay',
  perm: 'read',
  params: [tsk, cidParam],
  result: invocResult,
  doc: 'Executes the messages of a tipset up to the one given and returns what that one did. An empty key looks for the message first.',
  versions: v0v1,
  where: 'query',
})

export const stateCompute = method({
  name: 'Filecoin.StateCompute',
  perm: 'read',
  params: [param('height', epoch), param('messages', list(message, { max: 10_000 })), tsk],
  result: computeStateOutput,
  doc: 'Executes a tipset and then further messages at a height; returns the state root and the trace.',
  versions: v0v1,
  where: 'query',
})

export const stateListMessages = method({
  name: 'Filecoin.StateListMessages',
  perm: 'read',
  params: [param('match', messageMatch), tsk, param('toHeight', epoch)],
  result: list(cid, { emptyJson: 'null' }),
  doc: 'The CIDs of messages with the sender or receiver given, from a tipset back to a height.',
  versions: v0v1,
  where: 'query',
})

export const stateSearchMsg = method({
  name: 'Filecoin.StateSearchMsg',
  perm: 'read',
  params: [param('from', tipsetKey), cidParam, limit, allowReplaced],
  result: optional(messageLookup),
  doc: 'Where a message, or one that replaced it, was executed; null where it was not found.',
  versions: v1,
  where: 'query',
})

export const stateWaitMsg = method({
  name: 'Filecoin.StateWaitMsg',
  perm: 'read',
  params: [cidParam, param('confidence', safeUint), limit, allowReplaced],
  result: messageLookup,
  doc: 'Waits until a message, or one that replaced it, was executed and stands under the number of epochs given.',
  versions: v1,
  where: 'main',
})
