import { frc42Number } from '../../../actors/methods/frc42.ts'
import { settleReturn } from '../../../actors/methods/market.ts'
import { RpcCode } from '../../../api/errors.ts'
import { decode, encode } from '../../../codec/codec.ts'
import { BitField, bitfield } from '../../../types/bitfield.ts'
import { actorErrors, actorWords } from '../../en-actor.ts'
import { CliError, failed, usage } from '../../errors.ts'
import { fil } from '../../format.ts'
import { minerDeals } from '../../market-deals.ts'
import { type MinerContext, minerActor, minerInfo, waitExecuted } from '../../miner-actor.ts'
import { parseAddress, shorten } from '../../parse.ts'
import type { Link, TipsetJson } from '../../wire.ts'

const MARKET = 'f05'
const METHOD_SETTLE_DEALS = Number(frc42Number('SettleDealPayments'))
/** Gas of a block (Lotus buildconstants.BlockGasLimit). */
const BLOCK_GAS_LIMIT = 10_000_000_000
/** Deals that one call may name: a range that is mistyped must not fill the memory. */
const MAX_DEALS = 1_000_000

type Int = { readonly kind: 'int'; readonly default: number }
type Bool = { readonly kind: 'bool' }
export interface SettleFlags {
  readonly [name: string]: Int | Bool | { readonly kind: 'text' }
  readonly confidence: Int
  readonly from: { readonly kind: 'text' }
  readonly 'max-deals': Int
  readonly 'max-gas-fraction': Int
  readonly 'skip-wait-msg': Bool
  readonly 'all-deals': Bool
  readonly 'really-do-it': Bool
}
type SettleContext = MinerContext<SettleFlags>

/** Settles payments of deals, in messages that are no larger than a share of a block (Lotus ActorDealSettlementCmd). */
export async function settleDeals(context: SettleContext): Promise<void> {
  const { node, flags, out } = context
  const given = context.args.length === 0 ? undefined : parseDeals(context.args)
  const from = flags.from === undefined ? undefined : parseAddress(flags.from, '--from')
  const actor = await minerActor(context)
  const sender = from ?? (await minerInfo(context, actor)).Worker
  const deals = (given ?? (await ownDeals(context, actor))).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const ceiling = Math.floor(BLOCK_GAS_LIMIT / (flags['max-gas-fraction'] || 4))
  const { batches, heavy } = await split(context, sender, deals, ceiling)
  if (!out.wantsJson) {
    out.line(
      actorWords.settling(
        deals.length,
        batches.map((b) => b.length),
      ),
    )
    for (const [deal, gas] of heavy) out.line(actorWords.heavyDeal(deal, gas, ceiling))
  }
  if (!flags['really-do-it']) throw failed('pass --really-do-it to confirm this action')
  if (batches.length === 0) return out.answer([], () => {})
  const messages = batches.map((batch) => messageFor(sender, batch))
  const sent = await node.call<readonly { readonly CID: Link }[]>('MpoolBatchPushMessage', messages, null)
  if (flags['skip-wait-msg'])
    return out.answer(
      sent.map((m) => m.CID),
      () => out.line(actorWords.notWaiting),
    )
  const results: unknown[] = []
  for (const { CID } of sent) {
    if (!out.wantsJson) {
      out.line(`Requested deal settlement in message: ${CID['/']}`)
      out.line('waiting for it to be included in a block..')
    }
  }
  for (const { CID } of sent) {
    const { Receipt } = await waitExecuted(context, CID, flags.confidence)
    const { results: outcome, settlements } = decode(settleReturn, Buffer.from(Receipt.Return ?? '', 'base64'))
    const total = settlements.reduce((sum, s) => sum + s.payment, 0n)
    const completed = settlements.filter((s) => s.completed).length
    results.push({ Message: CID, Settled: Number(outcome.successCount), Payment: total.toString(), Completed: completed })
    if (out.wantsJson) continue
    out.line(`Message CID: ${CID['/']}`)
    out.line(`Settled ${outcome.successCount} out of ${deals.length} deals`)
    out.line(`Total payment: ${fil(total)}`)
    out.line(`Total number of deals finished their lifetime: ${completed}`)
  }
  if (out.wantsJson) out.json(results)
}

function messageFor(from: string, deals: readonly bigint[]) {
  return {
    Version: 0,
    To: MARKET,
    From: from,
    Nonce: 0,
    Value: '0',
    GasLimit: 0,
    GasFeeCap: '0',
    GasPremium: '0',
    Method: METHOD_SETTLE_DEALS,
    Params: Buffer.from(encode(bitfield, BitField.of(deals))).toString('base64'),
  }
}

/** Numbers and ranges, `123 125-200`. */
function parseDeals(args: readonly string[]): bigint[] {
  const out: bigint[] = []
  for (const text of args) {
    const match = /^(\d{1,19})(?:-(\d{1,19}))?$/.exec(text.replaceAll(' ', ''))
    if (match === null) throw usage(actorErrors.notDeals(shorten(text)))
    const first = BigInt(match[1] ?? '')
    const last = BigInt(match[2] ?? first)
    if (first > last) throw usage(actorErrors.rangeBackwards(text))
    if (last - first >= BigInt(MAX_DEALS - out.length)) throw usage(actorErrors.tooManyDeals(MAX_DEALS))
    for (let id = first; id <= last; id++) out.push(id)
  }
  return out
}

/** The deals of the miner's sectors that have ended, or all of them. */
async function ownDeals(context: SettleContext, actor: string): Promise<bigint[]> {
  const { node, flags } = context
  const head = await node.call<TipsetJson>('ChainHead')
  const out: bigint[] = []
  for (const deal of await minerDeals(node, actor)) {
    try {
      const { Proposal } = await node.call<{ Proposal: { EndEpoch: number } }>('StateMarketStorageDeal', Number(deal), [])
      if (flags['all-deals'] || Proposal.EndEpoch < head.Height) out.push(deal)
    } catch (error) {
      // One that was settled for good in the meantime.
      if (!(error instanceof CliError) || error.code !== 'CLI_RPC') throw error
    }
  }
  return out
}

/** Batches of at most `--max-deals`, halved until each is below the ceiling of gas, or a single deal. */
async function split(
  context: SettleContext,
  from: string,
  deals: readonly bigint[],
  ceiling: number,
): Promise<{ readonly batches: (readonly bigint[])[]; readonly heavy: (readonly [deal: bigint, gas: number])[] }> {
  const batches: (readonly bigint[])[] = []
  const heavy: (readonly [bigint, number])[] = []
  const take = async (batch: readonly bigint[]): Promise<void> => {
    const gas = await gasOf(context, from, batch, ceiling)
    if (gas > ceiling && batch.length > 1) {
      const middle = batch.length >> 1
      await take(batch.slice(0, middle))
      return take(batch.slice(middle))
    }
    if (gas > ceiling) heavy.push([batch[0] as bigint, gas])
    batches.push(batch)
  }
  const most = Math.max(1, context.flags['max-deals'])
  for (let i = 0; i < deals.length; i += most) await take(deals.slice(i, i + most))
  return { batches, heavy }
}

async function gasOf(context: SettleContext, from: string, batch: readonly bigint[], ceiling: number): Promise<number> {
  try {
    const message = messageFor(from, batch)
    return (await context.node.call<{ GasLimit: number }>('GasEstimateMessageGas', message, null, [])).GasLimit
  } catch (error) {
    if (!(error instanceof CliError) || error.rpcCode !== RpcCode.outOfGas) throw error
    if (batch.length === 1) throw failed(actorErrors.dealTooHeavy(batch[0] as bigint))
    return ceiling + 1
  }
}
