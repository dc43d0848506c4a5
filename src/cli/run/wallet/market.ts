import { decode } from '../../../codec/codec.ts'
import { tokenAmount } from '../../../types/scalars.ts'
import type { Context } from '../../context.ts'
import { walletErrors } from '../../en-wallet.ts'
import { failed, usage } from '../../errors.ts'
import { fil } from '../../format.ts'
import { waitExecuted } from '../../miner-actor.ts'
import { parseAddress, parseFil } from '../../parse.ts'
import type { Link } from '../../wire.ts'

type Text = { readonly kind: 'text' }

async function wallet({ node }: Context, given: string | undefined, flag: string): Promise<string> {
  return given === undefined ? node.call<string>('WalletDefaultAddress') : parseAddress(given, flag)
}

export async function add(context: Context<{ readonly from: Text; readonly address: Text }>): Promise<void> {
  const { node, args, flags, out } = context
  const amount = positive(parseFil(args[0] ?? '', '<amount>'))
  const from = await wallet(context, flags.from, '--from')
  const address = flags.address === undefined ? from : parseAddress(flags.address, '--address')
  if (!out.wantsJson) out.line(`Submitting Add Balance message for amount ${fil(amount)} for address ${address}`)
  const message = await node.call<Link>('MarketAddBalance', from, address, amount.toString())
  out.answer({ Message: message }, () => out.line(`AddBalance message cid: ${message['/']}`))
}

export async function withdraw(
  context: Context<{
    readonly wallet: Text
    readonly address: Text
    readonly confidence: { readonly kind: 'int'; readonly default: number }
  }>,
): Promise<void> {
  const { node, args, flags, out } = context
  const asked = args[0] === undefined ? undefined : positive(parseFil(args[0], '[amount]'))
  const to = await wallet(context, flags.wallet, '--wallet')
  const address = flags.address === undefined ? to : parseAddress(flags.address, '--address')
  const { Escrow, Locked } = await node.call<{ Escrow: string; Locked: string }>('StateMarketBalance', address, [])
  const reserved = await node.call<string>('MarketGetReserved', address)
  const available = BigInt(Escrow) - BigInt(Locked) - BigInt(reserved)
  const parts = { available: fil(available), escrow: fil(Escrow), locked: fil(Locked), reserved: fil(reserved) }
  if (available <= 0n) throw failed(walletErrors.nothingToWithdraw(parts))
  const amount = asked ?? available
  if (amount > available) throw failed(walletErrors.tooMuchToWithdraw(fil(amount), parts))
  if (!out.wantsJson) out.line(`Submitting WithdrawBalance message for amount ${fil(amount)} for address ${to}`)
  const message = await node.call<Link>('MarketWithdraw', to, address, amount.toString())
  if (!out.wantsJson) out.line(`WithdrawBalance message cid: ${message['/']}`)
  const { Receipt } = await waitExecuted(context, message, flags.confidence)
  const withdrawn = decode(tokenAmount, Buffer.from(Receipt.Return ?? '', 'base64'))
  out.answer({ Message: message, Withdrawn: withdrawn.toString() }, () => {
    out.line(`Successfully withdrew ${fil(withdrawn)} `)
    if (withdrawn < amount) out.line(`Note that this is less than the requested amount of ${fil(amount)} `)
  })
}

function positive(atto: string): bigint {
  const amount = BigInt(atto)
  if (amount <= 0n) throw usage(walletErrors.notPositive())
  return amount
}
