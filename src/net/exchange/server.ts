import type { Connection, Stream } from '@libp2p/interface'
import { CborWriter } from '../../codec/cbor-writer.ts'
import { decode } from '../../codec/codec.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { TipsetKey } from '../../types/tipset.ts'
import {
  CHAIN_EXCHANGE_PROTOCOL,
  ExchangeOption,
  type ExchangeRequest,
  ExchangeStatus,
  exchangeRequest,
  MAX_EXCHANGE_LENGTH,
  MAX_EXCHANGE_REQUEST_BYTES,
} from '../../types/wire/chain-exchange.ts'
import { NetError } from '../errors.ts'
import { type Host, MAX_STREAMS_PER_CONNECTION } from '../host.ts'
import { finish, readCbor, writeAll } from '../stream.ts'
import { Slice } from '../time-slice.ts'
import { Admission } from './admission.ts'
import type { ChainSource } from './source.ts'

const log = getLogger('chainxchg')

export interface ExchangeServerInit {
  /** Requests that are worked on at one time, of all peers and of one (Forest's caps of 2026). */
  readonly maxConcurrent?: number
  readonly maxConcurrentPerPeer?: number
  /** How long a request beyond them waits for its turn before it is told to go away, ms. Lotus waits 5 s for the first byte. */
  readonly maxWaitMs?: number
  /** Bytes after which an answer ends early, as partial. The first tipset always fits. */
  readonly maxAnswerBytes?: number
  /** Bytes of all answers that are being gathered or taken; when they are many, answers end earlier. */
  readonly maxHeldBytes?: number
  /** Time for a request to arrive, for its answer to be gathered, and for it to be taken, ms. */
  readonly readTimeoutMs?: number
  readonly gatherTimeoutMs?: number
  readonly writeTimeoutMs?: number
}

/** Text of an error that is told to a peer. */
const MAX_ERROR_TEXT = 1024
/** What stands for the messages where only headers were asked for. */
const CBOR_NULL = Uint8Array.of(0xf6)

/** Requests of one peer that are being read, wait, or are answered: a Lotus that syncs has 16 at a time and a few more. */
const MAX_OPEN_PER_PEER = 24
/** Streams over that number, which are reset, before a peer is reported; one is forgotten with each that is let in. */
const MAX_EXCESS = 256

interface Answer {
  readonly status: number
  readonly errorMessage: string
  /** Encoded tipsets. */
  readonly chain: readonly Uint8Array[]
}

/** What a peer has open, and how often it opened more than it may. */
interface Account {
  open: number
  excess: number
}

export interface ExchangeServerComponents {
  readonly host: Host
  readonly source: ChainSource
  /** Told of a peer that floods the node with requests. */
  readonly onAbuse?: (peer: string, what: string) => void
}

/** Answers requests for pieces of the chain (Lotus chain/exchange/server.go). */
export class ExchangeServer {
  readonly #c: ExchangeServerComponents
  readonly #init: Required<ExchangeServerInit>
  readonly #admission: Admission
  #heldBytes = 0
  readonly #accounts = new Map<string, Account>()
  readonly #stopping = new AbortController()

  constructor(components: ExchangeServerComponents, init: ExchangeServerInit = {}) {
    this.#c = components
    this.#init = {
      maxConcurrent: init.maxConcurrent ?? 32,
      maxConcurrentPerPeer: init.maxConcurrentPerPeer ?? 4,
      maxWaitMs: init.maxWaitMs ?? 2000,
      maxAnswerBytes: init.maxAnswerBytes ?? 10 << 20,
      maxHeldBytes: init.maxHeldBytes ?? 64 << 20,
      readTimeoutMs: init.readTimeoutMs ?? 10_000,
      gatherTimeoutMs: init.gatherTimeoutMs ?? 30_000,
      writeTimeoutMs: init.writeTimeoutMs ?? 60_000,
    }
    this.#admission = new Admission(this.#init)
  }

  /** Requests that are being worked on. */
  get active(): number {
    return this.#admission.active
  }

  async start(): Promise<void> {
    // Streams are counted here and not by libp2p, which tells nobody of a peer that opens too many.
    await this.#c.host.libp2p.handle(CHAIN_EXCHANGE_PROTOCOL, (stream, connection) => this.#handle(stream, connection), {
      maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#c.host.libp2p.unhandle(CHAIN_EXCHANGE_PROTOCOL)
  }

  #handle(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString()
    let account = this.#accounts.get(peer)
    if (account === undefined) {
      account = { open: 0, excess: 0 }
      this.#accounts.set(peer, account)
    }
    if (account.open >= MAX_OPEN_PER_PEER) {
      stream.abort(new NetError('NET_TOO_LARGE', 'too many requests at once'))
      if (++account.excess === MAX_EXCESS) this.#c.onAbuse?.(peer, 'it opens chain exchange streams without end')
      return
    }
    account.open++
    account.excess = Math.max(0, account.excess - 1)
    this.#serve(stream, peer)
      .catch((error: unknown) => {
        log.debug('a chain exchange request failed', { peer, reason: errorMessage(error) })
        stream.abort(error as Error)
      })
      .finally(() => {
        if (--account.open === 0) this.#accounts.delete(peer)
      })
  }

  async #serve(stream: Stream, peer: string): Promise<void> {
    const signal = this.#stopping.signal
    const bytes = await readCbor(stream, { maxBytes: MAX_EXCHANGE_REQUEST_BYTES, timeoutMs: this.#init.readTimeoutMs, signal })
    const request = decode(exchangeRequest, bytes)
    if (!(await this.#admission.enter(peer, signal))) {
      const refusal = encodeAnswer({ status: ExchangeStatus.goAway, errorMessage: 'too many requests at once', chain: [] })
      await writeAll(stream, refusal, { timeoutMs: 1000, signal })
      finish(stream, 1000)
      return
    }
    const held = { bytes: 0 }
    try {
      const slice = new Slice('serving')
      const answer = encodeAnswer(await this.#answer(request, held, slice, signal))
      await writeAll(stream, answer, { timeoutMs: this.#init.writeTimeoutMs, signal, slice })
      finish(stream)
    } finally {
      this.#heldBytes -= held.bytes
      this.#admission.leave(peer)
    }
  }

  async #answer(request: ExchangeRequest, held: { bytes: number }, slice: Slice, signal: AbortSignal): Promise<Answer> {
    const refusal = refuse(request)
    if (refusal !== undefined) return { status: ExchangeStatus.badRequest, errorMessage: refusal, chain: [] }
    try {
      return await this.#collect(request, held, slice, signal)
    } catch (error) {
      log.info('a chain exchange request could not be answered', {}, error)
      return { status: ExchangeStatus.internalError, errorMessage: errorMessage(error).slice(0, MAX_ERROR_TEXT), chain: [] }
    }
  }

  /** Walks back from the head asked for; ends early, as partial, at what the node lacks and at the caps. */
  async #collect(request: ExchangeRequest, held: { bytes: number }, slice: Slice, signal: AbortSignal): Promise<Answer> {
    const source = this.#c.source
    const wantHeaders = (request.options & ExchangeOption.headers) !== 0n
    const wantMessages = (request.options & ExchangeOption.messages) !== 0n
    const length = Number(request.length)
    const chain: Uint8Array[] = []
    const deadline = performance.now() + this.#init.gatherTimeoutMs
    // Requests come many at a time, in one turn of the event loop.
    await slice.pause()
    let key = new TipsetKey(request.head)
    while (chain.length < length) {
      signal.throwIfAborted()
      const tipset = await source.tipset(key)
      const headers = tipset === undefined ? undefined : wantHeaders ? source.headers(tipset) : []
      const messages = tipset === undefined ? undefined : wantMessages ? await source.messages(tipset, slice) : CBOR_NULL
      if (tipset === undefined || headers === undefined || messages === undefined) {
        if (chain.length === 0)
          return {
            status: ExchangeStatus.notFound,
            errorMessage: `tipset ${key} is not known here`.slice(0, MAX_ERROR_TEXT),
            chain: [],
          }
        break
      }
      const encoded = encodeTipset(headers, messages)
      const room = Math.min(this.#init.maxAnswerBytes - held.bytes, this.#init.maxHeldBytes - this.#heldBytes)
      if (chain.length > 0 && encoded.length > room) break
      chain.push(encoded)
      held.bytes += encoded.length
      this.#heldBytes += encoded.length
      if (tipset.height === 0 || performance.now() > deadline) break
      key = tipset.parents
      if (slice.isOver) await slice.pause()
    }
    return { status: chain.length < length ? ExchangeStatus.partial : ExchangeStatus.ok, errorMessage: '', chain }
  }
}

/** Lotus's own words where it has them: other clients may look for them. */
function refuse(request: ExchangeRequest): string | undefined {
  if ((request.options & (ExchangeOption.headers | ExchangeOption.messages)) === 0n) return 'no options set'
  if (request.length > BigInt(MAX_EXCHANGE_LENGTH)) return `request length over maximum allowed (${MAX_EXCHANGE_LENGTH})`
  if (request.length === 0n) return 'invalid request length of zero'
  if (request.head.length === 0) return 'no cids in request'
  return undefined
}

/** The encoding of `exchangeTipset`, from encoded parts. */
function encodeTipset(headers: readonly Uint8Array[], messages: Uint8Array): Uint8Array {
  const w = new CborWriter(headers.reduce((sum, h) => sum + h.length, messages.length + 16))
  w.array(2)
  w.array(headers.length)
  for (const header of headers) w.raw(header)
  w.raw(messages)
  return w.finish()
}

/** The encoding of `exchangeResponse`, in pieces: an answer of megabytes is not copied into one. */
function encodeAnswer(answer: Answer): Uint8Array[] {
  const w = new CborWriter()
  w.array(3)
  w.int(answer.status)
  w.text(answer.errorMessage)
  w.array(answer.chain.length)
  return [w.finish(), ...answer.chain]
}
