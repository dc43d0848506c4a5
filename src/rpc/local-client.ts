import { type Api, type Caller, type CallOptions, encodeParams, makeApi } from '../api/api.ts'
import { ApiError } from '../api/errors.ts'
import { type AnyMethod, type ApiVersion, allPermissions, type CallContext, type Params, type Result } from '../api/method.ts'
import { type JsonContext, parseJson } from '../codec/json.ts'
import { RpcError } from './errors.ts'
import type { Router, RouterResult } from './router.ts'

/**
 * The API of the node in this process, for its own miner and for tests: the same typed methods as `RpcClient`, handed to the
 * router directly, with all permissions. Values pass through their JSON, so that both ways answer alike.
 */
export class LocalClient implements Caller {
  readonly #router: Router
  readonly #json: JsonContext
  readonly #closing: AbortSignal
  readonly api: Api

  constructor(components: { readonly router: Router; readonly closing: AbortSignal }, init: { readonly json: JsonContext }) {
    this.#router = components.router
    this.#closing = components.closing
    this.#json = init.json
    this.api = makeApi(this)
  }

  async call<D extends AnyMethod>(def: D, params: Params<D>, options: CallOptions = {}): Promise<Result<D>> {
    const { signal, timeoutMs = 0 } = options
    const timeout = new AbortController()
    const timer = timeoutMs > 0 ? setTimeout(() => timeout.abort(timedOut(def, timeoutMs)), timeoutMs) : undefined
    try {
      const all = AbortSignal.any([this.#closing, timeout.signal, ...(signal === undefined ? [] : [signal])])
      const answer = await this.#run(def, params, all)
      if ('stream' in answer) throw new ApiError('API_CONTRACT', `${def.name} is a stream: ask for its items`)
      const json = 'text' in answer ? parseJson(answer.text) : parseJson(JSON.stringify(answer.json))
      return def.result.fromJson(json, 'result')
    } finally {
      clearTimeout(timer)
    }
  }

  async *stream<D extends AnyMethod>(
    def: D,
    params: Params<D>,
    { signal }: CallOptions = {},
  ): AsyncGenerator<Result<D>, void, undefined> {
    const left = new AbortController()
    const all = AbortSignal.any([this.#closing, left.signal, ...(signal === undefined ? [] : [signal])])
    const answer = await this.#run(def, params, all)
    if (!('stream' in answer)) throw new ApiError('API_CONTRACT', `${def.name} is not a stream`)
    try {
      for await (const item of answer.stream) {
        all.throwIfAborted()
        yield def.result.fromJson(parseJson(JSON.stringify(item)), 'item')
      }
      signal?.throwIfAborted()
    } finally {
      left.abort()
    }
  }

  #run<D extends AnyMethod>(def: D, params: Params<D>, signal: AbortSignal): Promise<RouterResult> {
    signal.throwIfAborted()
    const apiVersion = (def.versions.includes('v1') ? 'v1' : def.versions[0]) as ApiVersion
    const ctx: CallContext = { perms: allPermissions, signal, apiVersion }
    const given = parseJson(JSON.stringify(encodeParams(def, params, this.#json)))
    return this.#router.call(def, given, ctx)
  }
}

function timedOut(def: AnyMethod, timeoutMs: number): RpcError {
  return new RpcError('RPC_TIMEOUT', `${def.name} did not answer within ${timeoutMs} ms`)
}
