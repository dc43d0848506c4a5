import type { Context } from '../../context.ts'
import { fil, percent, stamp } from '../../format.ts'
import type { NodeApi } from '../../node-api.ts'
import { goJson, type Output } from '../../print.ts'
import { firstBlock, timeOf } from '../../tipset-ref.ts'
import type { ApiMessageJson, BlockMessagesJson, ReceiptJson, TipsetJson } from '../../wire.ts'

/** Gas that the messages of one block may ask for together (Lotus buildconstants.BlockGasLimit). */
const BLOCK_GAS_LIMIT = 10_000_000_000n

type ListFlags = {
  readonly height: { readonly kind: 'int' }
  readonly count: { readonly kind: 'int'; readonly default: 30 }
  readonly format: { readonly kind: 'text'; readonly default: string }
  readonly 'gas-stats': { readonly kind: 'bool' }
}

export async function list({ node, flags, out }: Context<ListFlags>): Promise<void> {
  if (flags.count < 1) return out.answer([], () => {})
  const tipsets: TipsetJson[] = []
  let next: TipsetJson =
    flags.height === undefined
      ? await node.call<TipsetJson>('ChainHead')
      : await node.call<TipsetJson>('ChainGetTipSetByHeight', flags.height, [])
  tipsets.push(next)
  while (tipsets.length < flags.count && next.Height > 0) {
    next = await node.call<TipsetJson>('ChainGetTipSet', firstBlock(next).Parents)
    tipsets.push(next)
  }
  tipsets.reverse()
  if (flags['gas-stats'] && !out.wantsJson) return gasStats(node, tipsets, out)
  out.answer(tipsets, () => {
    for (const tipset of tipsets) out.line(formatted(flags.format, tipset))
  })
}

/** A line for a tipset; the placeholders are Lotus's. */
export function formatted(format: string, tipset: TipsetJson): string {
  const blocks = tipset.Blocks.map(({ Miner }, i) => `${tipset.Cids[i]?.['/']}: ${Miner},`).join('')
  const values: Readonly<Record<string, () => string>> = {
    epoch: () => String(tipset.Height),
    height: () => String(tipset.Height),
    time: () => stamp(timeOf(tipset)),
    blocks: () => `[ ${blocks} ]`,
    weight: () => firstBlock(tipset).ParentWeight,
    tipset: () => tipset.Cids.map((cid) => cid['/']).join(','),
    json_tipset: () => goJson(tipset, 0),
  }
  return format.replace(/<(\w+)>/g, (whole, name: string) => values[name]?.() ?? whole)
}

async function gasStats(node: NodeApi, tipsets: readonly TipsetJson[], out: Output): Promise<void> {
  for (const [i, tipset] of tipsets.entries()) {
    const fee = BigInt(firstBlock(tipset).ParentBaseFee)
    out.line(`${tipset.Height}: ${tipset.Blocks.length} blocks (baseFee: ${fee} -> maxFee: ${fil(fee * BLOCK_GAS_LIMIT)})`)
    for (const [b, { Miner }] of tipset.Blocks.entries()) {
      const { BlsMessages, SecpkMessages } = await node.call<BlockMessagesJson>('ChainGetBlockMessages', tipset.Cids[b])
      const messages = [...(BlsMessages ?? []), ...(SecpkMessages ?? []).map(({ Message }) => Message)]
      const limit = sum(messages.map(({ GasLimit }) => GasLimit))
      const premiums = sum(messages.map(({ GasPremium }) => GasPremium))
      const average = messages.length === 0 ? 0n : premiums / BigInt(messages.length)
      out.line(
        `\t${Miner}: \t${messages.length} msgs, gasLimit: ${limit} / ${BLOCK_GAS_LIMIT} (${percent(limit, BLOCK_GAS_LIMIT, 2)}%), avgPremium: ${average}`,
      )
    }
    const child = tipsets[i + 1]?.Cids[0]
    if (child !== undefined) {
      const messages = (await node.call<readonly ApiMessageJson[] | null>('ChainGetParentMessages', child)) ?? []
      const receipts = (await node.call<readonly ReceiptJson[] | null>('ChainGetParentReceipts', child)) ?? []
      const limit = sum(messages.map(({ Message }) => Message.GasLimit))
      const used = sum(receipts.map(({ GasUsed }) => GasUsed))
      out.line(
        `\ttipset: \t${messages.length} msgs, ${used} (${percent(used, limit, 2)}%) / ${limit} (${percent(limit, BLOCK_GAS_LIMIT, 2)}%)`,
      )
    }
    out.line()
  }
}

function sum(values: readonly (number | bigint | string)[]): bigint {
  return values.reduce<bigint>((total, value) => total + BigInt(value), 0n)
}
