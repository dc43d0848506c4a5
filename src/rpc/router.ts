import { ApiError, methodNotFound, RpcCode } from '../api/errors.ts'
import {
  type AnyMethod,
  type CallContext,
  decodeParams,
  encodeResult,
  type Handler,
  type Params,
  type Result,
} from '../api/method.ts'
import { anyJson } from '../api/types/shape.ts'
import { type Json, type JsonContext, parseJson } from '../codec/json.ts'

/** The outcome of a call: a JSON value, JSON text that is ready to be sent, or a stream of JSON values. */
export type RouterResult = { readonly json: Json } | { readonly text: string } | { readonly stream: AsyncIterable<Json> }

/** What the server hands calls to. Permissions were checked before. */
export interface Router {
  /** @param params what stood under `params`, parsed: a list, or nothing */
  call(def: AnyMethod, params: unknown, ctx: CallContext): Promise<RouterResult>
}

/** The worker pool: runs synchronous handlers (`answerQuery`) and returns the JSON text of their results. */
export interface QueryPool {
  /** @param id the method's id in the contract */
  call(id: string, params: unknown, ctx: CallContext): Promise<string>
}

/** A method with what answers it on the main thread. */
export interface BoundHandler {
  readonly def: AnyMethod
  readonly handler: (params: unknown, ctx: CallContext) => unknown
  /** True where the handler gives the JSON text of its result. */
  readonly text?: boolean
}

/** Binds a handler to its method; the types of parameters and result are the method's. */
export function bind<D extends AnyMethod>(def: D, handler: Handler<D>): BoundHandler {
  return { def, handler: (params, ctx) => handler(params as Params<D>, ctx) }
}

/** As {@link bind}, for a result that another thread has written as JSON text. */
export function bindText<D extends AnyMethod>(
  def: D,
  handler: (params: Params<D>, ctx: CallContext) => Promise<string>,
): BoundHandler {
  return { def, handler: (params, ctx) => handler(params as Params<D>, ctx), text: true }
}

/**
 * Routes calls: methods that have a handler here run on the main thread, the others marked `query` go to the pool,
 * and methods of old endpoints go to their successors.
 */
export function makeRouter(handlers: readonly BoundHandler[], query: QueryPool, json: JsonContext): Router {
  const bound = new Map<string, BoundHandler>()
  for (const h of handlers) {
    if (bound.has(h.def.id)) throw new ApiError('API_CONTRACT', `two handlers are bound to ${h.def.id}`)
    bound.set(h.def.id, h)
  }

  async function call(def: AnyMethod, params: unknown, ctx: CallContext): Promise<RouterResult> {
    const here = bound.get(def.id)
    if (here !== undefined) {
      const answer = await here.handler(decodeParams(def, params), ctx)
      if (here.text === true) return { text: answer as string }
      if (def.stream) return { stream: encodeItems(def, answer as AsyncIterable<Result<AnyMethod>>, json) }
      return { json: encodeResult(def, answer as Result<AnyMethod>, json) }
    }
    if (def.forward !== undefined) return forward(def, params, ctx)
    if (def.where === 'query') return { text: await query.call(def.id, params, ctx) }
    throw methodNotFound(def.name)
  }

  async function forward(def: AnyMethod, params: unknown, ctx: CallContext): Promise<RouterResult> {
    const { to, params: translate, result } = def.forward as NonNullable<AnyMethod['forward']>
    // Checks number and types against what this endpoint promises, not against the successor's list.
    decodeParams(def, params)
    const answer = await call(to, translate(params as unknown[]), ctx)
    if (result === undefined || 'stream' in answer) return answer
    const value = 'text' in answer ? parseJson(answer.text) : answer.json
    return { json: anyJson.toJson(result(value), json) }
  }

  return { call }
}

async function* encodeItems(
  def: AnyMethod,
  items: AsyncIterable<Result<AnyMethod>>,
  json: JsonContext,
): AsyncGenerator<Json, void, undefined> {
  for await (const item of items) yield encodeResult(def, item, json)
}

/** A pool for programs that have no state to query (and for tests): every query is an unknown method. */
export const noQueries: QueryPool = {
  call(id) {
    return Promise.reject(new ApiError('API_METHOD_NOT_FOUND', `method '${id}' not found`, { rpcCode: RpcCode.methodNotFound }))
  },
}
