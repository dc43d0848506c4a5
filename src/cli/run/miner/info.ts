import { hasBeneficiary, printBeneficiary } from '../../beneficiary.ts'
import { deci, fil, filShort, goDuration, percent, size } from '../../format.ts'
import { type MinerContext, minerActor } from '../../miner-actor.ts'
import type { NodeApi } from '../../node-api.ts'
import type { Output } from '../../print.ts'
import { timeOf } from '../../tipset-ref.ts'
import type { BlockJson, MinerInfoJson, MinerPowerJson, NetworkParamsJson, TipsetJson } from '../../wire.ts'
import { baseFee, syncState } from '../info.ts'
import { printAlerts, printSectors, printWorkers, processParts } from './info-parts.ts'

type InfoContext = MinerContext<{
  readonly blocks: { readonly kind: 'int' }
  readonly 'hide-sectors-info': { readonly kind: 'bool' }
}>

interface SectorCountJson {
  readonly Live: number
  readonly Active: number
  readonly Faulty: number
}
interface MinerStateJson {
  readonly Balance: string
  readonly State: {
    readonly PreCommitDeposits: string
    readonly InitialPledge: string
    readonly LockedFunds: string
    readonly FeeDebt: string
  }
}
interface MarketBalanceJson {
  readonly Escrow: string
  readonly Locked: string
}

/** Blocks that win in an epoch on average, over the whole network. */
const BLOCKS_PER_EPOCH = 5
/** Certainty for which the time to the next win is told. */
const CERTAINTY = 0.999

/** An overview of a miner (Lotus cli/miner/info.go). */
export async function info(context: InfoContext): Promise<void> {
  const { node, miner: process, flags, out } = context
  const own = flags.actor === undefined
  const miner = await minerActor(context)
  const head = await node.call<TipsetJson>('ChainHead')
  const { BlockDelaySecs } = await node.call<NetworkParamsJson>('StateGetNetworkParams')
  const about = await node.call<MinerInfoJson>('StateMinerInfo', miner, [])
  const power = await node.call<MinerPowerJson>('StateMinerPower', miner, [])
  const counts = await node.call<SectorCountJson>('StateMinerSectorCount', miner, [])
  const balances = await loadBalances(node, miner, about)
  const parts = own ? await processParts(process, !flags['hide-sectors-info']) : undefined
  if (out.wantsJson) {
    const { alerts = [], summary = {}, workers = {}, mining = [] } = parts ?? {}
    const more = { Alerts: alerts, SectorStates: summary, Workers: workers }
    out.json({ Miner: miner, Info: about, Power: power, Sectors: counts, Balances: balances, Mining: mining, ...more })
    return
  }
  if (own) {
    out.line(`Enabled subsystems: [${(await process.call<readonly string[]>('RuntimeSubsystems')).join(' ')}]`)
    const start = new Date(await process.call<string>('StartTime'))
    out.line(`StartTime: ${goDuration((Date.now() - start.getTime()) / 1000)} (started at ${start.toISOString()})`)
  }
  out.line(`Chain: ${await syncState(node, head, BlockDelaySecs, out)} [basefee ${baseFee(head, out)}]`)
  if (parts !== undefined) printAlerts(out, parts.alerts)
  out.line()
  printPower(out, miner, about, power, counts, BlockDelaySecs)
  out.line()
  printBalances(out, balances)
  if (hasBeneficiary(about)) out.line()
  printBeneficiary(out, about)
  out.line()
  if (parts !== undefined) {
    printSectors(out, parts.summary)
    printWorkers(out, parts.workers)
  }
  if (flags.blocks !== undefined) await printBlocks(node, out, miner, head, flags.blocks)
}

function printPower(
  out: Output,
  miner: string,
  { SectorSize }: MinerInfoJson,
  { MinerPower: own, TotalPower: total, HasMinPower }: MinerPowerJson,
  { Live, Active, Faulty }: SectorCountJson,
  blockDelay: number,
): void {
  const bytes = (sectors: number): string => size(BigInt(sectors) * BigInt(SectorSize))
  const share = (part: string, whole: string): string => (whole === '0' ? '0.0000' : percent(BigInt(part), BigInt(whole), 4))
  out.line(`Miner: ${out.paint('blue', miner)} (${size(SectorSize)} sectors)`)
  const adjusted = `${out.paint('green', deci(own.QualityAdjPower))} / ${deci(total.QualityAdjPower)}`
  out.line(`Power: ${adjusted} (${share(own.QualityAdjPower, total.QualityAdjPower)}%)`)
  const raw = `${out.paint('blue', size(own.RawBytePower))} / ${size(total.RawBytePower)}`
  out.line(`\tRaw: ${raw} (${share(own.RawBytePower, total.RawBytePower)}%)`)
  out.line(`\tCommitted: ${bytes(Live)}`)
  const faulty = Faulty === 0 ? '' : ` (${out.paint('red', bytes(Faulty))} Faulty, ${((100 * Faulty) / Live).toFixed(2)}%)`
  out.line(`\tProving: ${bytes(Active + Faulty)}${faulty}`)
  if (!HasMinPower) {
    out.line('Below minimum power threshold, no blocks will be won')
    return
  }
  // At least one win in an epoch, of a Poisson distribution.
  const rate = 1 - Math.exp((-BLOCKS_PER_EPOCH * Number(own.QualityAdjPower)) / Number(total.QualityAdjPower))
  if (!(rate > 0)) return
  const week = (rate * 7 * 86_400) / blockDelay
  out.line(
    `Projected average block win rate: ${out.paint('blue', `${week.toFixed(2)}/week (every ${goDuration(blockDelay / rate)})`)}`,
  )
  const epochs = rate < 1 ? Math.log(1 - CERTAINTY) / Math.log(1 - rate) : 1
  const every = out.paint('green', `99.9% probability every ${goDuration(blockDelay * epochs)}`)
  out.line(`Projected block win with ${every}`)
  out.line('(projections DO NOT account for future network and miner growth)')
}

interface Balances {
  readonly Miner: string
  readonly PreCommit: string
  readonly Pledge: string
  readonly Vesting: string
  readonly Available: string
  readonly MarketEscrow: string
  readonly MarketLocked: string
  readonly Worker: string
  readonly Control: string | undefined
}

async function loadBalances(node: NodeApi, miner: string, about: MinerInfoJson): Promise<Balances> {
  const { Balance, State } = await node.call<MinerStateJson>('StateReadState', miner, [])
  const market = await node.call<MarketBalanceJson>('StateMarketBalance', miner, [])
  const used = [State.PreCommitDeposits, State.InitialPledge, State.LockedFunds, State.FeeDebt].map(BigInt)
  const control = about.ControlAddresses ?? []
  let sum = 0n
  for (const address of control) sum += BigInt(await node.call<string>('WalletBalance', address))
  return {
    Miner: Balance,
    PreCommit: State.PreCommitDeposits,
    Pledge: State.InitialPledge,
    Vesting: State.LockedFunds,
    Available: used.reduce((left, part) => left - part, BigInt(Balance)).toString(),
    MarketEscrow: market.Escrow,
    MarketLocked: market.Locked,
    Worker: await node.call<string>('WalletBalance', about.Worker),
    Control: control.length === 0 ? undefined : sum.toString(),
  }
}

function printBalances(out: Output, b: Balances): void {
  const amount = (value: bigint): string => out.paint(value > 0n ? 'green' : value < 0n ? 'red' : 'yellow', filShort(value))
  const market = BigInt(b.MarketEscrow) - BigInt(b.MarketLocked)
  const available = BigInt(b.Available)
  out.line(`Miner Balance:    ${out.paint('yellow', filShort(b.Miner))}`)
  out.line(`      PreCommit:  ${filShort(b.PreCommit)}`)
  out.line(`      Pledge:     ${filShort(b.Pledge)}`)
  out.line(`      Vesting:    ${filShort(b.Vesting)}`)
  out.line(`      Available:  ${amount(available)}`)
  out.line(`Market Balance:   ${filShort(b.MarketEscrow)}`)
  out.line(`       Locked:    ${filShort(b.MarketLocked)}`)
  out.line(`       Available: ${amount(market)}`)
  out.line(`Worker Balance:   ${filShort(b.Worker)}`)
  if (b.Control !== undefined) out.line(`       Control:   ${filShort(b.Control)}`)
  const spendable = (available > 0n ? available : 0n) + market + BigInt(b.Worker) + BigInt(b.Control ?? 0)
  out.line(`Total Spendable:  ${amount(spendable)}`)
}

/** The newest blocks of a miner, found by walking back. */
async function printBlocks(node: NodeApi, out: Output, miner: string, head: TipsetJson, count: number): Promise<void> {
  out.line('Produced newest blocks:')
  out.line(' Epoch   | Time                      | Block ID                                                       | Reward')
  let left = count
  for (let at = head; left > 0 && at.Height > 0; ) {
    for (const [i, block] of at.Blocks.entries()) {
      if (left === 0 || block.Miner !== miner) continue
      left--
      const epoch = String(at.Height).padStart(8)
      out.line(`${epoch} | ${localTime(block.Timestamp)} | ${at.Cids[i]?.['/']} | ${fil(await rewardOf(node, block, at))}`)
    }
    at = await node.call<TipsetJson>('ChainGetTipSet', at.Blocks[0]?.Parents)
  }
  if (left === count) out.line(`  none in ${goDuration(Date.now() / 1000 - timeOf(head))}`)
}

/** `2006-01-02 15:04:05 -0700`, in this machine's zone. */
function localTime(unix: number): string {
  const date = new Date(unix * 1000)
  const two = (n: number): string => String(n).padStart(2, '0')
  const offset = -date.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`
}

async function rewardOf(
  node: NodeApi,
  block: BlockJson & { readonly ElectionProof?: { readonly WinCount: number } },
  at: TipsetJson,
): Promise<bigint> {
  const reward = await node.call<{ readonly State: { readonly ThisEpochReward: string } }>('StateReadState', 'f02', at.Cids)
  return (BigInt(reward.State.ThisEpochReward) * BigInt(block.ElectionProof?.WinCount ?? 0)) / BigInt(BLOCKS_PER_EPOCH)
}
