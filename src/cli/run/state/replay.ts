import type { Context } from '../../context.ts'
import { parseCid } from '../../parse.ts'
import type { InvocResultJson } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'
import { hex, printCall, printSubcalls } from './trace.ts'

type ReplayFlags = TipsetFlag & {
  readonly 'show-trace': { readonly kind: 'bool' }
  readonly 'detailed-gas': { readonly kind: 'bool' }
}

export async function replay({ node, args, flags, out }: Context<ReplayFlags>): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<messageCid>')
  const result = await node.call<InvocResultJson>('StateReplay', [], cid)
  if (out.wantsJson) return out.json(result)
  const { Msg, MsgRct, GasCost } = result
  out.line('Replay receipt:')
  out.line(`Exit code: ${MsgRct.ExitCode}`)
  out.line(`Return: ${hex(MsgRct.Return)}`)
  out.line(`Gas Used: ${MsgRct.GasUsed}`)
  if (flags['detailed-gas']) {
    out.line(`Base Fee Burn: ${GasCost.BaseFeeBurn}`)
    // Lotus's spelling: scripts look for it.
    out.line(`Overestimaton Burn: ${GasCost.OverEstimationBurn}`)
    out.line(`Miner Penalty: ${GasCost.MinerPenalty}`)
    out.line(`Miner Tip: ${GasCost.MinerTip}`)
    out.line(`Refund: ${GasCost.Refund}`)
  }
  out.line(`Total Message Cost: ${GasCost.TotalCost}`)
  if (MsgRct.ExitCode !== 0) out.line(`Error message: ${JSON.stringify(result.Error)}`)
  if (flags['show-trace']) {
    printCall(out, '', Msg, MsgRct)
    printSubcalls(out, '\t', result.ExecutionTrace.Subcalls)
  }
}
