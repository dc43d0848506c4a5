import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { usage } from '../../errors.ts'
import { parseAddress } from '../../parse.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { Link, MessageJson, TipsetJson } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'

/** Epochs that one call looks through. */
const WINDOW = 100

type ListFlags = TipsetFlag & {
  readonly to: { readonly kind: 'text' }
  readonly from: { readonly kind: 'text' }
  readonly toheight: { readonly kind: 'int'; readonly default: 0 }
  readonly cids: { readonly kind: 'bool' }
  readonly 'order-by-nonce': { readonly kind: 'bool' }
}

export async function listMessages({ node, flags, out }: Context<ListFlags>): Promise<void> {
  const to = flags.to === undefined ? null : parseAddress(flags.to, '--to')
  const from = flags.from === undefined ? null : parseAddress(flags.from, '--from')
  const byNonce = flags['order-by-nonce']
  if (byNonce && from === null) throw usage(en.errors.nonceNeedsFrom())
  // Printed at once unless they have to be sorted, or to stand in one JSON list.
  const kept: { readonly cid: Link; readonly message: MessageJson | undefined }[] = []
  let tipset = await loadTipset(node, flags.tipset)
  while (tipset.Height > flags.toheight) {
    const end = Math.max(flags.toheight, tipset.Height - WINDOW)
    const found = await node.call<readonly Link[] | null>('StateListMessages', { To: to, From: from }, tipset.Cids, end)
    for (const cid of found ?? []) {
      const message = flags.cids && !byNonce ? undefined : await node.call<MessageJson>('ChainGetMessage', cid)
      if (byNonce || out.wantsJson) kept.push({ cid, message })
      else if (message === undefined) out.line(cid['/'])
      else out.json(message)
    }
    if (end <= flags.toheight) break
    tipset = await node.call<TipsetJson>('ChainGetTipSetByHeight', end - 1, tipset.Cids)
  }
  if (byNonce) kept.sort((a, b) => (a.message?.Nonce ?? 0) - (b.message?.Nonce ?? 0))
  if (out.wantsJson) return out.json(kept.map(({ cid, message }) => (flags.cids ? cid : message)))
  for (const { cid, message } of kept) {
    if (flags.cids) out.line(cid['/'])
    else out.json(message)
  }
}
