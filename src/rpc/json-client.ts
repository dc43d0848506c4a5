import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { CallOptions } from '../api/api.ts'
import type { ApiVersion } from '../api/method.ts'
import { type JsonContext, jsonInteger, parseJson } from '../codec/json.ts'
import type { ApiInfo } from './api-info.ts'
import { RpcError } from './errors.ts'

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

/**
 * Calls of a node's JSON-RPC API by name, JSON in and out. It knows nothing of the methods, so that a command line tool, which
 * prints what it gets, starts without loading the contract; RpcClient adds the types and the streams.
 */
export class JsonRpcClient {
  protected readonly info: ApiInfo
  protected readonly version: ApiVersion
  protected readonly maxAnswer: number
  protected readonly closed = new AbortController()
  readonly #timeoutMs: number
  readonly #agent: HttpAgent
  #ids = 0

  constructor(info: ApiInfo, init: RpcClientInit = {}) {
    this.info = info
    this.version = init.version ?? 'v1'
    this.maxAnswer = init.maxAnswerBytes ?? DEFAULT_MAX_ANSWER
    this.#timeoutMs = init.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const Agent = info.url.startsWith('https:') ? HttpsAgent : HttpAgent
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 })
  }

  get url(): string {
    return this.info.url
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
    const answer = await this.#post(options.version ?? this.version, body, options)
    return readAnswer(answer, id)
  }

  /** Ends open calls and frees the connections. */
  async close(): Promise<void> {
    this.closed.abort(new RpcError('RPC_CLOSED', 'the client was closed'))
    this.#agent.destroy()
  }

  #post(version: ApiVersion, body: string, options: CallOptions): Promise<string> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    const signals = [this.closed.signal, ...(options.signal === undefined ? [] : [options.signal])]
    const timeout = new AbortController()
    const timer = timeoutMs > 0 ? setTimeout(() => timeout.abort(), timeoutMs) : undefined
    const signal = AbortSignal.any([...signals, timeout.signal])
    return new Promise<string>((resolve, reject) => {
      const fail = (error: unknown): void => {
        if (timeout.signal.aborted)
          reject(new RpcError('RPC_TIMEOUT', `the node at ${this.info.url} did not answer within ${timeoutMs} ms`))
        else if (signal.aborted) reject(signal.reason)
        else if (error instanceof RpcError) reject(error)
        else
          reject(
            new RpcError('RPC_UNREACHABLE', `cannot reach the node at ${this.info.url}: is the daemon running?`, {
              cause: error,
            }),
          )
      }
      if (signal.aborted) {
        fail(signal.reason)
        return
      }
      const send = this.info.url.startsWith('https:') ? httpsRequest : httpRequest
      const request = send(`${this.info.url}/rpc/${version}`, {
        method: 'POST',
        agent: this.#agent,
        signal,
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          ...(this.info.token === undefined ? {} : { Authorization: `Bearer ${this.info.token}` }),
        },
      })
      request.on('error', fail)
      request.on('response', (response) => {
        readBody(response, this.maxAnswer).then((text) => {
          if (response.statusCode === 401)
            fail(new RpcError('RPC_UNAUTHORIZED', `the node at ${this.info.url} refused the token`))
          else if (text === '')
            fail(
              new RpcError('RPC_BAD_ANSWER', `the node at ${this.info.url} answered HTTP ${response.statusCode} without a body`),
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
