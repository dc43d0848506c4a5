import type { Address } from '../types/address.ts'
import type { PooledMessage } from './pooled-message.ts'
import { SenderQueue, type Strictness } from './sender-queue.ts'
import { MpoolUpdates } from './updates.ts'

/** What waits, by sender's key address; every change goes through here and is told. */
export class PendingMessages {
  readonly updates = new MpoolUpdates()
  readonly #queues = new Map<string, { readonly sender: Address; readonly queue: SenderQueue }>()
  readonly #local = new Map<string, Address>()
  readonly #prefix: 'f' | 't'
  #size = 0
  #list: readonly PooledMessage[] | undefined

  /** @param addressPrefix the letter of addresses in errors */
  constructor(addressPrefix: 'f' | 't') {
    this.#prefix = addressPrefix
  }

  get size(): number {
    return this.#size
  }

  queue(sender: Address): SenderQueue | undefined {
    return this.#queues.get(sender.key)?.queue
  }

  senders(): Address[] {
    return [...this.#queues.values()].map((q) => q.sender)
  }

  /** Senders whose messages came from this node's own clients. */
  localSenders(): Address[] {
    return [...this.#local.values()]
  }

  isLocal(sender: Address): boolean {
    return this.#local.has(sender.key)
  }

  setLocal(sender: Address): void {
    this.#local.set(sender.key, sender)
  }

  /** All messages, sender by sender, by nonce. */
  all(): readonly PooledMessage[] {
    this.#list ??= [...this.#queues.values()].flatMap(({ queue }) => queue.list())
    return this.#list
  }

  /** Lists by `Address.key`; they do not change with the pool. */
  bySender(): Map<string, readonly PooledMessage[]> {
    return new Map([...this.#queues].map(([key, { queue }]) => [key, queue.list()]))
  }

  /**
   * @param stateNonce the sender's next nonce on chain
   * @throws MpoolError as SenderQueue.add
   */
  add(m: PooledMessage, strictness: Strictness, stateNonce: bigint): void {
    const sender = m.signed.message.from
    let known = this.#queues.get(sender.key)
    // A queue without messages is not kept: nothing may stay of one that could not be added.
    const fresh = known === undefined
    known ??= { sender, queue: new SenderQueue(stateNonce, this.#prefix) }
    const replaced = known.queue.add(m, strictness)
    if (fresh) this.#queues.set(sender.key, known)
    if (replaced === undefined) this.#size++
    this.#changed('add', m)
  }

  /** A block holds a message of this sender and nonce. */
  applied(sender: Address, nonce: bigint): void {
    this.#remove(sender, (queue) => queue.applied(nonce))
  }

  pruned(sender: Address, nonce: bigint): void {
    this.#remove(sender, (queue) => queue.pruned(nonce))
  }

  #remove(sender: Address, take: (queue: SenderQueue) => PooledMessage | undefined): void {
    const queue = this.queue(sender)
    if (queue === undefined) return
    const m = take(queue)
    if (queue.size === 0) this.#queues.delete(sender.key)
    if (m === undefined) return
    this.#size--
    this.#changed('remove', m)
  }

  /** Forgets everything, or all but the messages of local senders. Nobody is told, as in Lotus. */
  clear(includeLocal: boolean): void {
    for (const [key, { queue }] of this.#queues) {
      if (!includeLocal && this.#local.has(key)) continue
      this.#size -= queue.size
      this.#queues.delete(key)
    }
    this.#list = undefined
  }

  #changed(type: 'add' | 'remove', m: PooledMessage): void {
    this.#list = undefined
    this.updates.push({ type, message: m.signed })
  }
}
