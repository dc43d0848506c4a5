import type { Codec } from '../../codec/codec.ts'
import { as, list, optional, record, type Shape } from '../../codec/combinators.ts'
import { bool, bytes, int64, safeInt, text, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { type CID, cid } from '../../types/cid.ts'
import { message } from '../../types/message.ts'
import { messageReceipt } from '../../types/receipt.ts'
import { actorId, epoch, tokenAmount } from '../../types/scalars.ts'
import { tipsetKey } from '../../types/tipset.ts'
import { actor, duration } from './actor.ts'
import { addressOrEmpty, anyJson, lazy, omitEmpty, oneOf } from './shape.ts'

/** A charge of gas: total, compute and storage gas, and the nanoseconds that were spent. */
export const gasTrace = record('GasTrace', {
  name: text,
  totalGas: as('tg', int64),
  computeGas: as('cg', int64),
  storageGas: as('sg', int64),
  timeTaken: as('tt', duration),
})
export type GasTrace = Shape<typeof gasTrace.fields>

export const messageTrace = record('MessageTrace', {
  from: address,
  to: address,
  value: tokenAmount,
  method: uint64,
  params: bytes,
  paramsCodec: uint64,
  gasLimit: uint64,
  readOnly: bool,
})
export const returnTrace = record('ReturnTrace', { exitCode: safeInt, return: bytes, returnCodec: uint64 })
export const actorTrace = record('ActorTrace', { id: actorId, state: actor })
export const ipldTrace = record('TraceIpld', { op: oneOf('IPLD operation', ['Get', 'Put']), cid, size: uint64 })

/** What a call did, and the calls that it made (Lotus types.ExecutionTrace). */
export interface ExecutionTrace {
  readonly msg: Shape<typeof messageTrace.fields>
  readonly msgRct: Shape<typeof returnTrace.fields>
  readonly invokedActor: Shape<typeof actorTrace.fields> | null
  readonly gasCharges: GasTrace[]
  readonly subcalls: ExecutionTrace[]
  readonly logs: string[]
  readonly ipldOps: Shape<typeof ipldTrace.fields>[]
}

export const executionTrace: Codec<ExecutionTrace> = omitEmpty(
  record('ExecutionTrace', {
    msg: messageTrace,
    msgRct: returnTrace,
    invokedActor: optional(actorTrace),
    gasCharges: list(gasTrace, { emptyJson: 'null' }),
    subcalls: list(
      lazy('ExecutionTrace', () => executionTrace),
      { emptyJson: 'null' },
    ),
    logs: list(text),
    ipldOps: list(ipldTrace),
  }),
  'InvokedActor',
  'Logs',
  'IpldOps',
)

/** Where a message's gas went; `message` is null for calls that are not on chain. All amounts in attoFIL. */
export const messageGasCost = record('MsgGasCost', {
  message: optional(cid) as Codec<CID | null>,
  gasUsed: tokenAmount,
  baseFeeBurn: tokenAmount,
  overEstimationBurn: tokenAmount,
  minerPenalty: tokenAmount,
  minerTip: tokenAmount,
  refund: tokenAmount,
  totalCost: tokenAmount,
})

/** The outcome of an execution; `duration` in nanoseconds, `error` empty when the exit code is 0. */
export const invocResult = record('InvocResult', {
  msgCid: cid,
  msg: message,
  msgRct: optional(messageReceipt),
  gasCost: messageGasCost,
  executionTrace,
  error: text,
  duration,
})
export type InvocResult = Shape<typeof invocResult.fields>

export const computeStateOutput = record('ComputeStateOutput', { root: cid, trace: list(invocResult, { emptyJson: 'null' }) })

/** Where a message was executed; `tipset` is the one whose parent state includes it. */
export const messageLookup = record('MsgLookup', {
  message: cid,
  receipt: messageReceipt,
  returnDec: anyJson,
  tipset: as('TipSet', tipsetKey),
  height: epoch,
})
export type MessageLookup = Shape<typeof messageLookup.fields>

/** Addresses of a message that is sought; null matches every one. */
export const messageMatch = record('MessageMatch', { to: addressOrEmpty, from: addressOrEmpty })
