import { decode, encode } from '../codec/codec.ts'
import { messageFault } from '../consensus/rules/message-form.ts'
import { onChainMessageCharge, onChainMessageGas } from '../consensus/rules/on-chain-gas.ts'
import { Lru } from '../lib/lru.ts'
import type { MessageFaults, MessageWay, PoolChain, SenderFacts } from '../mpool/pool-chain.ts'
import { networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import { Address } from '../types/address.ts'
import { type Message, message, type SignedMessage, signedMessage } from '../types/message.ts'
import type { Tipset } from '../types/tipset.ts'
import type { ChainPool } from './chain-pool.ts'

/** Heads whose states are known to have been computed. */
const KEPT_HEADS = 16

/** Chain and state as the message pool asks for them, answered by the worker threads. */
export class WorkerPoolChain implements PoolChain {
  readonly #pool: Pick<ChainPool, 'pool'>
  readonly #network: Network
  readonly #computed = new Lru<string, Promise<unknown>>(KEPT_HEADS)

  constructor(pool: Pick<ChainPool, 'pool'>, network: Network) {
    this.#pool = pool
    this.#network = network
  }

  async examine(messages: readonly SignedMessage[], verified: readonly boolean[], base: Tipset): Promise<MessageFaults[]> {
    const data = messages.map((m) => encode(signedMessage, m))
    return this.#pool.pool('poolExamine', { messages: data, verified, height: base.height })
  }

  async senders(addresses: readonly Address[], base: Tipset): Promise<(SenderFacts | undefined)[]> {
    await this.#state(base)
    return this.#pool.pool('poolSenders', { addresses: addresses.map((a) => a.bytes), base: keyOf(base) })
  }

  async keys(addresses: readonly Address[], base: Tipset): Promise<(Address | undefined)[]> {
    await this.#state(base)
    const found = await this.#pool.pool('poolKeys', { addresses: addresses.map((a) => a.bytes), base: keyOf(base) })
    return found.map((bytes) => (bytes === undefined ? undefined : Address.fromBytes(bytes)))
  }

  baseFee(base: Tipset): Promise<bigint> {
    return this.#pool.pool('poolBaseFee', { base: keyOf(base) })
  }

  async way(from: Tipset, to: Tipset, urgent = true): Promise<MessageWay> {
    const { reverted, applied } = await this.#pool.pool('poolWay', { from: keyOf(from), to: keyOf(to) }, urgent)
    return {
      reverted: reverted.map(({ data, signed }) =>
        signed ? decode(signedMessage, data) : { message: decode(message, data), signature: null },
      ),
      applied: applied.map(({ from: sender, nonce, id }) => ({ from: Address.fromBytes(sender), nonce, id })),
    }
  }

  formFault(given: Message, height: number): string | undefined {
    return messageFault(given, 0n, networkVersion(this.#network, height + 1))
  }

  minGas(height: number, length: number): bigint {
    return onChainMessageGas(this.#network, height, length)
  }

  messageCharge(height: number, length: number): { readonly compute: bigint; readonly storage: bigint } {
    return onChainMessageCharge(this.#network, height, length)
  }

  /** The state after a tipset is computed once; without this the threads that are asked at one time would each do it. */
  #state(base: Tipset): Promise<unknown> {
    let computed = this.#computed.get(base.key.id)
    if (computed === undefined) {
      computed = this.#pool.pool('poolSenders', { addresses: [], base: keyOf(base) }, false)
      this.#computed.set(base.key.id, computed)
      computed.catch(() => this.#computed.delete(base.key.id))
    }
    return computed
  }
}

function keyOf(tipset: Tipset): string[] {
  return tipset.cids.map(String)
}
