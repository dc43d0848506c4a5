import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { type Api, type Caller, type CallOptions, encodeParams, makeApi } from '../api/api.ts'
import type { AnyMethod, ApiVersion, Params, Result } from '../api/method.ts'
import { type JsonContext, jsonInteger, parseJson } from '../codec/json.ts'
import { type ApiInfo, parseApiInfo } from './api-info.ts'
import { RpcError } from './errors.ts'
import type { WsClient } from './ws-client.ts'

export interface RpcClientInit {
  /** Endpoint of methods that stand at several; v1 without it. */
  readonly version?: ApiVersion
  /** Milliseconds until a call counts as failed; 5 minutes without it, 0 is without limit. */
  readonly timeoutMs?: number
  /** Bytes of an answer; 512 MiB without it. */
  readonly maxAnswerBytes?: number
  /** Letter of addresses in what is sent; either is understood. */
  readonly json?: JsonContext
}

const DEFAULT_TIMEOUT_MS = 5 * 60_000
const DEFAULT_MAX_ANSWER = 512 * 1024 * 1024

/** A client of a node's JSON-RPC API: calls over HTTP, streams over a WebSocket that is opened when the first one is asked for. */
export class RpcClient implements Caller {
  readonly #info: ApiInfo
  readonly #version: ApiVersion
  readonly #timeoutMs: number
  readonly #maxAnswer: number
  readonly #json: JsonContext
  readonly #agent: HttpAgent
  readonly #closed = new AbortController()
  readonly #streams = new Map<ApiVersion, Promise<WsClient>>()
  #ids = 0
  #api: Api | undefined

  constructor(info: ApiInfo, init: RpcClientInit = {}) {
    this.#info = info
    this.#version = init.version ?? 'v1'
    this.#timeoutMs = init.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#maxAnswer = init.maxAnswerBytes ?? DEFAULT_MAX_ANSWER
    this.#json = init.json ?? { addressPrefix: 'f' }
    const Agent = info.url.startsWith('https:') ? HttpsAgent : HttpAgent
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 })
  }

  /** A client of the node that `TOKEN:ADDRESS` names. @throws RpcError RPC_ADDRESS */
  static fromApiInfo(text: string, init: RpcClientInit = {}): RpcClient {
    return new RpcClient(parseApiInfo(text), init)
  }

  get url(): string {
    return this.#info.url
  }

  /** The declared methods, typed. */
  get api(): Api {
    this.#api ??= makeApi(this)
    return this.#api
  }

  /**
   * Calls a method.
   * @throws RpcError RPC_ERROR with the node's number and text; RPC_UNREACHABLE, RPC_TIMEOUT, RPC_UNAUTHORIZED, RPC_BAD_ANSWER;
   *   CodecError for an answer of another type
   */
  async call<D extends AnyMethod>(def: D, params: Params<D>, options: CallOptions = {}): Promise<Result<D>> {
    const json = await this.callJson(def.name, encodeParams(def, params, this.#json), {
      ...options,
      version: this.#versionOf(def),
    })
    return def.result.fromJson(json, 'result')
  }

  /**
   * Calls any method by its name with JSON values, without the contract: for tools that print what they get.
   * Integers beyond 2^53 are bigint in both directions.
   */
  async callJson(
    name: string,
    params: readonly unknown[],
    options: CallOptions & { readonly version?: ApiVersion } = {},
  ): Promise<unknown> {
    const id = ++this.#ids
    const body = stringify({ jsonrpc: '2.0', id, method: name, params })
    const answer = await this.#post(options.version ?? this.#version, body, options)
    return readAnswer(answer, id)
  }

  /** The items of a stream. It ends when the node ends it; leaving the loop or the signal cancels it. */
  async *stream<D extends AnyMethod>(
    def: D,
    params: Params<D>,
    options: CallOptions = {},
  ): AsyncGenerator<Result<D>, void, undefined> {
    const socket = await this.#socket(this.#versionOf(def), options.signal)
    for await (const item of socket.stream(def.name, encodeParams(def, params, this.#json), options.signal)) {
      yield def.result.fromJson(item, 'item')
    }
  }

  /** Ends open calls and streams and frees the connections. */
  async close(): Promise<void> {
    this.#closed.abort(new RpcError('RPC_CLOSED', 'the client was closed'))
    this.#agent.destroy()
    for (const socket of this.#streams.values()) {
      await socket.then(
        (s) => s.close(),
        () => undefined,
      )
    }
    this.#streams.clear()
  }

  #versionOf(def: AnyMethod): ApiVersion {
    return def.versions.includes(this.#version) ? this.#version : (def.versions.at(-1) as ApiVersion)
  }

  async #socket(version: ApiVersion, signal: AbortSignal | undefined): Promise<WsClient> {
    signal?.throwIfAborted()
    this.#closed.signal.throwIfAborted()
    let open = this.#streams.get(version)
    if (open === undefined) {
      // Loaded here: plain calls need no WebSocket, and the CLI starts sooner without it.
      open = import('./ws-client.ts').then(({ WsClient }) =>
        WsClient.connect(`${this.#info.url.replace(/^http/, 'ws')}/rpc/${version}`, {
          token: this.#info.token,
          maxMessageBytes: this.#maxAnswer,
          onClose: () => this.#streams.delete(version),
        }),
      )
      this.#streams.set(version, open)
      open.catch(() => this.#streams.delete(version))
    }
    return open
  }

  #post(version: ApiVersion, body: string, options: CallOptions): Promise<string> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    const signals = [this.#closed.signal, ...(options.signal === undefined ? [] : [options.signal])]
    const timeout = new AbortController()
    const timer = timeoutMs > 0 ? setTimeout(() => timeout.abort(), timeoutMs) : undefined
    const signal = AbortSignal.any([...signals, timeout.signal])
    return new Promise<string>((resolve, reject) => {
      const fail = (error: unknown): void => {
        if (timeout.signal.aborted)
          reject(new RpcError('RPC_TIMEOUT', `the node at ${this.#info.url} did not answer within ${timeoutMs} ms`))
        else if (signal.aborted) reject(signal.reason)
        else if (error instanceof RpcError) reject(error)
        else
          reject(
            new RpcError('RPC_UNREACHABLE', `cannot reach the node at ${this.#info.url}: is the daemon running?`, {
              cause: error,
            }),
          )
      }
      if (signal.aborted) {
        fail(signal.reason)
        return
      }
      const send = this.#info.url.startsWith('https:') ? httpsRequest : httpRequest
      const request = send(`${this.#info.url}/rpc/${version}`, {
        method: 'POST',
        agent: this.#agent,
        signal,
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          ...(this.#info.token === undefined ? {} : { Authorization: `Bearer ${this.#info.token}` }),
        },
      })
      request.on('error', fail)
      request.on('response', (response) => {
        readBody(response, this.#maxAnswer).then((text) => {
          if (response.statusCode === 401)
            fail(new RpcError('RPC_UNAUTHORIZED', `the node at ${this.#info.url} refused the token`))
          else if (text === '')
            fail(
              new RpcError('RPC_BAD_ANSWER', `the node at ${this.#info.url} answered HTTP ${response.statusCode} without a body`),
            )
          else resolve(text)
        }, fail)
      })
      request.end(body)
    }).finally(() => clearTimeout(timer))
  }
}

/** JSON text with bigints as exact integers. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, v) => (typeof v === 'bigint' ? jsonInteger(v) : v))
}

async function readBody(response: IncomingMessage, max: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += (chunk as Buffer).length
    if (size > max) throw new RpcError('RPC_BAD_ANSWER', `the node's answer is larger than the limit of ${max} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks, size).toString('utf8')
}

/** The result in an answer. @throws RpcError */
export function readAnswer(text: string, id: number): unknown {
  let answer: unknown
  try {
    answer = parseJson(text)
  } catch (cause) {
    throw new RpcError('RPC_BAD_ANSWER', 'the node answered something that is not JSON: is this the port of its API?', { cause })
  }
  return resultOf(answer, id)
}

/** As `readAnswer`, of an answer that was parsed; `id` is not compared where it is undefined. */
export function resultOf(answer: unknown, id?: number): unknown {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new RpcError('RPC_BAD_ANSWER', 'the node answered something that is not JSON-RPC: is this the port of its API?')
  const { error, result, id: given } = answer as { error?: unknown; result?: unknown; id?: unknown }
  if (typeof error === 'object' && error !== null) {
    const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown }
    const hint = (data as { hint?: unknown } | null | undefined)?.hint
    throw new RpcError('RPC_ERROR', typeof message === 'string' ? message : 'the node answered an error without a text', {
      rpcCode: typeof code === 'number' ? code : 1,
      ...(data === undefined ? {} : { data }),
      ...(typeof hint === 'string' ? { hint } : {}),
    })
  }
  if (id !== undefined && given !== id) throw new RpcError('RPC_BAD_ANSWER', 'the node answered another call than was made')
  return result ?? null
}
