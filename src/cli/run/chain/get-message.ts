import { decode } from '../../../codec/codec.ts'
import type { Json, JsonContext } from '../../../codec/json.ts'
import { message, signedMessage } from '../../../types/message.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { failed } from '../../errors.ts'
import type { NodeApi } from '../../node-api.ts'
import { parseCid } from '../../parse.ts'
import type { NetworkParamsJson } from '../../wire.ts'

/** Prints a message with its signature when the CID is that of a signed one. */
export async function getMessage({ node, args, out }: Context): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<messageCid>')
  const data = Buffer.from(await node.call<string>('ChainReadObj', cid), 'base64')
  const json = messageJson(data, await jsonContext(node))
  if (json === undefined) throw failed(en.errors.notMessage(cid['/']))
  out.json(json)
}

/** The JSON of a message in CBOR, signed or not; undefined for other bytes. */
export function messageJson(data: Uint8Array, context: JsonContext): Json | undefined {
  try {
    return message.toJson(decode(message, data), context)
  } catch {
    try {
      return signedMessage.toJson(decode(signedMessage, data), context)
    } catch {
      return undefined
    }
  }
}

/** How the network writes addresses: mainnet's begin with f, all others' with t. */
export async function jsonContext(node: NodeApi): Promise<JsonContext> {
  const { NetworkName } = await node.call<NetworkParamsJson>('StateGetNetworkParams')
  return { addressPrefix: NetworkName === 'mainnet' ? 'f' : 't' }
}
