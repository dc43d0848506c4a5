import type { AnyMethod } from '../api/method.ts'
import * as g from '../api/methods/gas.ts'
import * as m from '../api/methods/mpool.ts'
import { NodeError } from '../lib/errors.ts'
import { MessageChecker } from '../mpool/check-messages.ts'
import { MpoolError } from '../mpool/errors.ts'
import type { MessagePool } from '../mpool/message-pool.ts'
import { checkRecipient, type MessageSigner } from '../mpool/message-signer.ts'
import { type PooledMessage, pack } from '../mpool/pooled-message.ts'
import type { Republisher } from '../mpool/republisher.ts'
import { type BoundHandler, bind, bindText } from '../rpc/router.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { Address } from '../types/address.ts'
import type { CID } from '../types/cid.ts'
import { type SignedMessage, signedMessageCid } from '../types/message.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import type { ChainPool } from './chain-pool.ts'
import type { FundManager } from './fund-manager.ts'
import type { GasEstimator } from './gas-estimator.ts'

/** The pool and what works with it. */
export interface Mpool {
  readonly pool: MessagePool
  readonly gas: GasEstimator
  readonly signer: MessageSigner
  readonly republisher: Republisher
  readonly funds: FundManager
}

export interface MpoolHandlersComponents {
  readonly chain: ChainStore
  /** Undefined for a node without a chain. */
  readonly mpool: Mpool | undefined
  readonly pool: Pick<ChainPool, 'pool'> | undefined
  readonly addressPrefix: 'f' | 't'
}

/** Methods about the message pool and about gas (Lotus node/impl/full/mpool.go, gas.go). */
export function mpoolHandlers({ chain, mpool, pool: workers, addressPrefix }: MpoolHandlersComponents): readonly BoundHandler[] {
  if (mpool === undefined || workers === undefined) return refusals()
  const { pool, signer, gas } = mpool
  const checker = new MessageChecker({ pool })
  /** Thousands of messages become text in another thread. */
  const text = (messages: readonly PooledMessage[], urgent: boolean): Promise<string> =>
    workers.pool('poolJson', pack(messages), urgent)
  const tipsetOf = (key: TipsetKey): Tipset => (key.isEmpty ? chain.requireHead() : chain.reader.tipset(key))
  const push = (message: SignedMessage, trusted: boolean): Promise<CID> => pool.push(message, { trusted, local: true })
  const sane = (message: SignedMessage): void => {
    const { from, nonce, to } = message.message
    try {
      checkRecipient(to, addressPrefix)
    } catch (cause) {
      const text = `message ${signedMessageCid(message)} from ${from.toString(addressPrefix)} with nonce ${nonce} failed sanity check`
      throw new NodeError('MPOOL_TO', text, { cause })
    }
  }
  const noAccount = (sender: Address): MpoolError =>
    new MpoolError('MPOOL_SENDER', `no account is at ${sender.toString(addressPrefix)}: ID address not found in lookback state`)
  const pushAll = async (messages: readonly SignedMessage[], trusted: boolean): Promise<CID[]> => {
    for (const message of messages) sane(message)
    const out: CID[] = []
    for (const message of messages) out.push(await push(message, trusted))
    return out
  }

  return [
    bindText(m.mpoolPending, async ([key]) => text(await pool.pendingAt(tipsetOf(key)), false)),
    bindText(m.mpoolSelect, async ([key, quality]) => {
      const [chosen = []] = await pool.selectFor(tipsetOf(key), [quality])
      // Go prints a list of none as null here.
      return chosen.length === 0 ? 'null' : text(chosen, true)
    }),
    bindText(m.mpoolSelects, async ([key, qualities]) => {
      const texts = (await pool.selectFor(tipsetOf(key), qualities)).map((chosen) => text(chosen, true))
      return `[${(await Promise.all(texts)).join(',')}]`
    }),
    bind(m.mpoolPush, async ([message]) => {
      sane(message)
      return push(message, true)
    }),
    bind(m.mpoolPushUntrusted, async ([message]) => {
      sane(message)
      return push(message, false)
    }),
    bind(m.mpoolPushMessage, ([message, spec]) => signer.send(message, spec)),
    bind(m.mpoolBatchPush, ([messages]) => pushAll(messages, true)),
    bind(m.mpoolBatchPushUntrusted, ([messages]) => pushAll(messages, false)),
    bind(m.mpoolBatchPushMessage, async ([messages, spec]) => {
      for (const { to } of messages) checkRecipient(to, addressPrefix)
      const out: SignedMessage[] = []
      for (const message of messages) out.push(await signer.send(message, spec))
      return out
    }),
    bind(m.mpoolCheckMessages, ([messages]) => checker.prototypes(messages)),
    bind(m.mpoolCheckPendingMessages, async ([sender]) => {
      await pool.atHead()
      const [key] = await pool.resolve([sender])
      if (key === undefined) throw noAccount(sender)
      return checker.pending(key)
    }),
    bind(m.mpoolCheckReplaceMessages, ([messages]) => checker.replacing(messages)),
    bind(m.mpoolGetNonce, async ([sender]) => {
      await pool.atHead()
      const [key] = await pool.resolve([sender])
      const nonce = await pool.nextNonce(key ?? sender)
      if (key === undefined) throw noAccount(sender)
      return nonce
    }),
    bind(m.mpoolSub, (_params, { signal }) => pool.updates(signal)),
    bind(m.mpoolClear, ([clearLocal]) => pool.clear(clearLocal)),
    bind(m.mpoolGetConfig, () => ({ ...pool.config })),
    bind(m.mpoolSetConfig, ([config]) => pool.setConfig(config)),
    bind(g.gasEstimateFeeCap, ([message, epochs, key]) => gas.feeCap(message, epochs, tipsetOf(key))),
    bind(g.gasEstimateGasLimit, ([message, key], { signal }) => gas.limit(message, tipsetOf(key), { signal })),
    bind(g.gasEstimateGasPremium, ([epochs, _sender, _limit, key], { signal }) => gas.premium(epochs, tipsetOf(key), { signal })),
    bind(g.gasEstimateMessageGas, ([message, spec, key], { signal }) => gas.fill(message, spec, tipsetOf(key), { signal })),
    bind(g.gasBatchEstimateMessageGas, ([messages, nonce, key], { signal }) =>
      gas.fillMany(messages, nonce, tipsetOf(key), { signal }),
    ),
  ]
}

/** For a node without a chain, where no message can be judged. */
function refusals(): readonly BoundHandler[] {
  return ([...Object.values(m), ...Object.values(g)] as readonly AnyMethod[]).map((def) =>
    bind(def, () => {
      throw new NodeError(
        'NODE_NO_CHAIN',
        'there is no chain yet to which a message could be sent: import a snapshot or give a genesis',
      )
    }),
  )
}
