import { peerIdFromString } from '@libp2p/peer-id'
import { encode } from '../../codec/codec.ts'
import { CodecError } from '../../codec/errors.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import type { Tipset, TipsetKey } from '../../types/tipset.ts'
import {
  CHAIN_EXCHANGE_PROTOCOL,
  type CompactedMessages,
  ExchangeOption,
  exchangeRequest,
  MAX_EXCHANGE_LENGTH,
  MAX_EXCHANGE_RESPONSE_BYTES,
} from '../../types/wire/chain-exchange.ts'
import { NetError } from '../errors.ts'
import type { Host } from '../host.ts'
import { finish, readCbor, writeAll } from '../stream.ts'
import { checkHeaders, checkLength, checkMessages, decodeAnswer, type RawAnswer } from './check-answer.ts'
import { PeerTracker } from './peer-tracker.ts'
import { PeerSlots } from './slots.ts'

const log = getLogger('chainxchg')

/** Bytes of a tipset's headers: 15 blocks, each with a beacon entry (some 60 bytes) for each of 900 null rounds and more. */
const MAX_TIPSET_HEADER_BYTES = 1 << 20

/** Peers that are asked first because they claim to have what is asked for. */
const MAX_PREFERRED = 4

/** A tipset with its messages, as a peer gave them. Roots of messages hold where `checkMessages` was given. */
export interface FullTipset {
  readonly tipset: Tipset
  readonly messages: CompactedMessages
}

export interface ExchangeClientComponents {
  readonly host: Host
  /**
   * Compares the messages of a tipset with its headers' roots, and throws when they differ. A peer whose answer does not
   * pass counts as one that lied.
   */
  readonly checkMessages?: (tipset: Tipset, messages: CompactedMessages) => void | Promise<void>
  /** Told of answers that no honest peer gives. */
  readonly onBadAnswer?: (peer: string, error: Error) => void
}

export interface ExchangeClientInit {
  readonly openTimeoutMs?: number
  readonly writeTimeoutMs?: number
  /** Time for an answer to begin, extended by a second for each 50 KiB that came. */
  readonly readTimeoutMs?: number
  readonly minBytesPerSecond?: number
  /** Time for a whole answer, however fast it comes. */
  readonly maxReadMs?: number
  readonly maxAnswerBytes?: number
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  /** Ask this peer and no other. */
  readonly peer?: string | undefined
  /** Ask these peers before all others. */
  readonly prefer?: readonly string[] | undefined
}

/** Fetches pieces of the chain from peers (Lotus chain/exchange/client.go). All answers are compared with what was asked for. */
export class ExchangeClient {
  readonly #c: ExchangeClientComponents
  readonly #init: Required<ExchangeClientInit>
  readonly #slots = new PeerSlots()
  readonly peers = new PeerTracker()

  constructor(components: ExchangeClientComponents, init: ExchangeClientInit = {}) {
    this.#c = components
    this.#init = {
      openTimeoutMs: init.openTimeoutMs ?? 10_000,
      writeTimeoutMs: init.writeTimeoutMs ?? 5000,
      readTimeoutMs: init.readTimeoutMs ?? 5000,
      minBytesPerSecond: init.minBytesPerSecond ?? 50 << 10,
      maxReadMs: init.maxReadMs ?? 60_000,
      maxAnswerBytes: init.maxAnswerBytes ?? MAX_EXCHANGE_RESPONSE_BYTES,
    }
  }

  /**
   * The tipset `head` and those before it, newest first: `count` of them, or fewer where genesis is reached.
   * Partial answers are asked on for.
   * @throws NetError NET_NO_PEERS
   */
  async headers(head: TipsetKey, count: number, options: FetchOptions = {}): Promise<Tipset[]> {
    const out: Tipset[] = []
    let key = head
    while (out.length < count) {
      const length = Math.min(count - out.length, MAX_EXCHANGE_LENGTH)
      const part = await this.#ask(key, length, ExchangeOption.headers, options, (answer) => checkHeaders(answer.chain, key))
      for (const tipset of part) out.push(tipset)
      const last = part.at(-1) as Tipset
      // Genesis names one parent, which is no block.
      if (last.height === 0) break
      key = last.parents
    }
    return out
  }

  /**
   * The messages of tipsets whose headers the caller has: newest first, each the parent of the one before.
   * @throws NetError NET_NO_PEERS
   */
  async messages(tipsets: readonly Tipset[], options: FetchOptions = {}): Promise<CompactedMessages[]> {
    const out: CompactedMessages[] = []
    while (out.length < tipsets.length) {
      const rest = tipsets.slice(out.length, out.length + MAX_EXCHANGE_LENGTH)
      const head = rest[0] as Tipset
      const part = await this.#ask(head.key, rest.length, ExchangeOption.messages, options, (answer) =>
        this.#messagesOf(answer, rest),
      )
      for (const m of part) out.push(m)
    }
    return out
  }

  /**
   * As `headers`, with the messages of each tipset.
   * @throws NetError NET_NO_PEERS
   */
  async full(head: TipsetKey, count: number, options: FetchOptions = {}): Promise<FullTipset[]> {
    const out: FullTipset[] = []
    let key = head
    while (out.length < count) {
      const length = Math.min(count - out.length, MAX_EXCHANGE_LENGTH)
      const both = ExchangeOption.headers | ExchangeOption.messages
      const part = await this.#ask(key, length, both, options, async (answer) => {
        const tipsets = await checkHeaders(answer.chain, key)
        const messages = await this.#messagesOf(answer, tipsets)
        return tipsets.map((tipset, i) => ({ tipset, messages: messages[i] as CompactedMessages }))
      })
      for (const full of part) out.push(full)
      const last = (part.at(-1) as FullTipset).tipset
      if (last.height === 0) break
      key = last.parents
    }
    return out
  }

  async #messagesOf(answer: RawAnswer, tipsets: readonly Tipset[]): Promise<CompactedMessages[]> {
    const out: CompactedMessages[] = []
    for (const [i, element] of answer.chain.entries()) {
      const tipset = tipsets[i] as Tipset
      const messages = checkMessages(element, tipset.blocks.length)
      try {
        await this.#c.checkMessages?.(tipset, messages)
      } catch (cause) {
        throw new NetError('NET_BAD_ANSWER', `a peer's messages are not those of tipset ${tipset.key}`, { cause })
      }
      out.push(messages)
    }
    return out
  }

  /** Asks one peer after another until an answer passes `check`. */
  async #ask<T>(
    head: TipsetKey,
    length: number,
    wanted: bigint,
    options: FetchOptions,
    check: (answer: RawAnswer) => Promise<T>,
  ): Promise<T> {
    const request = encode(exchangeRequest, { head: [...head.cids], length: BigInt(length), options: wanted })
    const peers = options.peer === undefined ? this.#candidates(options.prefer ?? []) : [options.peer]
    // Without messages an answer has a size of its own: what a peer may make us hold follows from what we asked.
    const withMessages = (wanted & ExchangeOption.messages) !== 0n
    const maxBytes = Math.min(
      this.#init.maxAnswerBytes,
      withMessages ? Number.POSITIVE_INFINITY : length * MAX_TIPSET_HEADER_BYTES,
    )
    const started = performance.now()
    const failures: string[] = []
    for (const peer of peers) {
      options.signal?.throwIfAborted()
      let asked = performance.now()
      try {
        const answer = await this.#slots.run(peer, options.signal, () => {
          // Waiting for our own other requests is not the peer's fault.
          asked = performance.now()
          return this.#request(peer, request, maxBytes, options.signal)
        })
        checkLength(answer, length)
        const result = await check(answer)
        const now = performance.now()
        this.peers.success(peer, now - asked, answer.chain.length)
        this.peers.globalSuccess(now - started)
        return result
      } catch (error) {
        options.signal?.throwIfAborted()
        this.#failed(peer, performance.now() - asked, length, error)
        failures.push(`${peer.slice(-6)}: ${errorMessage(error)}`)
      }
    }
    const tried = failures.length === 0 ? 'no peer is known that could be asked' : failures.join('; ')
    throw new NetError('NET_NO_PEERS', `no peer gave ${length} tipsets from ${head}: ${tried}`.slice(0, 2000), {
      fields: { peers: failures.length },
    })
  }

  /** Those preferred, then the best peers, those that are busy with requests of ours last. */
  #candidates(prefer: readonly string[]): string[] {
    const first = prefer.filter((p) => this.peers.has(p)).slice(0, MAX_PREFERRED)
    const best = this.peers.best().filter((p) => !first.includes(p))
    return [...first, ...best.filter((p) => !this.#slots.isFull(p)), ...best.filter((p) => this.#slots.isFull(p))]
  }

  #failed(peer: string, ms: number, length: number, error: unknown): void {
    log.debug('a peer did not answer a chain exchange request', { peer }, error)
    this.peers.failure(peer, ms, length)
    const lied =
      error instanceof CodecError ||
      (error instanceof NetError && (error.code === 'NET_BAD_ANSWER' || error.code === 'NET_TOO_LARGE'))
    if (lied) this.#c.onBadAnswer?.(peer, error as Error)
    else if (error instanceof NetError && error.code === 'NET_UNREACHABLE') this.peers.remove(peer)
  }

  async #request(peer: string, request: Uint8Array, maxBytes: number, signal: AbortSignal | undefined): Promise<RawAnswer> {
    const { openTimeoutMs, writeTimeoutMs, readTimeoutMs, minBytesPerSecond, maxReadMs } = this.#init
    // A peer without a connection is not dialled: whoever offers a chain is connected.
    const connection = this.#c.host.libp2p.getConnections(peerIdFromString(peer)).find((c) => c.status === 'open')
    if (connection === undefined) throw new NetError('NET_UNREACHABLE', 'there is no connection to the peer')
    const opening = AbortSignal.timeout(openTimeoutMs)
    const stream = await connection.newStream(CHAIN_EXCHANGE_PROTOCOL, {
      signal: signal === undefined ? opening : AbortSignal.any([signal, opening]),
      maxOutboundStreams: 32,
    })
    const reading = readCbor(stream, {
      maxBytes,
      timeoutMs: writeTimeoutMs + readTimeoutMs,
      minBytesPerSecond,
      maxTimeMs: maxReadMs,
      signal,
    })
    // Both fail when the stream does; the reader's reason is the one to tell.
    const [answer] = await Promise.all([
      reading,
      writeAll(stream, request, { timeoutMs: writeTimeoutMs, signal }).catch(() => {}),
    ])
    finish(stream, 1000)
    return decodeAnswer(answer)
  }
}
