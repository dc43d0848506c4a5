import { type Api, type Caller, type CallOptions, encodeParams, makeApi } from '../api/api.ts'
import type { AnyMethod, ApiVersion, Params, Result } from '../api/method.ts'
import type { JsonContext } from '../codec/json.ts'
import { type ApiInfo, parseApiInfo } from './api-info.ts'
import { JsonRpcClient, type RpcClientInit } from './json-client.ts'
import type { WsClient } from './ws-client.ts'

export { type RpcClientInit, readAnswer, resultOf, stringify } from './json-client.ts'

/** A client of a node's JSON-RPC API: calls over HTTP, streams over a WebSocket that is opened when the first one is asked for. */
export class RpcClient extends JsonRpcClient implements Caller {
  readonly #json: JsonContext
  readonly #streams = new Map<ApiVersion, Promise<WsClient>>()
  #api: Api | undefined

  constructor(info: ApiInfo, init: RpcClientInit = {}) {
    super(info, init)
    this.#json = init.json ?? { addressPrefix: 'f' }
  }

  /** A client of the node that `TOKEN:ADDRESS` names. @throws RpcError RPC_ADDRESS */
  static fromApiInfo(text: string, init: RpcClientInit = {}): RpcClient {
    return new RpcClient(parseApiInfo(text), init)
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
  override async close(): Promise<void> {
    await super.close()
    for (const socket of this.#streams.values()) {
      await socket.then(
        (s) => s.close(),
        () => undefined,
      )
    }
    this.#streams.clear()
  }

  #versionOf(def: AnyMethod): ApiVersion {
    return def.versions.includes(this.version) ? this.version : (def.versions.at(-1) as ApiVersion)
  }

  async #socket(version: ApiVersion, signal: AbortSignal | undefined): Promise<WsClient> {
    signal?.throwIfAborted()
    this.closed.signal.throwIfAborted()
    let open = this.#streams.get(version)
    if (open === undefined) {
      // Loaded here: plain calls need no WebSocket, and the CLI starts sooner without it.
      open = import('./ws-client.ts').then(({ WsClient }) =>
        WsClient.connect(`${this.info.url.replace(/^http/, 'ws')}/rpc/${version}`, {
          token: this.info.token,
          maxMessageBytes: this.maxAnswer,
          onClose: () => this.#streams.delete(version),
        }),
      )
      this.#streams.set(version, open)
      open.catch(() => this.#streams.delete(version))
    }
    return open
  }
}
