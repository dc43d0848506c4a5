import { WebSocket } from 'ws'
import { limitExceeded } from '../api/errors.ts'
import type { ApiVersion, Permission } from '../api/method.ts'
import type { Json } from '../codec/json.ts'
import { getLogger } from '../lib/log.ts'
import type { Dispatcher } from './dispatcher.ts'
import { plainText } from './dispatcher.ts'
import { errorText, idOf, notificationText, type RequestId, readRequest, readRequestJson, resultText } from './envelope.ts'
import { RpcError } from './errors.ts'
import type { RpcLimits } from './limits.ts'

const log = getLogger('rpc')

/** What a connection needs of its server. */
export interface WsConnectionComponents {
  readonly socket: WebSocket
  readonly dispatcher: Dispatcher
  /** Fires when the server closes. */
  readonly closing: AbortSignal
}

/** Lotus's channel protocol over WebSocket (go-jsonrpc websocket.go). */
const CANCEL = 'xrpc.cancel'
const CHANNEL_VALUE = 'xrpc.ch.val'
const CHANNEL_CLOSE = 'xrpc.ch.close'

/**
 * One WebSocket client: any number of calls at the same time, and channels. A method with a stream answers with a channel's
 * number; each item comes as `xrpc.ch.val [number, item]`, the end as `xrpc.ch.close [number]`; `xrpc.cancel [request id]`
 * ends a call or a channel. The next item is taken only when the last one has left for the network.
 */
export class WsConnection {
  readonly #socket: WebSocket
  readonly #dispatcher: Dispatcher
  readonly #perms: readonly Permission[]
  readonly #version: ApiVersion
  readonly #limits: RpcLimits
  readonly #life = new AbortController()
  /** Open calls by their id; a call without an id cannot be cancelled. */
  readonly #calls = new Map<string, AbortController>()
  #open = 0
  #channels = 0
  #heard = true

  constructor(
    components: WsConnectionComponents,
    init: { readonly perms: readonly Permission[]; readonly version: ApiVersion; readonly limits: RpcLimits },
  ) {
    this.#socket = components.socket
    this.#dispatcher = components.dispatcher
    this.#perms = init.perms
    this.#version = init.version
    this.#limits = init.limits
    const stop = (): void => this.#life.abort(new RpcError('RPC_CLOSED', 'the server is closing'))
    components.closing.addEventListener('abort', stop, { once: true })
    this.#socket.on('message', (data) => {
      this.#heard = true
      this.#message(data as Buffer)
    })
    this.#socket.on('pong', () => {
      this.#heard = true
    })
    this.#socket.on('error', () => this.#socket.terminate())
    this.#socket.on('close', () => {
      components.closing.removeEventListener('abort', stop)
      this.#life.abort(new RpcError('RPC_CANCELLED', 'the client has gone'))
    })
  }

  /** Calls and channels that have not ended. */
  get open(): number {
    return this.#open
  }

  /** Drops the client when it was silent since the last ping, else pings it. */
  ping(): void {
    if (!this.#heard) {
      this.#socket.terminate()
      return
    }
    this.#heard = false
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping()
  }

  #message(data: Buffer): void {
    let json: unknown
    try {
      json = readRequestJson(data, this.#limits.maxDepth)
    } catch (e) {
      void this.#send(errorText(null, e))
      return
    }
    if (this.#open >= this.#limits.maxOpenCallsPerConnection && (json as { method?: unknown } | null)?.method !== CANCEL) {
      void this.#send(errorText(idOf(json), limitExceeded('too many calls are open on this connection: wait for answers first')))
      return
    }
    this.#open++
    const done = Array.isArray(json) ? this.#batch(json) : this.#single(json)
    void done.finally(() => {
      this.#open--
    })
  }

  async #batch(json: unknown[]): Promise<void> {
    const caller = { perms: this.#perms, version: this.#version, signal: this.#life.signal }
    const text = await this.#dispatcher.answer(json, caller)
    if (text !== undefined) await this.#send(text)
  }

  async #single(json: unknown): Promise<void> {
    let id: RequestId | undefined
    let key: string | undefined
    const abort = new AbortController()
    const signal = AbortSignal.any([abort.signal, this.#life.signal])
    try {
      id = idOf(json)
      // An answer to a call of ours; this side makes none.
      if (isAnswer(json)) return
      const request = readRequest(json)
      id = request.id
      if (request.method === CANCEL) {
        this.#cancel(request.params)
        return
      }
      if (request.method.startsWith('xrpc.')) return
      if (id !== undefined) {
        key = callKey(id)
        // A second call under an id that is open takes its place for cancelling, as in go-jsonrpc.
        this.#calls.set(key, abort)
      }
      const caller = { perms: this.#perms, version: this.#version, signal }
      const result = await this.#dispatcher.call(request, caller, true)
      if ('stream' in result) await this.#stream(id, result.stream, signal)
      else if (id !== undefined) await this.#send(resultText(id, plainText(result)))
    } catch (e) {
      if (id !== undefined) await this.#send(errorText(id, e))
    } finally {
      if (key !== undefined && this.#calls.get(key) === abort) this.#calls.delete(key)
    }
  }

  #cancel(params: unknown): void {
    const id: unknown = Array.isArray(params) ? params[0] : undefined
    if (typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint')
      this.#calls.get(callKey(id))?.abort(new RpcError('RPC_CANCELLED', 'the caller has cancelled the call'))
  }

  async #stream(id: RequestId | undefined, stream: AsyncIterable<Json>, signal: AbortSignal): Promise<void> {
    const items = stream[Symbol.asyncIterator]()
    try {
      // A channel without an id could never be cancelled nor told from others.
      if (id === undefined) return
      const channel = ++this.#channels
      if (!(await this.#send(resultText(id, String(channel))))) return
      try {
        for (;;) {
          const item = await orAborted(items.next(), signal)
          if (item === undefined || item.done === true) break
          if (!(await this.#send(notificationText(CHANNEL_VALUE, [channel, item.value])))) return
        }
      } finally {
        // The protocol has no word for an error here: a stream that fails ends.
        await this.#send(notificationText(CHANNEL_CLOSE, [channel]))
      }
    } catch (e) {
      // The items' own failure; the channel was closed above.
      if (!signal.aborted) log.warn('a stream ended with an error', {}, e)
    } finally {
      // Not awaited: a source that is stuck must not hold the call open.
      void Promise.resolve(items.return?.()).catch(() => undefined)
    }
  }

  /** Sends a text and waits until it has left; a client that does not take it in time is dropped. @returns whether it left */
  #send(text: string): Promise<boolean> {
    const socket = this.#socket
    if (socket.readyState !== WebSocket.OPEN) return Promise.resolve(false)
    if (socket.bufferedAmount > this.#limits.maxBufferedBytes) {
      socket.terminate()
      return Promise.resolve(false)
    }
    return new Promise((resolve) => {
      let before = socket.bufferedAmount
      // Progress counts, not the whole: a large answer over a thin line may take its time.
      const watch = setInterval(() => {
        const now = socket.bufferedAmount
        if (now > 0 && now >= before) socket.terminate()
        before = now
      }, this.#limits.slowClientMs)
      watch.unref()
      socket.send(text, (error) => {
        clearInterval(watch)
        resolve(!error)
      })
    })
  }

  /** Asks the client to leave; `terminate` follows when it does not. */
  close(): void {
    this.#socket.close(1001, 'the server is closing')
  }

  terminate(): void {
    this.#socket.terminate()
  }
}

function callKey(id: RequestId): string {
  return `${typeof id === 'string' ? 's' : 'n'}${id}`
}

function isAnswer(json: unknown): boolean {
  return typeof json === 'object' && json !== null && !('method' in json) && ('result' in json || 'error' in json)
}

/** The promise's value, or undefined as soon as the signal has fired. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined)
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
