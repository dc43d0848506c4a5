import type { Codec } from '../../codec/codec.ts'
import { as, jsonObject, list, record, type Shape } from '../../codec/combinators.ts'
import { jsonFail, jsonKind } from '../../codec/json.ts'
import { bool, int64, safeInt, text } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { type Message, message, type SignedMessage, signedMessage } from '../../types/message.ts'
import { tokenAmount } from '../../types/scalars.ts'
import { anyJson, float, jsonOnly, uuid } from './shape.ts'

/** Go's zero value of a UUID: none was given. */
export const NO_UUID = '00000000-0000-0000-0000-000000000000'

const uuidOrNone: Codec<string> = {
  ...uuid,
  fromJson: (json, path) => (json === undefined || json === null || json === '' ? NO_UUID : uuid.fromJson(json, path)),
}

/** How a message is to be sent (Lotus api.MessageSendSpec). */
export const messageSendSpec = record('MessageSendSpec', {
  /** Most that its gas may cost, attoFIL; 0 is the node's default. */
  maxFee: tokenAmount,
  /** Sends with the same id are one send. */
  msgUuid: uuidOrNone,
  /** The fee cap becomes as high as `maxFee` allows. */
  maximizeFeeCap: bool,
})
export type MessageSendSpec = Readonly<Shape<typeof messageSendSpec.fields>>

/** A ratio with two decimals in JSON, whole percent here (Lotus types.Percent). */
const percent: Codec<bigint> = {
  ...jsonOnly('percent'),
  toJson: (v) => Number(v) / 100,
  fromJson(json, path) {
    if (json === undefined || json === null) return 0n
    if (typeof json !== 'number') return jsonFail(path, `expected a ratio, found ${jsonKind(json)}`)
    const hundredths = Math.round(json * 100)
    if (!Number.isSafeInteger(hundredths) || Math.abs(json * 100 - hundredths) > 1e-6)
      jsonFail(path, `ratio may only have two decimals: ${json}`)
    return BigInt(hundredths)
  },
  schema: { title: 'number', type: 'number' },
}

/** Addresses that may be preferred. */
const MAX_PRIORITY = 1000

/** The message pool's settings (Lotus types.MpoolConfig). */
export const mpoolConfig = record('MpoolConfig', {
  /** Never pruned, and first in blocks that this node makes. */
  priorityAddrs: list(address, { max: MAX_PRIORITY, emptyJson: 'null' }),
  /** Messages above which the pool is pruned, and down to which. */
  sizeLimitHigh: safeInt,
  sizeLimitLow: safeInt,
  /** Whole percent. */
  replaceByFeeRatio: percent,
  /** Nanoseconds. */
  pruneCooldown: int64,
  /** Estimated gas limits are multiplied by it. */
  gasLimitOverestimation: float,
})
export type MpoolConfig = Readonly<Shape<typeof mpoolConfig.fields>>

export interface MpoolUpdate {
  readonly type: 'add' | 'remove'
  readonly message: SignedMessage
}

/** A message that came into the pool (Type 0) or left it (Type 1). */
export const mpoolUpdate: Codec<MpoolUpdate> = {
  ...jsonOnly('MpoolUpdate'),
  toJson: (v, ctx) => ({ Type: v.type === 'add' ? 0 : 1, Message: signedMessage.toJson(v.message, ctx) }),
  fromJson(json, path) {
    const o = jsonObject(json, path, 'MpoolUpdate')
    if (o.Type !== 0 && o.Type !== 1) return jsonFail(`${path}.Type`, 'expected 0 (added) or 1 (removed)')
    return { type: o.Type === 0 ? 'add' : 'remove', message: signedMessage.fromJson(o.Message, `${path}.Message`) }
  },
  schema: { title: 'MpoolUpdate', type: 'object', properties: { Type: { type: 'number' }, Message: signedMessage.schema } },
}

/** A message to be checked; its nonce counts where `validNonce` is true. */
export const messagePrototype = record('MessagePrototype', {
  message: message as Codec<Message>,
  validNonce: bool,
})
export type MessagePrototype = Readonly<Shape<typeof messagePrototype.fields>>

/** What a check is about (Lotus api.CheckStatusCode). */
export const CheckCode = {
  serialize: 1,
  size: 2,
  validity: 3,
  minGas: 4,
  minBaseFee: 5,
  baseFee: 6,
  baseFeeLowerBound: 7,
  baseFeeUpperBound: 8,
  getStateNonce: 9,
  nonce: 10,
  getStateBalance: 11,
  balance: 12,
} as const

/** One check of a message: `err` says what is wrong, or what may become so; `hint` holds the numbers that it went by. */
export const messageCheckStatus = record('MessageCheckStatus', {
  cid,
  code: safeInt,
  ok: as('OK', bool),
  err: text,
  hint: anyJson,
})
export type MessageCheckStatus = Readonly<Shape<typeof messageCheckStatus.fields>>

/** The outcome of one estimate of a batch: the message filled in, or why it could not be. */
export const estimateResult: Codec<{ readonly message: Message | null; readonly error: string }> = {
  ...jsonOnly('EstimateResult'),
  toJson: (v, ctx) => ({ Msg: v.message === null ? null : message.toJson(v.message, ctx), Err: v.error }),
  fromJson(json, path) {
    const o = jsonObject(json, path, 'EstimateResult')
    return {
      message: o.Msg === null || o.Msg === undefined ? null : message.fromJson(o.Msg, `${path}.Msg`),
      error: text.fromJson(o.Err, `${path}.Err`),
    }
  },
  schema: { title: 'EstimateResult', type: 'object', properties: { Msg: message.schema, Err: { type: 'string' } } },
}

/** A message of a batch with how it is to be sent. */
export const estimateMessage: Codec<{ readonly message: Message; readonly spec: MessageSendSpec | null }> = {
  ...jsonOnly('EstimateMessage'),
  toJson: (v, ctx) => ({
    Msg: message.toJson(v.message, ctx),
    Spec: v.spec === null ? null : messageSendSpec.toJson(v.spec, ctx),
  }),
  fromJson(json, path) {
    const o = jsonObject(json, path, 'EstimateMessage')
    return {
      message: message.fromJson(o.Msg, `${path}.Msg`),
      spec: o.Spec === null || o.Spec === undefined ? null : messageSendSpec.fromJson(o.Spec, `${path}.Spec`),
    }
  },
  schema: { title: 'EstimateMessage', type: 'object', properties: { Msg: message.schema, Spec: messageSendSpec.schema } },
}
