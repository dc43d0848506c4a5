import { reportConsensusFaultParams } from '../../../actors/methods/miner.ts'
import { encode } from '../../../codec/codec.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { usage } from '../../errors.ts'
import { parseAddress, parseCid } from '../../parse.ts'
import { defaultSender, sendMessage } from '../../sending.ts'
import type { BlockJson } from '../../wire.ts'

type Text = { readonly kind: 'text' }

/** Method of the miner actor. */
const REPORT_CONSENSUS_FAULT = 15

/** Reports to the chain that a miner signed two blocks that it must not have signed both (Lotus cli/chain.go). */
export async function slashConsensus(context: Context<{ readonly from: Text; readonly extra: Text }>): Promise<void> {
  const { node, args, flags, out } = context
  const load = async (text: string, name: string) => {
    const cid = parseCid(text, name)
    const header = await node.call<BlockJson>('ChainGetBlock', cid)
    // The actor checks the signature over the very bytes.
    return { header, bytes: Buffer.from(await node.call<string>('ChainReadObj', cid), 'base64') }
  }
  const first = await load(args[0] ?? '', '<blockCid1>')
  const second = await load(args[1] ?? '', '<blockCid2>')
  if (first.header.Miner !== second.header.Miner) throw usage(en.errors.twoMiners(first.header.Miner, second.header.Miner))
  const extra = flags.extra === undefined ? undefined : await load(flags.extra, '--extra')
  // The actor wants the older one first.
  const [older, newer] = second.header.Height < first.header.Height ? [second, first] : [first, second]
  const params = encode(reportConsensusFaultParams, {
    blockHeader1: older.bytes,
    blockHeader2: newer.bytes,
    blockHeaderExtra: extra?.bytes ?? new Uint8Array(0),
  })
  const sent = await sendMessage(context, {
    from: flags.from === undefined ? await defaultSender(node) : parseAddress(flags.from, '--from'),
    to: newer.header.Miner,
    value: '0',
    method: REPORT_CONSENSUS_FAULT,
    params: Buffer.from(params).toString('base64'),
  })
  out.answer(sent, () => out.line(sent.CID['/']))
}
