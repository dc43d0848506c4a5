import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { failed } from '../../errors.ts'
import { parseCid } from '../../parse.ts'
import { firstBlock } from '../../tipset-ref.ts'
import type { ComputeStateJson, MessageJson, MsgLookupJson, TipsetJson } from '../../wire.ts'

const NO_LIMIT = -1

/** Computes the tipset that holds the message again and picks its trace. */
export async function execTrace({ node, args, out }: Context): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<messageCid>')
  const message = await node.call<MessageJson>('ChainGetMessage', cid)
  const found = await node.call<MsgLookupJson | null>('StateSearchMsg', [], cid, NO_LIMIT, true)
  if (found === null) throw failed(en.errors.noMessage(cid['/']))
  const executed = await node.call<TipsetJson>('ChainGetTipSet', found.TipSet)
  const parent = await node.call<TipsetJson>('ChainGetTipSet', firstBlock(executed).Parents)
  const { Trace } = await node.call<ComputeStateJson>('StateCompute', parent.Height, null, parent.Cids)
  const trace = (Trace ?? []).find(({ Msg }) => Msg.From === message.From && Msg.Nonce === message.Nonce)
  if (trace === undefined) throw failed(en.errors.noTrace())
  out.json(trace)
}
