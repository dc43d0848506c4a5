import { errorMessage } from '../../../lib/errors.ts'
import type { Context } from '../../context.ts'
import { parseCid } from '../../parse.ts'
import type { ApiMessageJson, BlockJson, BlockMessagesJson, ReceiptJson } from '../../wire.ts'

export async function getBlock({ node, args, flags, out }: Context<{ raw: { kind: 'bool' } }>): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<blockCid>')
  const block = await node.call<BlockJson>('ChainGetBlock', cid)
  if (flags.raw) return out.json(block)
  const messages = await node.call<BlockMessagesJson>('ChainGetBlockMessages', cid)
  const parentMessages = await node.call<readonly ApiMessageJson[] | null>('ChainGetParentMessages', cid)
  // The receipts are missing where the parent's state has not been computed: the rest is worth printing all the same.
  const receipts = await node.call<readonly ReceiptJson[] | null>('ChainGetParentReceipts', cid).catch((error: unknown) => {
    out.note(`WARN: ${errorMessage(error)}`)
    return null
  })
  out.json({
    ...block,
    BlsMessages: messages.BlsMessages,
    SecpkMessages: messages.SecpkMessages,
    ParentReceipts: receipts,
    ParentMessages: (parentMessages ?? []).map(({ Cid }) => Cid),
  })
}
