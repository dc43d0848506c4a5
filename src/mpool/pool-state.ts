import type { MpoolConfig } from '../api/types/mpool.ts'
import { type Address, Protocol } from '../types/address.ts'
import type { Tipset } from '../types/tipset.ts'
import { Facts } from './facts.ts'
import { BlsSignatures } from './head-changes.ts'
import { PendingMessages } from './pending.ts'
import type { PoolChain } from './pool-chain.ts'
import type { PooledMessage } from './pooled-message.ts'
import type { SenderState } from './selection/chains.ts'
import type { Strictness } from './sender-queue.ts'

export interface PoolStateInit {
  readonly head: Tipset
  /** The letter of the network's addresses in text. */
  readonly addressPrefix: 'f' | 't'
}

/** What the parts of the pool share: the messages, the head that they are judged by, the settings. */
export class PoolState {
  readonly chain: PoolChain
  readonly pending: PendingMessages
  readonly signatures = new BlsSignatures()
  readonly addressPrefix: 'f' | 't'
  facts: Facts
  config: MpoolConfig
  /** Called when there are more messages than there should be. */
  onFull: (() => void) | undefined

  constructor(chain: PoolChain, { head, addressPrefix }: PoolStateInit, config: MpoolConfig) {
    this.chain = chain
    this.addressPrefix = addressPrefix
    this.pending = new PendingMessages(addressPrefix)
    this.facts = new Facts(chain, head)
    this.config = config
  }

  get head(): Tipset {
    return this.facts.base
  }

  get isFull(): boolean {
    return this.pending.size > this.config.sizeLimitHigh
  }

  /** @param stateNonce the sender's next nonce on chain @throws MpoolError as SenderQueue.add */
  insert(m: PooledMessage, strictness: Strictness, stateNonce: bigint): void {
    this.pending.add(m, strictness, stateNonce)
    this.signatures.remember(m)
    if (this.isFull) this.onFull?.()
  }

  /** attoFIL that the sender's other messages may cost. */
  pendingFunds({ signed }: PooledMessage): bigint {
    return this.pending.queue(signed.message.from)?.requiredFunds(signed.message.nonce) ?? 0n
  }

  /** Nonce and balance of the senders in the state after a tipset. */
  async senderStates(
    pending: ReadonlyMap<string, readonly PooledMessage[]>,
    facts: Facts = this.facts,
  ): Promise<Map<string, SenderState>> {
    const out = new Map<string, SenderState>()
    await Promise.all(
      [...pending].map(async ([key, [first]]) => {
        if (first === undefined) return
        const after = (await facts.sender(first.signed.message.from))?.after
        if (after !== undefined) out.set(key, after)
      }),
    )
    return out
  }

  /** Key addresses of senders that may be named by their ids; undefined where there is none. */
  async resolve(addresses: readonly Address[]): Promise<(Address | undefined)[]> {
    const named = addresses.filter((a) => a.protocol === Protocol.id || a.protocol === Protocol.actor)
    if (named.length === 0) return [...addresses]
    const found = await this.chain.keys(named, this.head)
    const byKey = new Map(named.map((a, i) => [a.key, found[i]]))
    return addresses.map((a) => (byKey.has(a.key) ? byKey.get(a.key) : a))
  }

  /** `Address.key` of the priority senders that have keys. */
  async prioritySenders(): Promise<string[]> {
    const keys = await this.resolve(this.config.priorityAddrs)
    return keys.flatMap((k) => (k === undefined ? [] : [k.key]))
  }

  /** Least gas limit of a message by the bytes that it takes on chain. */
  minGas(length: number): bigint {
    return this.chain.minGas(this.head.height, length)
  }
}
