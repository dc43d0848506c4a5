import type { Connection, Stream } from '@libp2p/interface'
import { CborWriter } from '../../codec/cbor-writer.ts'
import { decode, encode } from '../../codec/codec.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { TipsetKey } from '../../types/tipset.ts'
import {
  CHAIN_EXCHANGE_PROTOCOL,
  ExchangeOption,
  type ExchangeRequest,
  ExchangeStatus,
  type ExchangeTipset,
  exchangeRequest,
  exchangeTipset,
  MAX_EXCHANGE_LENGTH,
  MAX_EXCHANGE_REQUEST_BYTES,
} from '../../types/wire/chain-exchange.ts'
import type { Host } from '../host.ts'
import { finish, readCbor, writeAll } from '../stream.ts'
import { pause, Slice } from '../time-slice.ts'
import type { ChainSource } from './source.ts'

const log = getLogger('chainxchg')

export interface ExchangeServerInit {
  /** Requests that are worked on at one time, of all peers and of one (Forest's caps of 2026). */
  readonly maxConcurrent?: number
  readonly maxConcurrentPerPeer?: number
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

interface Answer {
  readonly status: number
  readonly errorMessage: string
  /** Encoded tipsets. */
  readonly chain: readonly Uint8Array[]
}

/** Answers requests for pieces of the chain (Lotus chain/exchange/server.go). */
export class ExchangeServer {
  readonly #host: Host
  readonly #source: ChainSource
  readonly #init: Required<ExchangeServerInit>
  #active = 0
  #heldBytes = 0
  readonly #activeByPeer = new Map<string, number>()
  readonly #stopping = new AbortController()

  constructor(components: { readonly host: Host; readonly source: ChainSource }, init: ExchangeServerInit = {}) {
    this.#host = components.host
    this.#source = components.source
    this.#init = {
      maxConcurrent: init.maxConcurrent ?? 32,
      maxConcurrentPerPeer: init.maxConcurrentPerPeer ?? 4,
      maxAnswerBytes: init.maxAnswerBytes ?? 10 << 20,
      maxHeldBytes: init.maxHeldBytes ?? 64 << 20,
      readTimeoutMs: init.readTimeoutMs ?? 10_000,
      gatherTimeoutMs: init.gatherTimeoutMs ?? 30_000,
      writeTimeoutMs: init.writeTimeoutMs ?? 60_000,
    }
  }

  /** Requests that are being worked on. */
  get active(): number {
    return this.#active
  }

  async start(): Promise<void> {
    await this.#host.libp2p.handle(CHAIN_EXCHANGE_PROTOCOL, (stream, connection) => this.#handle(stream, connection), {
      // A few more than are served at once: those over the limit get an answer that says so.
      maxInboundStreams: this.#init.maxConcurrentPerPeer * 4,
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#host.libp2p.unhandle(CHAIN_EXCHANGE_PROTOCOL)
  }

  #handle(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString()
    this.#serve(stream, peer).catch((error: unknown) => {
      log.debug('a chain exchange request failed', { peer, reason: errorMessage(error) })
      stream.abort(error as Error)
    })
  }

  async #serve(stream: Stream, peer: string): Promise<void> {
    const signal = this.#stopping.signal
    const own = this.#activeByPeer.get(peer) ?? 0
    if (this.#active >= this.#init.maxConcurrent || own >= this.#init.maxConcurrentPerPeer) {
      await writeAll(
        stream,
        encodeAnswer({ status: ExchangeStatus.goAway, errorMessage: 'too many requests at once', chain: [] }),
        {
          timeoutMs: 1000,
          signal,
        },
      )
      finish(stream, 1000)
      return
    }
    this.#active++
    this.#activeByPeer.set(peer, own + 1)
    const held = { bytes: 0 }
    try {
      const bytes = await readCbor(stream, { maxBytes: MAX_EXCHANGE_REQUEST_BYTES, timeoutMs: this.#init.readTimeoutMs, signal })
      const answer = encodeAnswer(await this.#answer(decode(exchangeRequest, bytes), held, signal))
      await writeAll(stream, answer, { timeoutMs: this.#init.writeTimeoutMs, signal })
      finish(stream)
    } finally {
      this.#active--
      this.#heldBytes -= held.bytes
      const left = (this.#activeByPeer.get(peer) ?? 1) - 1
      if (left <= 0) this.#activeByPeer.delete(peer)
      else this.#activeByPeer.set(peer, left)
    }
  }

  async #answer(request: ExchangeRequest, held: { bytes: number }, signal: AbortSignal): Promise<Answer> {
    const refusal = refuse(request)
    if (refusal !== undefined) return { status: ExchangeStatus.badRequest, errorMessage: refusal, chain: [] }
    try {
      return await this.#collect(request, held, signal)
    } catch (error) {
      log.info('a chain exchange request could not be answered', {}, error)
      return { status: ExchangeStatus.internalError, errorMessage: errorMessage(error).slice(0, MAX_ERROR_TEXT), chain: [] }
    }
  }

  /** Walks back from the head asked for; ends early, as partial, at what the node lacks and at the caps. */
  async #collect(request: ExchangeRequest, held: { bytes: number }, signal: AbortSignal): Promise<Answer> {
    const wantHeaders = (request.options & ExchangeOption.headers) !== 0n
    const wantMessages = (request.options & ExchangeOption.messages) !== 0n
    const length = Number(request.length)
    const chain: Uint8Array[] = []
    const deadline = performance.now() + this.#init.gatherTimeoutMs
    const slice = new Slice()
    // Requests come many at a time, in one turn of the event loop.
    await pause(slice)
    let key = new TipsetKey(request.head)
    while (chain.length < length) {
      signal.throwIfAborted()
      const tipset = await this.#source.tipset(key)
      const messages = tipset !== undefined && wantMessages ? await this.#source.messages(tipset) : null
      if (tipset === undefined || messages === undefined) {
        if (chain.length === 0)
          return {
            status: ExchangeStatus.notFound,
            errorMessage: `tipset ${key} is not known here`.slice(0, MAX_ERROR_TEXT),
            chain: [],
          }
        break
      }
      const element: ExchangeTipset = { blocks: wantHeaders ? [...tipset.blocks] : [], messages }
      const encoded = encode(exchangeTipset, element)
      const room = Math.min(this.#init.maxAnswerBytes - held.bytes, this.#init.maxHeldBytes - this.#heldBytes)
      if (chain.length > 0 && encoded.length > room) break
      chain.push(encoded)
      held.bytes += encoded.length
      this.#heldBytes += encoded.length
      if (tipset.height === 0 || performance.now() > deadline) break
      key = tipset.parents
      if (slice.isOver) await pause(slice)
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

function encodeAnswer(answer: Answer): Uint8Array {
  const w = new CborWriter()
  w.array(3)
  w.int(answer.status)
  w.text(answer.errorMessage)
  w.array(answer.chain.length)
  for (const element of answer.chain) w.raw(element)
  return w.finish()
}
