import type { Context } from '../../context.ts'
import { fil } from '../../format.ts'

/** For inclusion within so many blocks; the gas and the sender are those that Lotus asks with (cli/chain.go). */
const BLOCKS = [1, 2, 3, 5, 10, 20, 50, 100, 300] as const
const GAS_LIMIT = 10_000
const SENDER = 'f00'

export async function gasPrice({ node, out }: Context): Promise<void> {
  const premiums: { Blocks: number; GasPremium: string }[] = []
  for (const blocks of BLOCKS)
    premiums.push({ Blocks: blocks, GasPremium: await node.call<string>('GasEstimateGasPremium', blocks, SENDER, GAS_LIMIT, []) })
  out.answer(premiums, () => {
    for (const { Blocks, GasPremium } of premiums) out.line(`${Blocks} blocks: ${GasPremium} (${fil(GasPremium)})`)
  })
}
