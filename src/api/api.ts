/** The API as a caller sees it: typed, whether the node is in the same process or on another host. */

import type { JsonContext } from '../codec/json.ts'
import { type Methods, methods } from './contract.ts'
import type { AnyMethod, Params, Result } from './method.ts'

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Milliseconds until the call counts as failed, over a network; 0 is without limit (for methods that wait). */
  readonly timeoutMs?: number
}

type Call<D extends AnyMethod> = (params: Params<D>, options?: CallOptions) => Promise<Result<D>>
type Stream<D extends AnyMethod> = (params: Params<D>, options?: CallOptions) => AsyncIterable<Result<D>>

/** Declared methods by their TypeScript names, as functions; streams return their items. */
export type ApiOf<M extends Readonly<Record<string, AnyMethod>>> = {
  readonly [K in keyof M]: M[K]['stream'] extends true ? Stream<M[K]> : Call<M[K]>
}

/** Every method of the full node: `api.chainGetBlock([cid])`. */
export type Api = ApiOf<Methods>

/** What carries calls: an RPC client, or the node's own router. */
export interface Caller {
  call<D extends AnyMethod>(def: D, params: Params<D>, options?: CallOptions): Promise<Result<D>>
  stream<D extends AnyMethod>(def: D, params: Params<D>, options?: CallOptions): AsyncIterable<Result<D>>
}

/** The full node's typed API over a caller. */
export function makeApi(caller: Caller): Api {
  return apiOver(methods, caller)
}

/** A typed API over a caller. */
export function apiOver<M extends Readonly<Record<string, AnyMethod>>>(defs: M, caller: Caller): ApiOf<M> {
  const out: Record<string, unknown> = {}
  for (const [name, def] of Object.entries(defs)) {
    out[name] = def.stream
      ? (params: never, options?: CallOptions) => caller.stream(def, params, options)
      : (params: never, options?: CallOptions) => caller.call(def, params, options)
  }
  return out as unknown as ApiOf<M>
}

/** The JSON of a parameter list. */
export function encodeParams<D extends AnyMethod>(def: D, params: Params<D>, json: JsonContext): unknown[] {
  const given = params as readonly unknown[]
  const out = def.params.map((p, i) => (given[i] === undefined && p.optional ? undefined : p.codec.toJson(given[i], json)))
  // Parameters that were left out stand at the end.
  while (out.length > 0 && out.at(-1) === undefined) out.pop()
  return out
}
