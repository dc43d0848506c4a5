/** Market*: an address's funds in the storage market (Lotus node/impl/market). */
import { optional } from '../../codec/combinators.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { tokenAmount } from '../../types/scalars.ts'
import { method, param } from '../method.ts'
import { nothing } from '../types/shape.ts'
import { addr, v0v1 } from './params.ts'

const main = { versions: v0v1, where: 'main', perm: 'sign' } as const
const wallet = param('wallet', address)
const amount = param('amount', tokenAmount)

export const marketAddBalance = method({
  ...main,
  name: 'Filecoin.MarketAddBalance',
  params: [wallet, addr, amount],
  result: cid,
  doc: "Sends funds of a wallet's address to the storage market, for the address given. The answer is the message's CID.",
})

export const marketGetReserved = method({
  ...main,
  name: 'Filecoin.MarketGetReserved',
  params: [addr],
  result: tokenAmount,
  doc: 'What is reserved of an address, attoFIL.',
})

export const marketReserveFunds = method({
  ...main,
  name: 'Filecoin.MarketReserveFunds',
  params: [wallet, addr, amount],
  result: optional(cid),
  doc: "Reserves funds of an address for deals, sending to the storage market what it lacks there. The answer is that message's CID, null where nothing lacked.",
})

export const marketReleaseFunds = method({
  ...main,
  name: 'Filecoin.MarketReleaseFunds',
  params: [addr, amount],
  result: nothing,
  doc: 'Ends the reservation of funds.',
})

export const marketWithdraw = method({
  ...main,
  name: 'Filecoin.MarketWithdraw',
  params: [wallet, addr, amount],
  result: optional(cid),
  doc: "Withdraws funds of an address from the storage market, of those that are neither locked nor reserved. The answer is the message's CID.",
})
