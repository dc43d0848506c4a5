import { JSONRPCClient } from 'json-rpc-2.0'
import { WebSocket } from 'ws'
import { jsonInteger, parseJson } from '../codec/json.ts'
import { RpcError } from './errors.ts'

interface WsClientInit {
  readonly token: string | undefined
  readonly maxMessageBytes: number
  readonly onClose: () => void
}

/** Items of one channel that have come and were not taken, and who waits for the next. */
interface Channel {
  readonly items: unknown[]
  bytes: number
  ended: Error | true | undefined
  wake: (() => void) | undefined
}

/** Bytes of items that one channel keeps for a reader that is slow; beyond it reading from the socket stops. */
const HIGH_WATER = 32 * 1024 * 1024

/** The client's end of the WebSocket protocol: subscriptions and their channels. */
export class WsClient {
  readonly #socket: WebSocket
  readonly #rpc: JSONRPCClient
  readonly #channels = new Map<number, Channel>()
  #closed: RpcError | undefined
  #lastId = 0

  private constructor(socket: WebSocket, onClose: () => void) {
    this.#socket = socket
    this.#rpc = new JSONRPCClient(
      (payload) => {
        socket.send(JSON.stringify(payload, (_k, v) => (typeof v === 'bigint' ? jsonInteger(v) : v)))
      },
      () => ++this.#lastId,
    )
    socket.on('message', (data) => this.#message(data as Buffer))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      this.#closed ??= new RpcError('RPC_CLOSED', 'the connection to the node was closed')
      this.#rpc.rejectAllPendingRequests(this.#closed.message)
      for (const channel of this.#channels.values()) end(channel, this.#closed)
      this.#channels.clear()
      onClose()
    })
  }

  /** @throws RpcError RPC_UNREACHABLE, RPC_UNAUTHORIZED */
  static connect(url: string, init: WsClientInit): Promise<WsClient> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, {
        handshakeTimeout: 30_000,
        maxPayload: init.maxMessageBytes,
        perMessageDeflate: false,
        ...(init.token === undefined ? {} : { headers: { Authorization: `Bearer ${init.token}` } }),
      })
      const shown = url.replace(/^ws/, 'http').replace(/\/rpc\/v\d$/, '')
      socket.once('unexpected-response', (_request, response) => {
        socket.terminate()
        reject(
          response.statusCode === 401
            ? new RpcError('RPC_UNAUTHORIZED', `the node at ${shown} refused the token`)
            : new RpcError('RPC_BAD_ANSWER', `the node at ${shown} answered HTTP ${response.statusCode} to a WebSocket`),
        )
      })
      socket.once('error', (cause) => {
        reject(new RpcError('RPC_UNREACHABLE', `cannot reach the node at ${shown}: is the daemon running?`, { cause }))
      })
      socket.once('open', () => {
        // `ws` hands messages over as buffers unless told otherwise.
        resolve(new WsClient(socket, init.onClose))
      })
    })
  }

  /** The items of a stream as JSON values. */
  async *stream(
    method: string,
    params: readonly unknown[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<unknown, void, undefined> {
    if (this.#closed !== undefined) throw this.#closed
    signal?.throwIfAborted()
    const id = ++this.#lastId
    const cancel = (): void => this.#rpc.notify('xrpc.cancel', [id])
    signal?.addEventListener('abort', cancel, { once: true })
    let number: number | undefined
    try {
      const answer = await this.#rpc.requestAdvanced({ jsonrpc: '2.0', id, method, params })
      if (answer.error !== undefined && answer.error !== null) {
        if (this.#closed !== undefined) throw this.#closed
        signal?.throwIfAborted()
        throw new RpcError('RPC_ERROR', answer.error.message, { rpcCode: answer.error.code, data: answer.error.data })
      }
      number = answer.result as number
      if (!Number.isSafeInteger(number)) throw new RpcError('RPC_BAD_ANSWER', 'the node did not answer with a channel')
      yield* this.#items(this.#channel(number), signal)
    } finally {
      signal?.removeEventListener('abort', cancel)
      if (number !== undefined) {
        const channel = this.#channels.get(number)
        this.#channels.delete(number)
        this.#flow()
        if (channel?.ended === undefined && signal?.aborted !== true && this.#closed === undefined) cancel()
      }
    }
  }

  async *#items(channel: Channel, signal: AbortSignal | undefined): AsyncGenerator<unknown, void, undefined> {
    const wake = (): void => channel.wake?.()
    signal?.addEventListener('abort', wake, { once: true })
    try {
      for (;;) {
        signal?.throwIfAborted()
        if (channel.items.length > 0) {
          const { value, bytes } = channel.items.shift() as { value: unknown; bytes: number }
          channel.bytes -= bytes
          this.#flow()
          yield value
          continue
        }
        if (channel.ended === true) return
        if (channel.ended !== undefined) throw channel.ended
        await new Promise<void>((resolve) => {
          channel.wake = resolve
        })
        channel.wake = undefined
      }
    } finally {
      signal?.removeEventListener('abort', wake)
    }
  }

  /** Items may come before the answer that names their channel was taken: whoever is first makes it. */
  #channel(number: number): Channel {
    let channel = this.#channels.get(number)
    if (channel === undefined) {
      channel = { items: [], bytes: 0, ended: undefined, wake: undefined }
      this.#channels.set(number, channel)
    }
    return channel
  }

  #message(data: Buffer): void {
    let json: unknown
    try {
      json = parseJson(data.toString('utf8'))
    } catch {
      this.#closed = new RpcError('RPC_BAD_ANSWER', 'the node sent something that is not JSON')
      this.#socket.terminate()
      return
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return
    const { method, params } = json as { method?: unknown; params?: unknown }
    if (method === undefined) {
      // A channel exists from its answer on, so that one which ends at once is not taken for an unknown one.
      const { result, id } = json as { result?: unknown; id?: unknown }
      if (typeof result === 'number' && typeof id === 'number') this.#channel(result)
      this.#rpc.receive(json as Parameters<JSONRPCClient['receive']>[0])
      return
    }
    const number: unknown = Array.isArray(params) ? params[0] : undefined
    if (typeof number !== 'number') return
    const channel = this.#channels.get(number)
    // Items of a channel that was left arrive until the node has heard of it.
    if (channel === undefined) return
    if (method === 'xrpc.ch.val') {
      channel.items.push({ value: (params as unknown[])[1], bytes: data.length })
      channel.bytes += data.length
      channel.wake?.()
      this.#flow()
    } else if (method === 'xrpc.ch.close') {
      end(channel, true)
    }
  }

  /** Stops reading while a channel's reader is far behind: the node then slows down or drops us, as it sees fit. */
  #flow(): void {
    const full = [...this.#channels.values()].some((c) => c.bytes > HIGH_WATER)
    if (full && !this.#socket.isPaused) this.#socket.pause()
    else if (!full && this.#socket.isPaused) this.#socket.resume()
  }

  close(): void {
    this.#closed ??= new RpcError('RPC_CLOSED', 'the client was closed')
    if (this.#socket.isPaused) this.#socket.resume()
    this.#socket.close()
    // A node that does not answer the closing frame must not keep this process alive.
    setTimeout(() => this.#socket.terminate(), 1_000).unref()
  }
}

function end(channel: Channel, how: Error | true): void {
  channel.ended ??= how
  channel.wake?.()
}
