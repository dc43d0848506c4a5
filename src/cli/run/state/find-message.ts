import { decodedReturn, loadActorNames } from '../../actor-names.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { failed } from '../../errors.ts'
import type { NodeApi } from '../../node-api.ts'
import { parseCid } from '../../parse.ts'
import { goJson, type Output } from '../../print.ts'
import type { ActorJson, Link, MessageJson, MsgLookupJson } from '../../wire.ts'
import { jsonContext } from '../chain/get-message.ts'
import type { TipsetFlag } from './flags.ts'
import { hex } from './trace.ts'

/** Epochs on top of a message before it counts as settled (Lotus buildconstants.MessageConfidence). */
const MESSAGE_CONFIDENCE = 5
/** Look back without limit. */
const NO_LIMIT = -1

export async function searchMessage({ node, args, out }: Context<TipsetFlag>): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<messageCid>')
  const found = await node.call<MsgLookupJson | null>('StateSearchMsg', [], cid, NO_LIMIT, true)
  if (found === null) throw failed(en.errors.noMessage(cid['/']))
  await print(node, out, cid, found)
}

export async function waitMessage({
  node,
  args,
  flags,
  out,
}: Context<TipsetFlag & { readonly timeout: { readonly kind: 'duration'; readonly default: string } }>): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<messageCid>')
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(failed(en.errors.timedOut('wait-msg', flags.timeout / 1000))), flags.timeout)
  })
  try {
    const waited = node.call<MsgLookupJson>('StateWaitMsg', cid, MESSAGE_CONFIDENCE, NO_LIMIT, true)
    // When the time is over the call is left alone: closing the client ends it.
    waited.catch(() => {})
    await print(node, out, cid, await Promise.race([waited, late]))
  } finally {
    clearTimeout(timer)
  }
}

async function print(
  node: NodeApi,
  out: Output,
  asked: Link,
  { Message, Receipt, TipSet, ...rest }: MsgLookupJson,
): Promise<void> {
  if (out.wantsJson) return out.json({ Message, Receipt, ...rest, TipSet })
  if (Message['/'] !== asked['/']) out.line(`Message was replaced: ${Message['/']}`)
  out.line(`Executed in tipset: [${TipSet.map((cid) => cid['/']).join(' ')}]`)
  out.line(`Exit Code: ${Receipt.ExitCode}`)
  out.line(`Gas Used: ${Receipt.GasUsed}`)
  out.line(`Return: ${hex(Receipt.Return)}`)
  if (Receipt.Return !== null && Receipt.Return !== '') {
    const { To, Method } = await node.call<MessageJson>('ChainGetMessage', asked)
    const { Code } = await node.call<ActorJson>('StateGetActor', To, [])
    const data = Buffer.from(Receipt.Return, 'base64')
    const decoded = decodedReturn(await loadActorNames(node, []), Code['/'], Method, data, await jsonContext(node))
    if (decoded !== undefined) out.line(`Decoded return value:  ${typeof decoded === 'string' ? decoded : goJson(decoded)}`)
  }
  if (Receipt.EventsRoot !== null) out.line(`Events Root: ${Receipt.EventsRoot['/']}`)
}
