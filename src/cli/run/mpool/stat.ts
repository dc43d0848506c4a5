import type { Context } from '../../context.ts'
import type { ActorJson, TipsetJson } from '../../wire.ts'
import { pendingMessages, type SignedJson, walletAddresses } from './shared.ts'

type StatFlags = {
  readonly local: { readonly kind: 'bool' }
  readonly 'basefee-lookback': { readonly kind: 'int'; readonly default: number }
}

interface Stat {
  past: number
  cur: number
  future: number
  belowCurr: number
  belowPast: number
  gasLimit: bigint
}

const none = (): Stat => ({ past: 0, cur: 0, future: 0, belowCurr: 0, belowPast: 0, gasLimit: 0n })

export async function stat({ node, flags, out }: Context<StatFlags>): Promise<void> {
  const lookback = flags['basefee-lookback']
  const head = await node.call<TipsetJson>('ChainHead')
  const feeOf = (t: TipsetJson): bigint => BigInt(t.Blocks[0]?.ParentBaseFee ?? 0)
  const current = feeOf(head)
  let lowest = current
  for (let i = 0, at = head; i < lookback && at.Height > 0; i++) {
    at = await node.call<TipsetJson>('ChainGetTipSet', at.Blocks[0]?.Parents)
    if (feeOf(at) < lowest) lowest = feeOf(at)
  }
  const senders = flags.local ? new Set(await walletAddresses(node)) : undefined
  const bySender = new Map<string, SignedJson[]>()
  for (const m of await pendingMessages(node, { senders })) {
    const own = bySender.get(m.Message.From)
    if (own === undefined) bySender.set(m.Message.From, [m])
    else own.push(m)
  }

  const total = none()
  const stats = new Map<string, Stat>()
  for (const [sender, messages] of [...bySender].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let actor: ActorJson
    try {
      actor = await node.call<ActorJson>('StateGetActor', sender, head.Cids)
    } catch (error) {
      out.note(`${sender}, err: ${(error as Error).message}`)
      continue
    }
    const stat = statOf(messages, actor.Nonce, current, lowest)
    stats.set(sender, stat)
    for (const key of ['past', 'cur', 'future', 'belowCurr', 'belowPast'] as const) total[key] += stat[key]
    total.gasLimit += stat.gasLimit
  }
  const line = (name: string, s: Stat): string =>
    `${name}: Nonce past: ${s.past}, cur: ${s.cur}, future: ${s.future}; FeeCap cur: ${s.belowCurr}, min-${lookback}: ${s.belowPast}, gasLimit: ${s.gasLimit}`
  out.answer({ Senders: Object.fromEntries(stats), Total: total }, () => {
    for (const [sender, s] of stats) out.line(line(sender, s))
    out.line('-----')
    out.line(line('total', total))
  })
}

/** @param nonce the sender's next one on chain @param current @param lowest base fees, attoFIL */
function statOf(messages: readonly SignedJson[], nonce: number, current: bigint, lowest: bigint): Stat {
  const nonces = new Set(messages.map((m) => m.Message.Nonce))
  let next = nonce
  while (nonces.has(next)) next++
  const stat = none()
  for (const { Message: m } of messages) {
    if (m.Nonce < nonce) stat.past++
    else if (m.Nonce > next) stat.future++
    else stat.cur++
    if (BigInt(m.GasFeeCap) < current) stat.belowCurr++
    if (BigInt(m.GasFeeCap) < lowest) stat.belowPast++
    stat.gasLimit += BigInt(m.GasLimit)
  }
  return stat
}
