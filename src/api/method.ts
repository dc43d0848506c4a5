/**
 * Layer 3. The API's contract and nothing else: `methods/` declares every method once, `types/` the JSON shapes that only
 * the API knows, `contract.ts` collects. Server, client, worker pool and documentation all read the same declarations.
 */
import type { Codec } from '../codec/codec.ts'
import { CodecError } from '../codec/errors.ts'
import type { Json, JsonContext } from '../codec/json.ts'
import { invalidParams, unreadableParams } from './errors.ts'

/** Lotus's permission tags; they do not imply each other (Lotus api/permissioned.go). */
export type Permission = 'read' | 'write' | 'sign' | 'admin'
export const allPermissions: readonly Permission[] = ['read', 'write', 'sign', 'admin']
/** What a caller without a token may do. */
export const defaultPermissions: readonly Permission[] = ['read']

/** The three endpoints `/rpc/v0`, `/rpc/v1` and `/rpc/v2`. */
export type ApiVersion = 'v0' | 'v1' | 'v2'
export const apiVersions: readonly ApiVersion[] = ['v0', 'v1', 'v2']

export interface Param<T = unknown> {
  readonly name: string
  readonly codec: Codec<T>
  /** True for one that may be left out at the end of the list. Lotus's own methods have none. */
  readonly optional?: boolean
}
// biome-ignore lint/suspicious/noExplicitAny: a parameter of any type; `Params` gives the type back.
type AnyParam = Param<any>

/** A method that an older endpoint offers under other parameters: answered by the newer one. */
export interface Forward {
  readonly to: AnyMethod
  /** From the parsed JSON parameters of this method to those of `to`. */
  readonly params: (given: readonly unknown[]) => unknown[]
  /** From the JSON result of `to` to this method's. */
  readonly result?: (json: unknown) => unknown
}

export interface MethodDef<P extends readonly AnyParam[], R, S extends boolean> {
  /** The name on the wire, `Filecoin.ChainHead`. */
  readonly name: string
  /** Unique over all endpoints: the name, with `v0/` or `v2/` before it where v1 has a method of the same name. */
  readonly id: string
  /** Other names on the wire. */
  readonly aliases: readonly string[]
  readonly perm: Permission
  readonly params: P
  /** Of a stream: the codec of one item. */
  readonly result: Codec<R>
  /** One or two sentences for OpenRPC and the CLI. */
  readonly doc: string
  readonly versions: readonly ApiVersion[]
  /** `query`: synchronous, reads chain and state, runs in a worker thread. `main`: runs on the main thread. */
  readonly where: 'query' | 'main'
  /** A channel method: its items come as notifications over WebSocket. */
  readonly stream: S
  readonly forward?: Forward
}
// biome-ignore lint/suspicious/noExplicitAny: any declared method.
export type AnyMethod = MethodDef<readonly AnyParam[], any, boolean>

type ParamValue<P> = P extends { readonly codec: Codec<infer T>; readonly optional: true }
  ? T | undefined
  : P extends { readonly codec: Codec<infer T> }
    ? T
    : never

type ParamList<P extends readonly AnyParam[]> = { -readonly [K in keyof P]: ParamValue<P[K]> }

/** The typed parameter list of a method. */
export type Params<D extends AnyMethod> = ParamList<D['params']>
/** The typed result of a method; of a stream, one item. */
export type Result<D extends AnyMethod> = D extends MethodDef<readonly AnyParam[], infer R, boolean> ? R : never

export interface CallContext {
  readonly perms: readonly Permission[]
  /** Fires when the caller has gone, has cancelled, or the server closes. */
  readonly signal: AbortSignal
  readonly apiVersion: ApiVersion
}

/** What answers a method on the main thread. A stream's handler returns its items; the server asks for one at a time. */
export type Handler<D extends AnyMethod> = (
  params: Params<D>,
  ctx: CallContext,
) => D['stream'] extends true ? AsyncIterable<Result<D>> | Promise<AsyncIterable<Result<D>>> : Result<D> | Promise<Result<D>>

/** What answers a method in a worker thread; all but a few are synchronous. `E` is what the worker gives its handlers (stores, head, …). */
export type QueryHandler<D extends AnyMethod, E> = (params: Params<D>, env: E) => Result<D> | Promise<Result<D>>

interface MethodSpec<P extends readonly AnyParam[], R, S extends boolean> {
  readonly name: string
  readonly perm: Permission
  readonly params: P
  readonly result: Codec<R>
  readonly doc: string
  readonly versions: readonly ApiVersion[]
  readonly where: 'query' | 'main'
  readonly stream?: S
  readonly aliases?: readonly string[]
  readonly forward?: Forward
}

/** Declares a method. */
export function method<const P extends readonly AnyParam[], R, const S extends boolean = false>(
  spec: MethodSpec<P, R, S>,
): MethodDef<P, R, S> {
  const { stream, aliases, ...rest } = spec
  const id = spec.versions.includes('v1') ? spec.name : `${spec.versions[0]}/${spec.name}`
  return { ...rest, id, aliases: aliases ?? [], stream: (stream ?? false) as S }
}

/** A parameter. */
export function param<T>(name: string, codec: Codec<T>): { readonly name: string; readonly codec: Codec<T> } {
  return { name, codec }
}

/**
 * Reads the parameters of a call.
 * @param given what stood under `params`: a list, or nothing
 * @throws ApiError with -32602 for a wrong number, -32700 for a value of the wrong type, as go-jsonrpc answers
 */
export function decodeParams<D extends AnyMethod>(def: D, given: unknown): Params<D> {
  const list = given ?? []
  if (!Array.isArray(list)) throw unreadableParams(def.name, 'expected a list')
  const required = def.params.filter((p) => p.optional !== true).length
  if (list.length < required || list.length > def.params.length) {
    throw invalidParams(`wrong param count (method '${def.name}'): ${list.length} != ${def.params.length}`)
  }
  const out = def.params.map((p, i) => {
    if (i >= list.length) return undefined
    try {
      return p.codec.fromJson(list[i], p.name)
    } catch (e) {
      if (e instanceof CodecError || e instanceof RangeError) throw unreadableParams(def.name, e.message)
      throw e
    }
  })
  return out as Params<D>
}

/** The JSON of a result. */
export function encodeResult<D extends AnyMethod>(def: D, value: Result<D>, json: JsonContext): Json {
  return def.result.toJson(value, json)
}

/** Runs a handler from parsed JSON parameters to JSON text: what a worker thread does with a call. */
export async function answerQuery<D extends AnyMethod, E>(
  def: D,
  handler: QueryHandler<D, E>,
  given: unknown,
  env: E,
  json: JsonContext,
): Promise<string> {
  return JSON.stringify(encodeResult(def, await handler(decodeParams(def, given), env), json))
}
