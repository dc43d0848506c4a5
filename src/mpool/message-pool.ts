/** Layer 6: messages that wait for a block: which are taken in, which are chosen, and that ours are not lost. */
import { type MpoolConfig, type MpoolUpdate, mpoolConfig } from '../api/types/mpool.ts'
import { encode, fromJson } from '../codec/codec.ts'
import { Batcher } from '../lib/batcher.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { Block } from '../store/blockstore.ts'
import type { MetadataChange, MetadataStore } from '../store/metadata.ts'
import { type Address, Protocol } from '../types/address.ts'
import { type CID, cidKey, cidOf } from '../types/cid.ts'
import { type Message, message, type SignedMessage, signedMessage, signedMessageCid } from '../types/message.ts'
import type { Tipset } from '../types/tipset.ts'
import { Admission, baseFeeLowerBound, checkState } from './admission.ts'
import { checkMpoolConfig, defaultMpoolConfig, pruneCooldownMs } from './config.ts'
import { MpoolError } from './errors.ts'
import { Facts } from './facts.ts'
import { BlsSignatures, effectOf } from './head-changes.ts'
import { KEEP_BASE_FEE_DIVISOR } from './limits.ts'
import { LocalMessages } from './local-messages.ts'
import { PendingMessages } from './pending.ts'
import type { PoolChain } from './pool-chain.ts'
import { type PooledMessage, pooled } from './pooled-message.ts'
import { messagesToPrune } from './prune.ts'
import type { SenderState } from './selection/chains.ts'
import { selectMessages } from './selection/select.ts'
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

export interface MessagePoolInit {
  readonly head: Tipset
  /** The letter of addresses in the settings' record. */
  readonly addressPrefix: 'f' | 't'
}

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
  readonly #prefix: 'f' | 't'
  readonly #pending = new PendingMessages()
  readonly #signatures = new BlsSignatures()
  readonly #local: LocalMessages
  readonly #admission: Admission
  readonly #writer: Batcher<readonly Block[], undefined>
  readonly #now: () => number
  #config: MpoolConfig
  #facts: Facts
  #target: Tipset
  #following: Promise<void> = Promise.resolve()
  #leavesChain = false
  #pruning: Promise<void> | undefined
  #nextPrune = Number.NEGATIVE_INFINITY
  #closed = false
  /** CIDs (`cidKey`) of what was sent out last; when one of them is in a block there may be room for more. */
  republished: ReadonlySet<string> = new Set()
  /** Called when one of them is. */
  onRepublishedApplied: (() => void) | undefined

  private constructor(components: MessagePoolComponents, { head, addressPrefix }: MessagePoolInit, config: MpoolConfig) {
    this.#c = components
    this.#prefix = addressPrefix
    this.#config = config
    this.#target = head
    this.#facts = new Facts(components.chain, head)
    this.#local = new LocalMessages(components.metadata)
    this.#admission = new Admission(components.chain, () => this.#facts)
    this.#now = components.now ?? Date.now
    this.#writer = new Batcher(async (lists) => {
      await components.store.putMany(lists.flat())
      return lists.map(() => undefined)
    }, STORE_BATCH)
  }

  /** Makes the pool with its settings; `loadLocal` brings back this node's own messages. */
  static open(components: MessagePoolComponents, init: MessagePoolInit): MessagePool {
    const text = components.metadata.getText(CONFIG_KEY)
    let config = defaultMpoolConfig
    if (text !== undefined) {
      try {
        config = fromJson(mpoolConfig, JSON.parse(text))
        checkMpoolConfig(config)
      } catch (error) {
        log.warn('the settings of the message pool cannot be read; the defaults are used', {}, error)
        config = defaultMpoolConfig
      }
    }
    return new MessagePool(components, init, config)
  }

  /** Takes back the messages of this node's clients that are not in a block yet. One that no longer fits is left out, not lost. */
  async loadLocal(): Promise<void> {
    const messages = (await this.#local.load()).map(pooled)
    messages.sort((a, b) => (a.signed.message.nonce < b.signed.message.nonce ? -1 : 1))
    const results = await Promise.all(
      messages.map(async (m) => {
        try {
          return { m, ...(await this.#admission.judge(m)) }
        } catch (error) {
          return { m, error }
        }
      }),
    )
    for (const found of results) {
      const { m } = found
      const { from } = m.signed.message
      this.#pending.setLocal(from)
      try {
        if ('error' in found) throw found.error
        checkState(m, found.judged, found.base, true, this.#pendingFunds(m))
        this.#insert(m, 'local', found.judged.sender?.nonce ?? 0n)
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
    return this.#facts.base
  }

  get size(): number {
    return this.#pending.size
  }

  /** Milliseconds of the pool's clock; for those who work on its behalf. */
  get now(): number {
    return this.#now()
  }

  // --- messages that come in ---

  /**
   * Takes a message in and publishes it. One whose fee cap is too low for now is kept and published when the base fee has fallen.
   * @throws MpoolError
   */
  async push(signed: SignedMessage, { trusted, local, records }: PushOptions): Promise<CID> {
    const m = pooled(signed)
    const publish = await this.#take(m, trusted ? (local ? 'local' : 'network') : 'untrusted', local)
    if (local) {
      this.#pending.setLocal(signed.message.from)
      try {
        await this.#local.save(signed, records)
      } catch (error) {
        this.#pending.pruned(signed.message.from, signed.message.nonce)
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

  async #take(m: PooledMessage, strictness: Strictness, local: boolean): Promise<boolean> {
    if (strictness !== 'local') this.#requireRoom()
    const { judged, base } = await this.#admission.judge(m)
    const publish = checkState(m, judged, base, local, this.#pendingFunds(m))
    // Others may have come while this one was judged.
    if (strictness !== 'local') this.#requireRoom()
    // Lotus holds its own pushes to no order of nonces; those of strangers may leave no gap.
    this.#insert(m, strictness, judged.sender?.nonce ?? 0n)
    const { message: unsigned } = m.signed
    const data = encode(signedMessage, m.signed)
    const bare = encode(message, unsigned)
    // Both forms, as Lotus: blocks name BLS messages by the unsigned one.
    try {
      await this.#writer.load([
        { cid: cidOf(data), data },
        { cid: cidOf(bare), data: bare },
      ])
    } catch (error) {
      this.#pending.pruned(unsigned.from, unsigned.nonce)
      throw error
    }
    return publish
  }

  #pendingFunds({ signed }: PooledMessage): bigint {
    return this.#pending.queue(signed.message.from)?.requiredFunds(signed.message.nonce) ?? 0n
  }

  #insert(m: PooledMessage, strictness: Strictness, stateNonce: bigint): void {
    this.#pending.add(m, strictness, stateNonce)
    this.#signatures.remember(m)
    if (this.size > this.#config.sizeLimitHigh) this.#startPrune()
  }

  /** @throws MpoolError MPOOL_FULL while there is no room for others' messages */
  #requireRoom(): void {
    if (this.size <= this.#config.sizeLimitHigh) return
    this.#startPrune()
    throw new MpoolError('MPOOL_FULL', `the message pool is full: it holds ${this.size} messages`)
  }

  // --- the head ---

  /** To be called with every change of the head. */
  onHeadChange(changes: readonly { readonly type: string }[], head: Tipset): void {
    if (this.#closed) return
    this.#target = head
    if (changes.some((c) => c.type !== 'apply')) this.#leavesChain = true
    this.#following = this.#following
      .then(() => this.#follow())
      .catch((error: unknown) => {
        log.error('the message pool could not follow the head', { head: head.key.toString() }, error)
      })
  }

  /** Settles when the pool has followed the chain to what was its head at the call. */
  async atHead(): Promise<void> {
    await this.#following
  }

  async #follow(): Promise<void> {
    const head = this.#target
    const from = this.head
    if (head.equals(from) || this.#closed) return
    const facts = new Facts(this.#c.chain, head)
    // With nothing to wait for a block nothing leaves, and while catching up nothing needs to be read.
    if (this.size === 0 && !this.#leavesChain) {
      this.#facts = facts
      await this.#local.sweep(head.height)
      return
    }
    this.#leavesChain = false
    const { returned, used } = effectOf(await this.#c.chain.way(from, head), this.#signatures)
    const nonces = await Promise.all(returned.map(async (m) => (await facts.sender(m.signed.message.from))?.nonce))
    this.#facts = facts
    let again = false
    for (const { from: sender, nonce, id } of used) {
      this.#pending.applied(sender, nonce)
      this.#local.settle({ from: sender, nonce }, head.height)
      again ||= this.republished.has(id)
    }
    for (const [i, m] of returned.entries()) {
      this.#local.unsettle(m.signed.message)
      const nonce = nonces[i]
      if (nonce === undefined) continue
      try {
        this.#insert(m, 'local', nonce)
      } catch (error) {
        log.info('a message of a block that was left did not return', { message: String(m.cid), reason: errorMessage(error) })
      }
    }
    await this.#local.sweep(head.height)
    if (again) this.onRepublishedApplied?.()
  }

  // --- messages that go out ---

  /** All messages, sender by sender, by nonce. */
  pending(): readonly SignedMessage[] {
    return this.#pending.all()
  }

  /** What waits as seen from a tipset: with the messages of its chain that are not on the pool's (Lotus MpoolPending). */
  async pendingAt(base: Tipset): Promise<SignedMessage[]> {
    const out = [...this.pending()]
    if (base.height < this.head.height || base.equals(this.head)) return out
    const known = new Set(out.map((m) => cidKey(signedMessageCid(m))))
    const { reverted } = await this.#c.chain.way(base, this.head)
    for (const { message: bare, signature } of reverted) {
      const signed = signature === null ? this.#signatures.recover(bare) : { message: bare, signature }
      if (signed !== undefined && !known.has(cidKey(signedMessageCid(signed)))) out.push(signed)
    }
    return out
  }

  queue(sender: Address): SenderQueue | undefined {
    return this.#pending.queue(sender)
  }

  localSenders(): Address[] {
    return this.#pending.localSenders()
  }

  /** Additions and removals from the call on. */
  updates(signal: AbortSignal): AsyncIterable<MpoolUpdate> {
    return this.#pending.updates.read(signal)
  }

  /**
   * Messages for a block on top of a tipset, in an order that keeps nonces.
   * @param ticketQuality share of other tickets that are worse than the block's, 0 to 1
   */
  async select(base: Tipset, ticketQuality: number): Promise<readonly SignedMessage[]> {
    const [chosen] = await this.selectFor(base, [ticketQuality])
    return chosen ?? []
  }

  /** Messages for several blocks on top of one tipset, no message in two of them. */
  async selectFor(base: Tipset, ticketQualities: readonly number[]): Promise<SignedMessage[][]> {
    await this.atHead()
    if (this.size > this.#config.sizeLimitHigh) await this.#prune()
    const facts = base.equals(this.head) ? this.#facts : new Facts(this.#c.chain, base)
    const pending = await this.#pendingAt(base)
    const out: SignedMessage[][] = []
    if (pending.size === 0) return ticketQualities.map(() => [])
    const [baseFee, senders, priority] = await Promise.all([
      facts.baseFee(),
      this.senderStates(pending, facts),
      this.#keysOf(this.#config.priorityAddrs),
    ])
    for (const quality of ticketQualities) {
      const chosen = selectMessages({
        pending,
        senders,
        priority,
        baseFee,
        minGas: (length) => this.#c.chain.minGas(base.height, length),
        quality,
        random: this.#c.random ?? Math.random,
      })
      out.push(chosen.map((m) => m.signed))
      // Whoever gave messages to one block gives none to another: theirs would lack those before them.
      for (const m of chosen) pending.delete(m.signed.message.from.key)
    }
    return out
  }

  /** What waits as seen from a tipset: with the messages of blocks that it does not have, without those that it has. */
  async #pendingAt(base: Tipset): Promise<Map<string, readonly PooledMessage[]>> {
    const pending = this.#pending.bySender()
    if (base.equals(this.head)) return pending
    const { returned, used } = effectOf(await this.#c.chain.way(this.head, base), this.#signatures)
    for (const m of returned) {
      const { from, nonce } = m.signed.message
      const list = (pending.get(from.key) ?? []).filter((p) => p.signed.message.nonce !== nonce)
      list.push(m)
      pending.set(
        from.key,
        list.sort((a, b) => (a.signed.message.nonce < b.signed.message.nonce ? -1 : 1)),
      )
    }
    for (const { from, nonce } of used) {
      const list = pending.get(from.key)
      if (list !== undefined)
        pending.set(
          from.key,
          list.filter((p) => p.signed.message.nonce !== nonce),
        )
    }
    return pending
  }

  /** Nonce and balance of the senders in the state after a tipset. */
  async senderStates(
    pending: ReadonlyMap<string, readonly PooledMessage[]>,
    facts: Facts = this.#facts,
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

  async #keysOf(addresses: readonly Address[]): Promise<string[]> {
    const keys = await this.resolve(addresses)
    return keys.flatMap((k) => (k === undefined ? [] : [k.key]))
  }

  /** Key addresses of senders that may be named by their ids; undefined where there is none. */
  async resolve(addresses: readonly Address[]): Promise<(Address | undefined)[]> {
    const named = addresses.filter((a) => a.protocol === Protocol.id || a.protocol === Protocol.actor)
    if (named.length === 0) return [...addresses]
    const found = await this.#c.chain.keys(named, this.head)
    const byKey = new Map(named.map((a, i) => [a.key, found[i]]))
    return addresses.map((a) => (byKey.has(a.key) ? byKey.get(a.key) : a))
  }

  /** What is known of a sender at the head. @param sender a key address */
  sender(sender: Address): ReturnType<Facts['sender']> {
    return this.#facts.sender(sender)
  }

  /** Base fee of the blocks that follow the head, attoFIL. */
  baseFee(): Promise<bigint> {
    return this.#facts.baseFee()
  }

  /** What is wrong with the form of a message that is to be in a block of the next epoch. */
  formFault(given: Message): string | undefined {
    return this.#c.chain.formFault(given, this.head.height)
  }

  minGas(length: number): bigint {
    return this.#c.chain.minGas(this.head.height, length)
  }

  /**
   * A sender's next nonce: after its messages on chain and in the pool.
   * @param sender a key address
   * @throws MpoolError MPOOL_SENDER_UNKNOWN (RPC code 11)
   */
  async nextNonce(sender: Address): Promise<bigint> {
    await this.atHead()
    const state = await this.sender(sender)
    if (state === undefined) throw new MpoolError('MPOOL_SENDER_UNKNOWN', 'actor not found', { rpcCode: 11 })
    const waiting = this.#pending.queue(sender)?.nextNonce ?? 0n
    return waiting > state.nonce ? waiting : state.nonce
  }

  // --- room ---

  #startPrune(): void {
    if (this.#pruning !== undefined || this.#now() < this.#nextPrune) return
    this.#nextPrune = this.#now() + pruneCooldownMs(this.#config)
    this.#pruning = this.#prune()
      .catch((error: unknown) => log.error('the message pool could not be pruned', {}, error))
      .finally(() => {
        this.#pruning = undefined
      })
  }

  async #prune(): Promise<void> {
    const pending = this.#pending.bySender()
    const [baseFee, senders, priority] = await Promise.all([
      this.baseFee(),
      this.senderStates(pending),
      this.#keysOf(this.#config.priorityAddrs),
    ])
    const protect = new Set([...priority, ...this.localSenders().map((a) => a.key)])
    const gone = messagesToPrune({
      pending,
      senders,
      protect,
      baseFee: baseFeeLowerBound(baseFee, KEEP_BASE_FEE_DIVISOR),
      minGas: (length) => this.minGas(length),
      keep: this.#config.sizeLimitLow,
    })
    for (const m of gone) {
      const { from, nonce } = m.signed.message
      // It may have been replaced while the senders were looked up.
      if (this.queue(from)?.get(nonce) === m) this.#pending.pruned(from, nonce)
    }
    log.info('the message pool was pruned', { dropped: gone.length, left: this.size })
  }

  /** Settles when no prune runs. */
  async pruned(): Promise<void> {
    await this.#pruning
  }

  /** Forgets what waits. @param includeLocal also the messages of this node's clients, for good */
  async clear(includeLocal: boolean): Promise<void> {
    if (includeLocal) {
      const own = this.localSenders().flatMap((a) => this.queue(a)?.list() ?? [])
      await this.#local.forget(own.map((m) => m.signed.message))
    }
    this.#pending.clear(includeLocal)
  }

  get config(): MpoolConfig {
    return this.#config
  }

  /** Settles when they are on the disk. @throws MpoolError MPOOL_CONFIG */
  async setConfig(config: MpoolConfig): Promise<void> {
    checkMpoolConfig(config)
    this.#config = config
    const json = JSON.stringify(mpoolConfig.toJson(config, { addressPrefix: this.#prefix }))
    await this.#c.metadata.put(CONFIG_KEY, json, { sync: true })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#following
    await this.#pruning
  }
}
