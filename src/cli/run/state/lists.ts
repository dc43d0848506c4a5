import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { usage } from '../../errors.ts'
import { shorten } from '../../parse.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { TipsetFlag } from './flags.ts'

/** Miners that --sort-by num-deals prints. */
const MOST = 50

export async function listActors({ node, flags, out }: Context<TipsetFlag>): Promise<void> {
  const { Cids } = await loadTipset(node, flags.tipset)
  const list = (await node.call<readonly string[] | null>('StateListActors', Cids)) ?? []
  out.answer(list, () => {
    for (const address of list) out.line(address)
  })
}

interface DealJson {
  readonly Proposal: { readonly Provider: string }
  /** -1 until the deal is in a proven sector. */
  readonly State: { readonly SectorStartEpoch: number }
}

export async function listMiners({
  node,
  flags,
  out,
}: Context<TipsetFlag & { readonly 'sort-by': { readonly kind: 'text' } }>): Promise<void> {
  const order = flags['sort-by'] ?? 'none'
  if (order !== 'none' && order !== '' && order !== 'num-deals') throw usage(en.errors.badSort(shorten(order)))
  const { Cids } = await loadTipset(node, flags.tipset)
  const miners = (await node.call<readonly string[] | null>('StateListMiners', Cids)) ?? []
  if (order !== 'num-deals') {
    return out.answer(miners, () => {
      for (const miner of miners) out.line(miner)
    })
  }
  const deals = await node.call<Readonly<Record<string, DealJson>>>('StateMarketDeals', Cids)
  const counts = new Map<string, number>()
  for (const { Proposal, State } of Object.values(deals))
    if (State.SectorStartEpoch !== -1) counts.set(Proposal.Provider, (counts.get(Proposal.Provider) ?? 0) + 1)
  const most = miners
    .map((Miner) => ({ Miner, Deals: counts.get(Miner) ?? 0 }))
    .sort((a, b) => b.Deals - a.Deals)
    .slice(0, MOST)
  out.answer(most, () => {
    for (const { Miner, Deals } of most) out.line(`${Miner} ${Deals}`)
  })
}
