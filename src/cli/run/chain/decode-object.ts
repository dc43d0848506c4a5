import type { Codec } from '../../../codec/codec.ts'
import { decode } from '../../../codec/codec.ts'
import { optional, tuple } from '../../../codec/combinators.ts'
import type { Json } from '../../../codec/json.ts'
import { bytes, uint64 } from '../../../codec/primitives.ts'
import { address } from '../../../types/address.ts'
import { blockHeader } from '../../../types/block.ts'
import { cid } from '../../../types/cid.ts'
import { message, signedMessage } from '../../../types/message.ts'
import { tokenAmount } from '../../../types/scalars.ts'
import type { NodeApi } from '../../node-api.ts'
import type { DecodedType } from './get.ts'
import { jsonContext } from './get-message.ts'

/** An entry of the state tree: five fields since actors v10, four before. */
const actor = tuple('Actor', { code: cid, head: cid, nonce: uint64, balance: tokenAmount, delegatedAddress: optional(address) })
const oldActor = tuple('Actor', { code: cid, head: cid, nonce: uint64, balance: tokenAmount })
const cronEvent = tuple('CronEvent', { minerAddr: address, callbackPayload: bytes })
const accountState = tuple('AccountState', { address })

// biome-ignore lint/suspicious/noExplicitAny: codecs of different types, each used with its own value only.
const codecs: Readonly<Record<DecodedType, readonly Codec<any>[]>> = {
  block: [blockHeader],
  message: [message],
  smessage: [signedMessage],
  signedmessage: [signedMessage],
  actor: [actor, oldActor],
  cronevent: [cronEvent],
  'account-state': [accountState],
}

/** The JSON of an object read as one of the types of `chain get --as-type`; undefined when it is none. */
export async function decodeObject(node: NodeApi, data: Uint8Array, type: DecodedType): Promise<Json | undefined> {
  const context = await jsonContext(node)
  for (const codec of codecs[type]) {
    try {
      return codec.toJson(decode(codec, data), context)
    } catch {
      // The next form of the type, where it has one.
    }
  }
  return undefined
}
