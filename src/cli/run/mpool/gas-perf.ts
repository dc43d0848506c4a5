import type { Context } from '../../context.ts'
import type { TipsetJson } from '../../wire.ts'
import { pendingMessages, walletAddresses } from './shared.ts'

const BLOCK_GAS_LIMIT = 10_000_000_000n

export async function gasPerf({ node, flags, out }: Context<{ readonly all: { readonly kind: 'bool' } }>): Promise<void> {
  const senders = flags.all ? undefined : new Set(await walletAddresses(node))
  const messages = await pendingMessages(node, { senders })
  const head = await node.call<TipsetJson>('ChainHead')
  const baseFee = BigInt(head.Blocks[0]?.ParentBaseFee ?? 0)
  const rows = messages.map(({ Message: m }) => {
    const most = BigInt(m.GasFeeCap) - baseFee
    const premium = BigInt(m.GasPremium)
    const limit = BigInt(m.GasLimit)
    const reward = (most < premium ? most : premium) * limit
    return { From: m.From, Nonce: m.Nonce, GasReward: reward.toString(), GasPerf: Number(reward * BLOCK_GAS_LIMIT) / m.GasLimit }
  })
  out.answer(rows, () => {
    for (const { From, Nonce, GasReward, GasPerf } of rows) out.line(`${From}\t${Nonce}\t${GasReward}\t${GasPerf.toFixed(6)}`)
  })
}
