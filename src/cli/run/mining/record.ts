import type { Context } from '../../context.ts'
import { minerErrors, minerWords } from '../../en-miner.ts'
import { usage } from '../../errors.ts'
import { type MinerContext, minerActor } from '../../miner-actor.ts'
import { parseAddress, parseInteger } from '../../parse.ts'
import { table } from '../../print.ts'

interface AttemptJson {
  readonly Miner: string
  readonly Epoch: number
  readonly Outcome: string
  readonly Reason: string
  readonly BaseEpoch: number
  readonly NullRounds: number
  readonly WinCount: number
  readonly Late: boolean
  readonly Block: { readonly '/': string } | null
  readonly Messages: number
  readonly StagesMs: Readonly<Record<string, number>>
}
interface StateJson {
  readonly Miner: string
  readonly IsMining: boolean
  readonly LastEpoch: number
  readonly LastOutcome: string
  readonly LastReason: string
}
interface WinnersJson {
  readonly Miner: string
  readonly TotalWinCount: number
  readonly WinEpochs: readonly { readonly Epoch: number; readonly WinCount: number }[] | null
}

type RecordContext = MinerContext<{
  readonly epoch: { readonly kind: 'int' }
  readonly count: { readonly kind: 'int'; readonly default: number }
}>

/** What became of the last epochs, the newest first. */
export async function record(context: RecordContext): Promise<void> {
  const { miner: process, flags, out } = context
  const actor = await minerActor(context)
  const answer = await process.call<readonly AttemptJson[]>('MiningRecord', actor, flags.epoch ?? -1, flags.count)
  out.answer(answer, () => {
    const rows = answer.map((a) => ({
      Epoch: a.Epoch,
      Base: a.NullRounds === 0 ? a.BaseEpoch : `${a.BaseEpoch}+${a.NullRounds}`,
      Outcome: a.Late ? `${a.Outcome} (late)` : a.Outcome,
      Wins: a.WinCount === 0 ? '' : a.WinCount,
      Messages: a.Block === null ? '' : a.Messages,
      Stages: Object.entries(a.StagesMs)
        .filter(([, ms]) => ms >= 1)
        .map(([stage, ms]) => `${stage} ${Math.round(ms)} ms`)
        .join(', '),
      Block: a.Block?.['/'] ?? '',
      Reason: a.Reason,
    }))
    const columns = ['Epoch', 'Base', 'Outcome', 'Wins', 'Messages', 'Stages'].map((name) => ({ name }))
    out.text(table([...columns, { name: 'Block', ownLine: true }, { name: 'Reason', ownLine: true }], rows))
  })
}

/** Whether blocks are made, for each actor of the process. */
export async function states({ miner, out }: Context): Promise<void> {
  const answer = await miner.call<readonly StateJson[]>('MiningStates')
  out.answer(answer, () => {
    const rows = answer.map((s) => ({
      Miner: s.Miner,
      Mining: s.IsMining ? 'yes' : 'no',
      'Last Epoch': s.LastEpoch < 0 ? '' : s.LastEpoch,
      Outcome: s.LastOutcome,
      Reason: s.LastReason,
    }))
    const columns = ['Miner', 'Mining', 'Last Epoch', 'Outcome'].map((name) => ({ name }))
    out.text(table([...columns, { name: 'Reason', ownLine: true }], rows))
  })
}

export async function start({ miner, args, out }: Context): Promise<void> {
  const chosen = actors(args)
  await miner.call('MiningStart', chosen)
  out.answer(chosen, () => out.line(minerWords.miningStarted))
}

export async function stop({ miner, args, out }: Context): Promise<void> {
  const chosen = actors(args)
  await miner.call('MiningStop', chosen)
  out.answer(chosen, () => out.line(minerWords.miningStopped))
}

export async function warmUp(context: MinerContext): Promise<void> {
  const actor = await minerActor(context)
  const started = performance.now()
  await context.miner.call('MiningWarmup', actor)
  const ms = Math.round(performance.now() - started)
  context.out.answer({ Miner: actor, Ms: ms }, () => context.out.line(minerWords.warm(actor, ms)))
}

/** The epochs of a range that the draws win. */
export async function winners(context: MinerContext): Promise<void> {
  const { miner, args, out } = context
  const from = parseInteger(args[0] ?? '', '<from>', 1)
  const to = parseInteger(args[1] ?? '', '<to>', 1)
  if (to < from) throw usage(minerErrors.rangeOrder())
  const chosen = context.flags.actor === undefined ? [] : [await minerActor(context)]
  const answer = await miner.call<readonly WinnersJson[]>('MiningCountWinners', chosen, from, to)
  out.answer(answer, () => {
    for (const { Miner, TotalWinCount, WinEpochs } of answer) {
      const epochs = WinEpochs ?? []
      out.line(`${Miner}: ${TotalWinCount} wins in ${epochs.length} of ${to - from + 1} epochs`)
      for (const { Epoch, WinCount } of epochs) out.line(`  ${Epoch}  ${WinCount}`)
    }
  })
}

function actors(args: readonly string[]): string[] {
  return args.map((text) => parseAddress(text, '[miner]'))
}
