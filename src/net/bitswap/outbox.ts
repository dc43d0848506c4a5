import type { Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { NetError } from '../errors.ts'
import type { Host } from '../host.ts'
import { BITSWAP_PROTOCOLS, BITSWAP_WITH_PRESENCE, type BitswapMessage, encodeMessage } from './message.ts'
import { uvarint } from './protobuf.ts'

const log = getLogger('bitswap')

/** Bytes that may wait for one peer. */
const MAX_QUEUED_BYTES = 8 << 20
/** Time that a peer has to take one message. */
const WRITE_TIMEOUT_MS = 10_000
/** Idle time after which the stream to a peer is closed. */
const IDLE_MS = 30_000

/** Messages for one peer, sent one after another over a stream of our own: answers never go back over the asker's stream. */
export class Outbox {
  readonly #host: Host
  readonly #peer: string
  readonly #queue: Uint8Array[] = []
  #queuedBytes = 0
  #running = false
  #stream: Stream | undefined
  #idle: NodeJS.Timeout | undefined
  #drained: PromiseWithResolvers<void> | undefined
  readonly #stopped = new AbortController()

  constructor(host: Host, peer: string) {
    this.#host = host
    this.#peer = peer
  }

  /** Whether the peer understands presences; true until a stream says otherwise. */
  get hasPresence(): boolean {
    return this.#stream === undefined || this.#stream.protocol === BITSWAP_WITH_PRESENCE
  }

  /** Queues a message. False when too much waits already; the message is dropped then. */
  send(message: BitswapMessage): boolean {
    if (this.#stopped.signal.aborted) return false
    const bytes = encodeMessage(message)
    if (this.#queuedBytes + bytes.length > MAX_QUEUED_BYTES) return false
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    if (!this.#running) void this.#run()
    return true
  }

  /** Resolves when nothing waits to be sent, or the peer is gone. */
  async drained(): Promise<void> {
    if (!this.#running) return
    this.#drained ??= Promise.withResolvers()
    await this.#drained.promise
  }

  close(): void {
    this.#stopped.abort()
    clearTimeout(this.#idle)
    this.#stream?.abort(new NetError('NET_STOPPED', 'bitswap with this peer has ended'))
    this.#stream = undefined
    this.#clear()
  }

  #clear(): void {
    this.#queue.length = 0
    this.#queuedBytes = 0
  }

  async #run(): Promise<void> {
    this.#running = true
    clearTimeout(this.#idle)
    try {
      for (let bytes = this.#queue.shift(); bytes !== undefined; bytes = this.#queue.shift()) {
        this.#queuedBytes -= bytes.length
        const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(WRITE_TIMEOUT_MS)])
        const stream = await this.#open(signal)
        for (const part of [uvarint(bytes.length), bytes]) if (!stream.send(part)) await stream.onDrain({ signal })
      }
    } catch (error) {
      log.debug('a bitswap message was not sent', { peer: this.#peer, reason: errorMessage(error) })
      this.#stream?.abort(error as Error)
      this.#stream = undefined
      this.#clear()
    } finally {
      this.#running = false
      this.#drained?.resolve()
      this.#drained = undefined
      this.#closeWhenIdle()
    }
  }

  #closeWhenIdle(): void {
    if (this.#stopped.signal.aborted) return
    this.#idle = setTimeout(() => {
      const stream = this.#stream
      this.#stream = undefined
      stream?.close({ signal: AbortSignal.timeout(WRITE_TIMEOUT_MS) }).catch((error: Error) => stream.abort(error))
    }, IDLE_MS)
    this.#idle.unref()
  }

  async #open(signal: AbortSignal): Promise<Stream> {
    if (this.#stream !== undefined && this.#stream.writeStatus === 'writable') return this.#stream
    const connection = this.#host.libp2p.getConnections(peerIdFromString(this.#peer)).find((c) => c.status === 'open')
    if (connection === undefined) throw new NetError('NET_UNREACHABLE', 'there is no connection to the peer')
    this.#stream = await connection.newStream([...BITSWAP_PROTOCOLS], { signal })
    return this.#stream
  }
}
