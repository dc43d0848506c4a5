import type { AnyMethod } from '../api/method.ts'
import * as m from '../api/methods/market.ts'
import { stateMarketBalance } from '../api/methods/state-market.ts'
import { encode, fromJson } from '../codec/codec.ts'
import { tuple } from '../codec/combinators.ts'
import { parseJson } from '../codec/json.ts'
import { NodeError } from '../lib/errors.ts'
import type { MessageSigner } from '../mpool/message-signer.ts'
import { messageConfidence } from '../networks/constants.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import { NO_LIMIT } from '../state/message-search.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { MetadataStore } from '../store/metadata.ts'
import { Address, address } from '../types/address.ts'
import type { CID } from '../types/cid.ts'
import { signedMessageCid } from '../types/message.ts'
import { type TokenAmount, tokenAmount } from '../types/scalars.ts'
import type { ChainPool } from './chain-pool.ts'
import { FundManager } from './fund-manager.ts'
import { waitForMessage } from './wait-message.ts'

const MARKET_ACTOR = Address.fromId(5n)
const ADD_BALANCE = 2n
const WITHDRAW_BALANCE = 3n
const withdrawParams = tuple('WithdrawBalanceParams', { addr: address, amount: tokenAmount })

export interface MarketComponents {
  readonly chain: ChainStore
  readonly metadata: MetadataStore
  readonly workers: Pick<ChainPool, 'call' | 'findMessage'>
  readonly signer: MessageSigner
  readonly addressPrefix: 'f' | 't'
}

type Send = (wallet: Address, value: TokenAmount, method: bigint, params: Uint8Array) => Promise<CID>

function sender(signer: MessageSigner): Send {
  return async (from, value, method, params) => {
    const gas = { gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n }
    return signedMessageCid(
      await signer.send({ version: 0n, to: MARKET_ACTOR, from, nonce: 0n, value, ...gas, method, params }, null),
    )
  }
}

/** The manager of funds in the market, on this node's own chain and wallet. */
export function makeFundManager(c: MarketComponents): FundManager {
  const { chain, metadata, workers, signer, addressPrefix } = c
  const send = sender(signer)
  return new FundManager(
    {
      metadata,
      async available(addr) {
        const signal = new AbortController().signal
        const text = await workers.call(stateMarketBalance.id, [addr.toString(addressPrefix), []], { signal })
        const { escrow, locked } = fromJson(stateMarketBalance.result, parseJson(text))
        return escrow - locked
      },
      add: (wallet, addr, amount) => send(wallet, amount, ADD_BALANCE, encode(address, addr)),
      withdraw: (wallet, addr, amount) => send(wallet, 0n, WITHDRAW_BALANCE, encode(withdrawParams, { addr, amount })),
      wait: (cid, signal) =>
        waitForMessage(
          { chain, search: (s, inner) => workers.findMessage(s, inner) },
          { cid, confidence: messageConfidence, limit: NO_LIMIT, allowReplaced: true },
          signal,
        ),
    },
    { addressPrefix },
  )
}

/** Methods about funds in the storage market; without a chain there is none. */
export function marketHandlers(
  market: { readonly funds: FundManager; readonly signer: MessageSigner } | undefined,
): readonly BoundHandler[] {
  if (market === undefined) return refusals()
  const { funds } = market
  const send = sender(market.signer)
  return [
    bind(m.marketAddBalance, ([wallet, addr, amount]) => send(wallet, amount, ADD_BALANCE, encode(address, addr))),
    bind(m.marketGetReserved, ([addr]) => funds.reserved(addr)),
    bind(m.marketReserveFunds, ([wallet, addr, amount]) => funds.reserve(wallet, addr, amount)),
    bind(m.marketReleaseFunds, ([addr, amount]) => funds.release(addr, amount)),
    bind(m.marketWithdraw, ([wallet, addr, amount]) => funds.withdraw(wallet, addr, amount)),
  ]
}

function refusals(): readonly BoundHandler[] {
  return (Object.values(m) as readonly AnyMethod[]).map((def) =>
    bind(def, () => {
      throw new NodeError(
        'NODE_NO_CHAIN',
        'there is no chain yet whose market could hold funds: import a snapshot or give a genesis',
      )
    }),
  )
}
