/** Layer 6: messages that wait for a block: which are taken in, which are chosen, and that ours are not lost. */
import { type MpoolConfig, type MpoolUpdate, mpoolConfig } from '../api/types/mpool.ts'
import { encode, fromJson } from '../codec/codec.ts'
import { Batcher } from '../lib/batcher.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { Block } from '../store/blockstore.ts'
import type { MetadataChange, MetadataStore } from '../store/metadata.ts'
import type { Address } from '../types/address.ts'
import { type CID, cidOf } from '../types/cid.ts'
import { type Message, message, type SignedMessage } from '../types/message.ts'
import type { Tipset } from '../types/tipset.ts'
import { Admission, checkState, type Judgement } from './admission.ts'
import { checkMpoolConfig, defaultMpoolConfig } from './config.ts'
import { MpoolError } from './errors.ts'
import { HeadFollower } from './head-follower.ts'
import { LocalMessages } from './local-messages.ts'
import type { PoolChain, SenderFacts } from './pool-chain.ts'
import { PoolState, type PoolStateInit } from './pool-state.ts'
import { type PooledMessage, pooled } from './pooled-message.ts'
import { Pruner } from './pruner.ts'
import { Selector } from './selector.ts'
import type { SenderQueue, Strictness } from './sender-queue.ts'

const log = getLogger('mpool')

/** Where Lotus keeps the settings. */
const CONFIG_KEY = '/mpool/config'
/** Messages written to the store in one go. */
const STORE_BATCH = 256

export interface MessagePoolComponents {
  readonly chain: PoolChain
  readonly metadata: MetadataStore
  readonly store: { putMany(blocks: readonly Block[]): Promise<void> }
  /** Hands a message of our own to the network. */
  readonly publish: (message: SignedMessage) => Promise<unknown>
  /** From 0 up to, but not, 1; Math.random but in tests. */
  readonly random?: () => number
  /** Milliseconds; Date.now but in tests. */
  readonly now?: () => number
}

export type MessagePoolInit = PoolStateInit

export interface PushOptions {
  /** False for messages of strangers who use this node's API: fewer of them, and no gaps. */
  readonly trusted: boolean
  /** Whether it is one of this node's own clients': kept over restarts, never pruned, sent out again. */
  readonly local: boolean
  /** Written to the metadata store with the message, or not at all. */
  readonly records?: readonly MetadataChange[]
}

/** The message pool (Lotus chain/messagepool). Every answer is given by the head as far as the pool has followed it. */
export class MessagePool {
  readonly #c: MessagePoolComponents
  readonly #local: LocalMessages
  readonly #admission: Admission
  readonly #pruner: Pruner
  readonly #selector: Selector
  readonly #writer: Batcher<readonly Block[], undefined>
  readonly state: PoolState
  readonly follower: HeadFollower

  private constructor(c: MessagePoolComponents, init: MessagePoolInit, config: MpoolConfig) {
    this.#c = c
    this.state = new PoolState(c.chain, init, config)
    this.#local = new LocalMessages(c.metadata)
    this.#admission = new Admission(c.chain, () => this.state.facts)
    this.#pruner = new Pruner({ state: this.state, now: c.now ?? Date.now })
    this.#selector = new Selector({ state: this.state, random: c.random ?? Math.random })
    this.follower = new HeadFollower({ state: this.state, local: this.#local })
    this.#writer = new Batcher(async (lists) => {
      await c.store.putMany(lists.flat())
      return lists.map(() => undefined)
    }, STORE_BATCH)
  }

  /** Makes the pool with its settings; `loadLocal` brings back this node's own messages. */
  static open(components: MessagePoolComponents, init: MessagePoolInit): MessagePool {
    return new MessagePool(components, init, readConfig(components.metadata))
  }

  /** Takes back the messages of this node's clients that are not in a block yet. One that no longer fits is left out, not lost. */
  async loadLocal(): Promise<void> {
    const messages = (await this.#local.load()).map(pooled)
    messages.sort(byNonceAndPremium)
    const judged = await Promise.allSettled(messages.map((m) => this.#admission.judge(m)))
    for (const [i, m] of messages.entries()) {
      this.state.pending.setLocal(m.signed.message.from)
      try {
        const found = judged[i] as PromiseSettledResult<Judgement>
        if (found.status === 'rejected') throw found.reason
        this.#check(m, found.value, true)
        this.state.insert(m, 'local', found.value.judged.sender?.nonce ?? 0n)
      } catch (error) {
        if (error instanceof MpoolError && error.code === 'MPOOL_NONCE_LOW')
          this.#local.settle(m.signed.message, this.head.height)
        else log.warn('a local message was not taken back', { message: String(m.cid), reason: errorMessage(error) })
      }
    }
    if (this.size > 0) log.info('local messages are back in the pool', { messages: this.size })
  }

  /** The tipset that the pool has followed the chain to. */
  get head(): Tipset {
    return this.state.head
  }

  get size(): number {
    return this.state.pending.size
  }

  /**
   * Takes a message in and publishes it. One whose fee cap is too low for now is kept and published when the base fee has fallen.
   * @throws MpoolError
   */
  async push(signed: SignedMessage, { trusted, local, records }: PushOptions): Promise<CID> {
    const m = pooled(signed)
    const publish = await this.#take(m, trusted ? (local ? 'local' : 'network') : 'untrusted', local)
    if (local) {
      this.state.pending.setLocal(signed.message.from)
      try {
        await this.#local.save(signed, records)
      } catch (error) {
        this.state.pending.pruned(signed.message.from, signed.message.nonce)
        throw error
      }
    }
    if (publish) await this.publish(signed)
    return m.cid
  }

  /** Sends a message out. A failure is no loss: it is sent again later. */
  async publish(signed: SignedMessage): Promise<boolean> {
    try {
      await this.#c.publish(signed)
      return true
    } catch (error) {
      log.warn('a message was not published; it is tried again later', { reason: errorMessage(error) })
      return false
    }
  }

  /** What gossip does with a message of a peer: one that is accepted is in the pool. */
  async add(signed: SignedMessage): Promise<'accept' | 'ignore' | 'reject'> {
    try {
      await this.#take(pooled(signed), 'network', false)
      return 'accept'
    } catch (error) {
      if (!(error instanceof MpoolError)) throw error
      log.debug('a message from gossip was not taken', { code: error.code, reason: error.message })
      return error.verdict
    }
  }

  /** What gossip does with a message of our own: it was taken in before, and is only looked at for what no peer may see. */
  async checkOwn(signed: SignedMessage): Promise<'accept' | 'ignore'> {
    return (await this.#admission.isSigned(pooled(signed))) ? 'accept' : 'ignore'
  }

  /** @returns whether the message is to be published */
  async #take(m: PooledMessage, strictness: Strictness, local: boolean): Promise<boolean> {
    if (strictness !== 'local') this.#pruner.requireRoom()
    const { judged, base } = await this.#admission.judge(m)
    const publish = this.#check(m, { judged, base }, local)
    // Others may have come while this one was judged.
    if (strictness !== 'local') this.#pruner.requireRoom()
    this.state.insert(m, strictness, judged.sender?.nonce ?? 0n)
    try {
      await this.#store(m)
    } catch (error) {
      this.state.pending.pruned(m.signed.message.from, m.signed.message.nonce)
      throw error
    }
    return publish
  }

  /** @throws MpoolError */
  #check(m: PooledMessage, { judged, base }: Judgement, local: boolean): boolean {
    return checkState(m, judged, base, local, this.state.pendingFunds(m), this.state.addressPrefix)
  }

  /** Both forms, as Lotus: blocks name BLS messages by the unsigned one. */
  #store({ signed, bytes }: PooledMessage): Promise<undefined> {
    const bare = encode(message, signed.message)
    return this.#writer.load([
      { cid: cidOf(bytes), data: bytes },
      { cid: cidOf(bare), data: bare },
    ])
  }

  /** To be called with every change of the head. */
  onHeadChange(changes: readonly { readonly type: string }[], head: Tipset): void {
    this.follower.onHeadChange(changes, head)
  }

  /** Settles when the pool has followed the chain to what was its head at the call. */
  atHead(): Promise<void> {
    return this.follower.settled()
  }

  /** All messages, sender by sender, by nonce. */
  pending(): readonly SignedMessage[] {
    return this.state.pending.all().map((m) => m.signed)
  }

  /** What waits as seen from a tipset: with the messages of its chain that are not on the pool's. */
  async pendingAt(base: Tipset): Promise<PooledMessage[]> {
    await this.atHead()
    return this.#selector.pendingMessages(base)
  }

  queue(sender: Address): SenderQueue | undefined {
    return this.state.pending.queue(sender)
  }

  /** Additions and removals from the call on. */
  updates(signal: AbortSignal): AsyncIterable<MpoolUpdate> {
    return this.state.pending.updates.read(signal)
  }

  /**
   * Messages for a block on top of a tipset, in an order that keeps nonces.
   * @param ticketQuality share of other tickets that are worse than the block's, 0 to 1
   */
  async select(base: Tipset, ticketQuality: number): Promise<readonly SignedMessage[]> {
    const [chosen] = await this.selectFor(base, [ticketQuality])
    return (chosen ?? []).map((m) => m.signed)
  }

  /** Messages for several blocks on top of one tipset, no message in two of them. */
  async selectFor(base: Tipset, ticketQualities: readonly number[]): Promise<PooledMessage[][]> {
    await this.atHead()
    if (this.state.isFull) await this.#pruner.run()
    return this.#selector.select(base, ticketQualities)
  }

  /** Key addresses of senders that may be named by their ids; undefined where there is none. */
  resolve(addresses: readonly Address[]): Promise<(Address | undefined)[]> {
    return this.state.resolve(addresses)
  }

  /** What is known of a sender at the head. @param sender a key address */
  sender(sender: Address): Promise<SenderFacts | undefined> {
    return this.state.facts.sender(sender)
  }

  /** What is wrong with the form of a message that is to be in a block of the next epoch. */
  formFault(given: Message): string | undefined {
    return this.#c.chain.formFault(given, this.head.height)
  }

  /** Least gas limit of a message by the bytes that it takes on chain. */
  minGas(length: number): bigint {
    return this.state.minGas(length)
  }

  /** What a message of the next epoch is charged for being in a block, in gas. */
  messageCharge(length: number): { readonly compute: bigint; readonly storage: bigint } {
    return this.#c.chain.messageCharge(this.head.height, length)
  }

  /**
   * A sender's next nonce: after its messages on chain and in the pool.
   * @param sender a key address
   * @throws MpoolError MPOOL_SENDER_UNKNOWN
   */
  async nextNonce(sender: Address): Promise<bigint> {
    await this.atHead()
    const known = await this.sender(sender)
    if (known === undefined) {
      const name = sender.toString(this.state.addressPrefix)
      throw new MpoolError('MPOOL_SENDER_UNKNOWN', `resolution lookup failed (${name}): actor not found`)
    }
    const waiting = this.queue(sender)?.nextNonce ?? 0n
    return waiting > known.nonce ? waiting : known.nonce
  }

  /** Settles when no prune runs. */
  pruned(): Promise<void> {
    return this.#pruner.settled()
  }

  /** Forgets what waits. @param includeLocal also the messages of this node's clients, for good */
  async clear(includeLocal: boolean): Promise<void> {
    const { pending } = this.state
    if (includeLocal) {
      const own = pending.localSenders().flatMap((a) => this.queue(a)?.list() ?? [])
      await this.#local.forget(own.map((m) => m.signed.message))
    }
    pending.clear(includeLocal)
  }

  get config(): MpoolConfig {
    return this.state.config
  }

  /** Settles when they are on the disk. @throws MpoolError MPOOL_CONFIG */
  async setConfig(config: MpoolConfig): Promise<void> {
    checkMpoolConfig(config)
    this.state.config = config
    const json = JSON.stringify(mpoolConfig.toJson(config, { addressPrefix: this.state.addressPrefix }))
    await this.#c.metadata.put(CONFIG_KEY, json, { sync: true })
  }

  async close(): Promise<void> {
    await this.follower.close()
    await this.#pruner.settled()
  }
}

/** What was replaced comes before what replaced it. */
function byNonceAndPremium({ signed: { message: a } }: PooledMessage, { signed: { message: b } }: PooledMessage): number {
  if (a.nonce !== b.nonce) return a.nonce < b.nonce ? -1 : 1
  return a.gasPremium < b.gasPremium ? -1 : 1
}

function readConfig(metadata: MetadataStore): MpoolConfig {
  const text = metadata.getText(CONFIG_KEY)
  if (text === undefined) return defaultMpoolConfig
  try {
    const config = fromJson(mpoolConfig, JSON.parse(text))
    checkMpoolConfig(config)
    return config
  } catch (error) {
    log.warn('the settings of the message pool cannot be read; the defaults are used', {}, error)
    return defaultMpoolConfig
  }
}
