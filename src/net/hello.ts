import type { Connection, IdentifyResult, Stream } from '@libp2p/interface'
import { decode, encode } from '../codec/codec.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { CID } from '../types/cid.ts'
import {
  HELLO_PROTOCOL,
  type HelloMessage,
  helloMessage,
  latencyMessage,
  MAX_HELLO_BYTES,
  MAX_LATENCY_BYTES,
} from '../types/wire/hello.ts'
import { closeConnection } from './connection-trimmer.ts'
import type { Gater } from './gater.ts'
import type { Host } from './host.ts'
import { Introductions } from './introductions.ts'
import { finish, readCbor, writeAll } from './stream.ts'

const log = getLogger('hello')

export interface HelloComponents {
  readonly host: Host
  readonly gater: Gater
  /** The head of this node with its weight: what peers are told. */
  readonly head: () => Promise<Pick<HelloMessage, 'heaviestTipSet' | 'heaviestTipSetHeight' | 'heaviestTipSetWeight'>>
  readonly genesis: CID
  /** Whether a peer has said a hello that fits our chain. */
  readonly isPeer: (peer: string) => boolean
  /** Told of each hello of a peer on the same chain. */
  readonly onHello: (peer: string, hello: HelloMessage) => void
  /** Told how long a peer took to answer, ms, and by how much its clock is ahead of ours, ms. */
  readonly onLatency: (peer: string, latencyMs: number, clockOffsetMs: number | undefined) => void
}

export interface HelloInit {
  readonly timeoutMs?: number
  /** How long a peer of another chain is turned away, ms. */
  readonly shunMs?: number
  /** Until a step of the introduction is taken again, ms. */
  readonly patienceMs?: number
}

/** Hellos of one peer that are heard in ten seconds; an honest one says one per connection. */
const HELLOS_PER_WINDOW = 4
const WINDOW_MS = 10_000
/** Clock offset from which on it is worth a line in the log (Lotus node/hello). */
const CLOCK_OFFSET_WARN_MS = 5000
const NANOS_PER_MS = 1_000_000n

/** Tells peers our head when they connect, and hears theirs (Lotus node/hello/hello.go). */
export class HelloService {
  readonly #c: HelloComponents
  readonly #timeoutMs: number
  readonly #shunMs: number
  readonly #introductions: Introductions
  readonly #heard = new Map<string, number>()
  readonly #stopping = new AbortController()
  #window: NodeJS.Timeout | undefined

  constructor(components: HelloComponents, init: HelloInit = {}) {
    this.#c = components
    this.#timeoutMs = init.timeoutMs ?? 10_000
    this.#shunMs = init.shunMs ?? 10 * 60_000
    const { libp2p } = components.host
    this.#introductions = new Introductions(
      {
        connections: () => libp2p.getConnections(),
        identify: (connection) => libp2p.services.identify.identify(connection),
        sayHello: (connection) => this.#sayHello(connection),
        isPeer: components.isPeer,
        close: (connection, reason) => {
          log.info('a connection is given up', { peer: connection.remotePeer.toString(), reason })
          void closeConnection(connection, reason)
        },
      },
      init.patienceMs === undefined ? {} : { patienceMs: init.patienceMs },
    )
  }

  async start(): Promise<void> {
    const { libp2p } = this.#c.host
    await libp2p.handle(HELLO_PROTOCOL, (stream, connection) => this.#handle(stream, connection), {
      maxInboundStreams: 4,
      maxOutboundStreams: 4,
    })
    libp2p.addEventListener('peer:identify', this.#onIdentify)
    this.#window = setInterval(() => this.#heard.clear(), WINDOW_MS)
    this.#window.unref()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#window)
    this.#c.host.libp2p.removeEventListener('peer:identify', this.#onIdentify)
    await this.#c.host.libp2p.unhandle(HELLO_PROTOCOL)
  }

  readonly #onIdentify = (event: CustomEvent<IdentifyResult>): void => {
    const { connection, protocols } = event.detail
    this.#introductions.identified(connection, protocols.includes(HELLO_PROTOCOL))
  }

  /** Takes again what failed or was not answered; to be called every few seconds. */
  look(): void {
    this.#introductions.look()
  }

  async #sayHello(connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    const hello = encode(helloMessage, { ...(await this.#c.head()), genesisHash: this.#c.genesis })
    const timeoutMs = this.#timeoutMs
    const signal = this.#stopping.signal
    const stream = await connection.newStream(HELLO_PROTOCOL, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    const sentAt = Date.now()
    const sent = performance.now()
    const reading = readCbor(stream, { maxBytes: MAX_LATENCY_BYTES, timeoutMs: 2 * timeoutMs, signal })
    const [bytes] = await Promise.all([reading, writeAll(stream, hello, { timeoutMs, signal })])
    const latencyMs = performance.now() - sent
    finish(stream, 1000)
    const { tArrival, tSent } = decode(latencyMessage, bytes)
    const clockOffsetMs =
      tArrival === 0n || tSent === 0n
        ? undefined
        : Number((tArrival + tSent) / 2n / NANOS_PER_MS) - (sentAt + sentAt + latencyMs) / 2
    if (clockOffsetMs !== undefined && Math.abs(clockOffsetMs) > CLOCK_OFFSET_WARN_MS) {
      log.info('the clock of a peer differs from ours', { peer, seconds: clockOffsetMs / 1000 })
    }
    this.#c.onLatency(peer, latencyMs, clockOffsetMs)
  }

  #handle(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString()
    const heard = (this.#heard.get(peer) ?? 0) + 1
    this.#heard.set(peer, heard)
    if (heard > HELLOS_PER_WINDOW) {
      stream.abort(new Error('too many hellos'))
      return
    }
    this.#hear(stream, connection).catch((error: unknown) => {
      // As Lotus does: who cannot say hello is no peer of ours.
      log.info('a hello could not be read; the connection is closed', { peer, reason: errorMessage(error) })
      void closeConnection(connection, 'the hello could not be read')
    })
  }

  async #hear(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    const signal = this.#stopping.signal
    const bytes = await readCbor(stream, { maxBytes: MAX_HELLO_BYTES, timeoutMs: this.#timeoutMs, signal })
    const arrived = BigInt(Date.now()) * NANOS_PER_MS
    const hello = decode(helloMessage, bytes)
    if (!hello.genesisHash.equals(this.#c.genesis)) {
      log.info('a peer is on a chain with another genesis', { peer, genesis: hello.genesisHash.toString() })
      this.#c.gater.shun(peer, this.#shunMs)
      await Promise.all(
        this.#c.host.libp2p.getConnections(connection.remotePeer).map((c) => closeConnection(c, 'another genesis')),
      )
      return
    }
    this.#c.onHello(peer, hello)
    const answer = encode(latencyMessage, { tArrival: arrived, tSent: BigInt(Date.now()) * NANOS_PER_MS })
    try {
      await writeAll(stream, answer, { timeoutMs: this.#timeoutMs, signal })
      finish(stream)
    } catch (error) {
      log.debug('answering a hello failed', { peer, reason: errorMessage(error) })
    }
  }
}
