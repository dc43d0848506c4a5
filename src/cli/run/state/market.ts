import type { Context } from '../../context.ts'
import { fil } from '../../format.ts'
import { parseAddress, parseCid, parseInteger } from '../../parse.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { TipsetFlag } from './flags.ts'

export async function balance({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const address = parseAddress(args[0] ?? '', '<address>')
  const { Cids } = await loadTipset(node, flags.tipset)
  const answer = await node.call<{ Escrow: string; Locked: string }>('StateMarketBalance', address, Cids)
  out.answer(answer, () => {
    out.line(`Escrow: ${fil(answer.Escrow)}`)
    out.line(`Locked: ${fil(answer.Locked)}`)
  })
}

export async function proposalPending({ node, args, out }: Context): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<proposalCid>')
  const pending = await node.call<boolean>('StateMarketProposalPending', cid, [])
  out.answer(pending, () => out.line(`pending: ${pending}`))
}

export async function getDeal({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const id = parseInteger(args[0] ?? '', '<dealId>')
  const { Cids } = await loadTipset(node, flags.tipset)
  out.json(await node.call<unknown>('StateMarketStorageDeal', id, Cids))
}
