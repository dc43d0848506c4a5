import { endpoints as fullNodeEndpoints } from '../api/contract.ts'
import type { Endpoints } from '../api/endpoints.ts'
import { ApiError, limitExceeded, methodNotFound, missingPermission, RpcCode } from '../api/errors.ts'
import type { ApiVersion, CallContext, Permission } from '../api/method.ts'
import { getLogger } from '../lib/log.ts'
import { errorText, idOf, type RequestId, type RpcRequest, readRequest, resultText } from './envelope.ts'
import { Gate } from './gate.ts'
import type { RpcLimits } from './limits.ts'
import type { Router, RouterResult } from './router.ts'

const log = getLogger('rpc')

/** Who calls, through which endpoint, and until when. */
export interface Caller {
  readonly perms: readonly Permission[]
  readonly version: ApiVersion
  readonly signal: AbortSignal
}

/** Told of every call that has ended, for metrics and logs. */
export interface CallObserver {
  /** @param failed the error's number, undefined when the call succeeded */
  onCall(method: string, durationMs: number, failed: number | undefined): void
}

export interface DispatcherComponents {
  readonly router: Router
  readonly observer?: CallObserver
  /** The methods that can be called; the full node's where it is not given. */
  readonly endpoints?: Endpoints
}

/** Takes requests to the router: finds the method, checks the permission, keeps the limits that all connections share. */
export class Dispatcher {
  readonly #router: Router
  readonly #limits: RpcLimits
  readonly #queries: Gate
  readonly #observer: CallObserver | undefined
  readonly #endpoints: Endpoints
  #open = 0

  constructor(components: DispatcherComponents, limits: RpcLimits) {
    this.#router = components.router
    this.#observer = components.observer
    this.#endpoints = components.endpoints ?? fullNodeEndpoints
    this.#limits = limits
    this.#queries = new Gate(limits.maxQueries, limits.maxWaitingQueries)
  }

  /** Calls that have not ended. */
  get open(): number {
    return this.#open
  }

  /**
   * Runs one call.
   * @param streams whether the connection can carry a stream
   * @throws what the method throws, or an ApiError
   */
  async call(request: RpcRequest, caller: Caller, streams: boolean): Promise<RouterResult> {
    const started = performance.now()
    let failed: number | undefined
    // Only names of the contract reach the observer: a caller must not be able to invent metrics.
    let known = 'unknown'
    try {
      const def = this.#endpoints.get(caller.version)?.get(request.method)
      if (def === undefined) throw methodNotFound(request.method.slice(0, 128))
      known = def.name
      if (def.stream && !streams) {
        throw new ApiError(
          'API_METHOD_NOT_FOUND',
          `method '${def.name}' not supported in this mode (no out channel support): use a WebSocket`,
          { rpcCode: RpcCode.methodNotFound },
        )
      }
      if (!caller.perms.includes(def.perm)) throw missingPermission(def.name, def.perm)
      if (this.#open >= this.#limits.maxOpenCalls)
        throw limitExceeded('the node is busy: too many calls are open, try again later')
      const ctx: CallContext = { perms: caller.perms, signal: caller.signal, apiVersion: caller.version }
      this.#open++
      try {
        const run = (): Promise<RouterResult> => this.#router.call(def, request.params, ctx)
        return await (def.where === 'query' ? this.#queries.run(run, caller.signal) : run())
      } finally {
        this.#open--
      }
    } catch (e) {
      failed = (e as { rpcCode?: number }).rpcCode ?? RpcCode.internal
      // What is not one of our own errors is a fault of the program, and its stack tells where.
      if (failed === RpcCode.internal && !caller.signal.aborted)
        log.error('a call failed in an unforeseen way', { method: known }, e)
      throw e
    } finally {
      this.#observer?.onCall(known, performance.now() - started, failed)
    }
  }

  /**
   * The answer to one request or to a batch, as text; undefined where none is due (notifications).
   * For connections that carry no streams; the WebSocket side uses `call` for single requests.
   */
  async answer(json: unknown, caller: Caller): Promise<string | undefined> {
    return Array.isArray(json) ? this.#answerBatch(json, caller) : this.#answerOne(json, caller)
  }

  async #answerOne(json: unknown, caller: Caller): Promise<string | undefined> {
    let id: RequestId | undefined
    try {
      // An answer to something that cannot be read is due even though its id may be missing.
      id = idOf(json)
      const request = readRequest(json)
      id = request.id
      const result = await this.call(request, caller, false)
      return id === undefined ? undefined : resultText(id, plainText(result))
    } catch (e) {
      return id === undefined ? undefined : errorText(id, e)
    }
  }

  async #answerBatch(batch: readonly unknown[], caller: Caller): Promise<string | undefined> {
    const invalid = (message: string): string =>
      errorText(null, new ApiError('API_INVALID_PARAMS', message, { rpcCode: RpcCode.invalidRequest }))
    if (batch.length === 0) return invalid('Invalid request: the batch is empty')
    if (batch.length > this.#limits.maxBatch)
      return invalid(`Invalid request: a batch of ${batch.length} calls is larger than the limit of ${this.#limits.maxBatch}`)
    const answers: (string | undefined)[] = new Array(batch.length)
    let next = 0
    let bytes = 0
    const worker = async (): Promise<void> => {
      for (let i = next++; i < batch.length; i = next++) {
        if (bytes > this.#limits.maxBatchAnswerBytes) {
          answers[i] = errorText(
            idOf(batch[i]),
            limitExceeded('the answers of this batch are too large: send fewer calls at once'),
          )
          continue
        }
        answers[i] = await this.#answerOne(batch[i], caller)
        bytes += answers[i]?.length ?? 0
      }
    }
    await Promise.all(Array.from({ length: Math.min(this.#limits.batchParallel, batch.length) }, worker))
    const due = answers.filter((a) => a !== undefined)
    return due.length === 0 ? undefined : `[${due.join(',')}]`
  }
}

/** The JSON text of a result that is no stream. */
export function plainText(result: Exclude<RouterResult, { stream: unknown }> | RouterResult): string {
  if ('text' in result) return result.text
  if ('json' in result) return JSON.stringify(result.json)
  throw new ApiError('API_CONTRACT', 'a stream cannot be sent as one answer')
}
