import { encode } from '../../../codec/codec.ts'
import { type BitField, bitfield } from '../../../types/bitfield.ts'
import { provingErrors } from '../../en-proving.ts'
import { usage } from '../../errors.ts'
import { epochDistance, epochTime, size } from '../../format.ts'
import { type MinerContext, minerActor } from '../../miner-actor.ts'
import { parseInteger } from '../../parse.ts'
import { tabbed } from '../../print.ts'
import { timeOf } from '../../tipset-ref.ts'
import type { DeadlineJson, NetworkParamsJson, TipsetJson } from '../../wire.ts'
import { allPartitions, type DeadlineStateJson, kinds, partitionsOf, provenPartitions } from './partitions.ts'

type Bool = { readonly kind: 'bool' }

/** How Go's tabwriter is set up by Lotus's commands about proving. */
export const tableLayout = { minWidth: 2, padding: 2 }

export async function info(context: MinerContext): Promise<void> {
  const { node, out } = context
  const miner = await minerActor(context)
  const head = await node.call<TipsetJson>('ChainHead')
  const deadline = await node.call<DeadlineJson>('StateMinerProvingDeadline', miner, head.Cids)
  const { BlockDelaySecs } = await node.call<NetworkParamsJson>('StateGetNetworkParams')
  const sum = { live: 0n, faulty: 0n, recovering: 0n, here: 0n }
  for (const { deadline: index, partitions } of await allPartitions(node, miner)) {
    for (const { Live, Faulty, Recovering } of partitions) {
      sum.live += Live.count
      sum.faulty += Faulty.count
      sum.recovering += Recovering.count
      if (index === deadline.Index) sum.here += Live.count
    }
  }
  if (out.wantsJson)
    return out.json({ Miner: miner, Live: sum.live, Faults: sum.faulty, Recovering: sum.recovering, Deadline: deadline })
  const period = deadline.WPoStProvingPeriod
  const known = { epoch: head.Height, unix: timeOf(head) }
  const time = (epoch: number): string => epochTime(epoch, known, BlockDelaySecs)
  const distance = (epoch: number): string => epochDistance(deadline.CurrentEpoch, epoch, BlockDelaySecs)
  // Whole percents, with the decimals that Lotus prints.
  const percent = sum.live > 0n ? (sum.faulty * 100n) / sum.live : 0n
  out.line(`Miner: ${out.paint('blue', miner)}`)
  out.line(`Current Epoch:           ${deadline.CurrentEpoch}`)
  out.line(`Proving Period Boundary: ${deadline.PeriodStart % period}`)
  out.line(`Proving Period Start:    ${time(deadline.PeriodStart)}`)
  out.line(`Next Period Start:       ${time(deadline.PeriodStart + period)}`)
  out.line()
  out.line(`Faults:      ${sum.faulty} (${percent}.00%)`)
  out.line(`Recovering:  ${sum.recovering}`)
  out.line(`Deadline Index:       ${deadline.Index}`)
  out.line(`Deadline Sectors:     ${sum.here}`)
  out.line(`Deadline Open:        ${distance(deadline.Open)}`)
  out.line(`Deadline Close:       ${distance(deadline.Close)}`)
  out.line(`Deadline Challenge:   ${distance(deadline.Challenge)}`)
  out.line(`Deadline FaultCutoff: ${distance(deadline.FaultCutoff)}`)
}

interface View {
  readonly miner: string
  readonly states: readonly DeadlineStateJson[]
  readonly current: DeadlineJson
  readonly openTime: (index: number) => string
}

async function load(context: MinerContext): Promise<View> {
  const { node } = context
  const miner = await minerActor(context)
  const states = await node.call<readonly DeadlineStateJson[]>('StateMinerDeadlines', miner, [])
  const current = await node.call<DeadlineJson>('StateMinerProvingDeadline', miner, [])
  const head = await node.call<TipsetJson>('ChainHead')
  const { BlockDelaySecs } = await node.call<NetworkParamsJson>('StateGetNetworkParams')
  const length = current.WPoStProvingPeriod / current.WPoStPeriodDeadlines
  const openTime = (index: number): string => {
    const open = current.Open + length * (index - current.Index)
    const time = new Date((timeOf(head) + (open - head.Height) * BlockDelaySecs) * 1000)
    return [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':')
  }
  return { miner, states, current, openTime }
}

interface DeadlineRow {
  readonly Deadline: number
  readonly Open: string
  readonly Partitions: number
  readonly Sectors: bigint
  readonly Faults: bigint
  readonly ProvenPartitions: bigint
  readonly Current: boolean
}

export async function deadlines(context: MinerContext<{ readonly all: Bool }>): Promise<void> {
  const { node, flags, out } = context
  const { miner, states, current, openTime } = await load(context)
  const found: DeadlineRow[] = []
  for (const [index, state] of states.entries()) {
    const partitions = await partitionsOf(node, miner, index)
    const counted = flags.all ? partitions : partitions.filter(({ Live }) => !Live.isEmpty)
    found.push({
      Deadline: index,
      Open: openTime(index),
      Partitions: counted.length,
      Sectors: counted.reduce((n, { All, Live }) => n + (flags.all ? All : Live).count, 0n),
      Faults: partitions.reduce((n, { Faulty }) => n + Faulty.count, 0n),
      ProvenPartitions: provenPartitions(state),
      Current: index === current.Index,
    })
  }
  out.answer({ Miner: miner, Deadlines: found }, () => {
    out.line(`Miner: ${out.paint('blue', miner)}`)
    const rows = found.map((d) => [
      ...[d.Deadline, d.Open, d.Partitions, `${d.Sectors} (${d.Faults})`, d.ProvenPartitions].map(String),
      ...(d.Current ? ['(current)'] : []),
    ])
    out.text(tabbed([['deadline', 'open', 'partitions', 'sectors (faults)', 'proven partitions'], ...rows], tableLayout))
  })
}

/** The index of a deadline on the command line. */
export function parseDeadline(text: string | undefined): number {
  return parseInteger(text ?? '', '<deadlineIdx>')
}

export async function deadline(context: MinerContext<{ readonly 'sector-nums': Bool; readonly bitfield: Bool }>): Promise<void> {
  const { node, args, flags, out } = context
  const index = parseDeadline(args[0])
  const { miner, states, current, openTime } = await load(context)
  const state = states[index]
  if (state === undefined) throw usage(provingErrors.noDeadline(index, states.length))
  const partitions = await partitionsOf(node, miner, index)
  if (out.wantsJson)
    return out.json({
      Deadline: index,
      Open: openTime(index),
      ProvenPartitions: provenPartitions(state),
      Current: current.Index === index,
      Partitions: partitions.map((p) => Object.fromEntries(kinds.map((kind) => [kind, [...p[kind]]]))),
    })
  out.line(`Deadline Index:           ${index}`)
  out.line(`Deadline Open:            ${openTime(index)}`)
  out.line(`Partitions:               ${partitions.length}`)
  out.line(`Proven Partitions:        ${provenPartitions(state)}`)
  out.line(`Current:                  ${current.Index === index}`)
  out.line()
  for (const [i, partition] of partitions.entries()) {
    out.line(`Partition Index:          ${i}`)
    for (const kind of kinds) {
      const field = partition[kind]
      const shape = flags.bitfield ? ` (${bitfieldShape(field)})` : ''
      out.line(`\t${kind} Sectors:${' '.repeat(18 - kind.length)}${field.count}${shape}`)
      if (flags['sector-nums']) out.line(`\t${kind} Sector Numbers:${' '.repeat(12 - kind.length)}[${[...field].join(' ')}]`)
    }
  }
}

/** What a bitfield is made of: runs, and bits in them, both unset and set. */
function bitfieldShape(field: BitField): string {
  let at = 0n
  const sum = { zeros: 0n, ones: 0n, zeroRuns: 0, oneRuns: 0 }
  for (const { start, length } of field.runs) {
    if (start > at) {
      sum.zeros += start - at
      sum.zeroRuns++
    }
    sum.ones += length
    sum.oneRuns++
    at = start + length
  }
  const bytes = encode(bitfield, field).length
  const runs = `${sum.zeroRuns}+${sum.oneRuns}=${sum.zeroRuns + sum.oneRuns}`
  return `bitfield - runs ${runs} - ${sum.zeros} 0s ${sum.ones} 1s - 0 inv - ${size(bytes)} ${bytes}B`
}

export async function faults(context: MinerContext): Promise<void> {
  const { node, out } = context
  const miner = await minerActor(context)
  const found: { Deadline: number; Partition: number; Sector: bigint }[] = []
  for (const { deadline, partitions } of await allPartitions(node, miner)) {
    for (const [partition, { Faulty }] of partitions.entries())
      for (const sector of Faulty) found.push({ Deadline: deadline, Partition: partition, Sector: sector })
  }
  out.answer({ Miner: miner, Faults: found }, () => {
    out.line(`Miner: ${out.paint('blue', miner)}`)
    const rows = found.map(({ Deadline, Partition, Sector }) => [Deadline, Partition, Sector].map(String))
    out.text(tabbed([['deadline', 'partition', 'sectors'], ...rows], tableLayout))
  })
}
