import type { Context } from '../../context.ts'
import { mpoolErrors } from '../../en-mpool.ts'
import { failed, usage } from '../../errors.ts'
import { parseAddress, parseCid, parseFil, parseInteger, shorten } from '../../parse.ts'
import type { ApiMessageJson, Link, MessageJson } from '../../wire.ts'
import { pendingMessages, type SignedJson } from './shared.ts'

type Text = { readonly kind: 'text' }
type ReplaceFlags = {
  readonly 'gas-feecap': Text
  readonly 'gas-premium': Text
  readonly 'gas-limit': { readonly kind: 'int' }
  readonly auto: { readonly kind: 'bool' }
  readonly 'fee-limit': Text
}

/** attoFIL; what a message may cost unless told otherwise (Lotus DefaultMaxFee). */
const DEFAULT_MAX_FEE = 70_000_000_000_000_000n

export async function replace(context: Context<ReplaceFlags>): Promise<void> {
  const { node, flags, out } = context
  checkFlags(context)
  const { from, nonce } = await target(context)
  const [found] = (await pendingMessages(node, { from })).filter((m) => m.Message.Nonce === nonce)
  if (found === undefined) throw failed(mpoolErrors.noPending(from, nonce))
  const message = flags.auto ? await repriced(context, found) : priced(context, found)
  const signed = await node.call<SignedJson>('WalletSignMessage', message.From, message)
  const cid = await node.call<Link>('MpoolPush', signed)
  out.answer({ Message: cid }, () => out.line(`new message cid:  ${cid['/']}`))
}

function checkFlags({ flags }: Context<ReplaceFlags>): void {
  if (flags.auto) {
    for (const name of ['gas-feecap', 'gas-premium', 'gas-limit'] as const)
      if (flags[name] !== undefined) throw usage(mpoolErrors.replaceAuto(name))
    return
  }
  if (flags['fee-limit'] !== undefined) throw usage(mpoolErrors.feeLimitAuto())
  if (flags['gas-feecap'] === undefined || flags['gas-premium'] === undefined) throw usage(mpoolErrors.replaceFees())
}

async function target({ node, args }: Context<ReplaceFlags>): Promise<{ from: string; nonce: number }> {
  const [first = '', second] = args
  if (second !== undefined) return { from: parseAddress(first, '<from>'), nonce: parseInteger(second, '<nonce>') }
  const message = await node.call<MessageJson | ApiMessageJson['Message']>('ChainGetMessage', parseCid(first, '<message-cid>'))
  return { from: message.From, nonce: message.Nonce }
}

/** A whole number of attoFIL as the API writes it. */
export function parseAtto(text: string, name: string): string {
  if (!/^\d{1,40}$/.test(text)) throw usage(mpoolErrors.notAmount(name, shorten(text)))
  return BigInt(text).toString()
}

function priced({ flags }: Context<ReplaceFlags>, { Message }: SignedJson): SignedJson['Message'] {
  return {
    ...Message,
    GasLimit: flags['gas-limit'] ?? Message.GasLimit,
    GasFeeCap: parseAtto(flags['gas-feecap'] ?? '', '--gas-feecap'),
    GasPremium: parseAtto(flags['gas-premium'] ?? '', '--gas-premium'),
  }
}

/** Fee cap and premium by the estimate, at least as high as a replacement needs (Lotus cli/mpool.go). */
async function repriced({ node, flags }: Context<ReplaceFlags>, { Message }: SignedJson): Promise<SignedJson['Message']> {
  const { ReplaceByFeeRatio } = await node.call<{ readonly ReplaceByFeeRatio: number }>('MpoolGetConfig')
  const least = (BigInt(Message.GasPremium) * BigInt(Math.round(ReplaceByFeeRatio * 100))) / 100n + 1n
  const maxFee = flags['fee-limit'] === undefined ? undefined : parseFil(flags['fee-limit'], '--fee-limit')
  const spec = maxFee === undefined ? null : { MaxFee: maxFee, MaximizeFeeCap: false }
  const unpriced = { ...Message, GasFeeCap: '0', GasPremium: '0' }
  const estimate = await node.call<SignedJson['Message']>('GasEstimateMessageGas', unpriced, spec, [])
  const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
  const premium = larger(BigInt(estimate.GasPremium), least)
  let feeCap = larger(BigInt(estimate.GasFeeCap), premium)
  const limit = BigInt(Message.GasLimit)
  const most = maxFee === undefined || maxFee === '0' ? DEFAULT_MAX_FEE : BigInt(maxFee)
  if (feeCap * limit > most) feeCap = most / limit
  return { ...Message, GasFeeCap: feeCap.toString(), GasPremium: (premium < feeCap ? premium : feeCap).toString() }
}
