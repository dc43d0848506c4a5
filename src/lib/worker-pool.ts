import { parentPort, Worker, type WorkerOptions } from 'node:worker_threads'
import { NodeError } from './errors.ts'

/** What travels between the main thread and a worker; values must survive the structured clone. */
type ToWorker = { readonly id: number; readonly method: string; readonly args: unknown } | { readonly abort: number }
type FromWorker =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  | { readonly id: number; readonly progress: unknown }

interface WireError {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly rpcCode: number
  readonly fields: Readonly<Record<string, string | number | bigint | boolean | null | undefined>>
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: never) => void
}

export interface PoolCallOptions extends CallOptions {
  /** Goes to the threads that are kept for such calls. */
  readonly urgent?: boolean
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: ((progress: never) => void) | undefined
}

export class WorkerError extends NodeError {
  declare readonly code: 'WORKER_STOPPED'
  constructor(message: string, cause?: unknown) {
    super('WORKER_STOPPED', message, { cause })
  }
}

/** One worker thread that answers calls by name. It starts at once and is let go by `close`. */
export class WorkerThread {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #next = 0
  #stopped: Error | undefined

  constructor(script: URL, options: WorkerOptions) {
    this.#worker = new Worker(script, options)
    this.#worker.on('message', (m: FromWorker) => this.#receive(m))
    this.#worker.on('error', (e) => this.#stop(new WorkerError(`a worker thread failed: ${(e as Error).message}`, e)))
    this.#worker.on('exit', (code) => this.#stop(new WorkerError(`a worker thread ended with code ${code}`)))
  }

  /** Calls that are under way. */
  get load(): number {
    return this.#pending.size
  }

  get stopped(): boolean {
    return this.#stopped !== undefined
  }

  call(method: string, args: unknown, { signal, onProgress }: CallOptions = {}): Promise<unknown> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped)
    signal?.throwIfAborted()
    const id = this.#next++
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#worker.postMessage({ abort: id } satisfies ToWorker)
      signal?.addEventListener('abort', onAbort, { once: true })
      const done = (): void => {
        this.#pending.delete(id)
        signal?.removeEventListener('abort', onAbort)
      }
      this.#pending.set(id, {
        resolve: (v) => {
          done()
          resolve(v)
        },
        reject: (e) => {
          done()
          reject(signal?.aborted ? signal.reason : e)
        },
        onProgress,
      })
      this.#worker.postMessage({ id, method, args } satisfies ToWorker)
    })
  }

  #receive(m: FromWorker): void {
    const pending = this.#pending.get(m.id)
    if (pending === undefined) return
    if ('progress' in m) pending.onProgress?.(m.progress as never)
    else if ('error' in m) {
      const { code, message, ...rest } = m.error
      pending.reject(new NodeError(code, message, rest))
    } else pending.resolve(m.result)
  }

  #stop(error: Error): void {
    this.#stopped ??= error
    for (const p of [...this.#pending.values()]) p.reject(this.#stopped)
  }

  /** Ends the thread after what it runs now; calls that wait are rejected. */
  async close(): Promise<void> {
    if (this.#stopped === undefined) {
      // The worker closes its stores itself; terminate() in the middle of a native call would leave them open.
      await this.call('close', undefined).catch(() => undefined)
    }
    this.#stop(new WorkerError('the worker thread was closed'))
    await this.#worker.terminate()
  }
}

export interface WorkerPoolInit {
  /** Threads for calls that may take long. */
  readonly size: number
  /** Threads kept for urgent calls, at least one. */
  readonly urgent: number
}

/**
 * Threads of one script; a call goes to the one with the least to do. They start when they are needed. A thread answers one call
 * after the other, so that a long one holds up those behind it: urgent calls, which are short, have threads of their own.
 */
export class WorkerPool {
  readonly #start: (urgent: boolean) => WorkerThread
  readonly #size: number
  readonly #urgentSize: number
  readonly #threads: WorkerThread[] = []
  readonly #urgent: WorkerThread[] = []
  #closed = false

  constructor(init: WorkerPoolInit, start: (urgent: boolean) => WorkerThread) {
    this.#size = init.size
    this.#urgentSize = init.urgent
    this.#start = start
  }

  get size(): number {
    return this.#size
  }

  call(method: string, args: unknown, { urgent = false, ...options }: PoolCallOptions = {}): Promise<unknown> {
    if (this.#closed) return Promise.reject(new WorkerError('the node is closing'))
    return this.#pick(urgent).call(method, args, options)
  }

  #pick(urgent: boolean): WorkerThread {
    const [threads, size] = urgent ? [this.#urgent, this.#urgentSize] : [this.#threads, this.#size]
    for (let i = threads.length - 1; i >= 0; i--) if (threads[i]?.stopped) threads.splice(i, 1)
    let best: WorkerThread | undefined
    for (const t of threads) if (best === undefined || t.load < best.load) best = t
    if (best !== undefined && (best.load === 0 || threads.length >= size)) return best
    const thread = this.#start(urgent)
    threads.push(thread)
    return thread
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#threads, ...this.#urgent].map((t) => t.close()))
  }
}

export interface WorkerContext {
  readonly signal: AbortSignal
  progress(value: unknown): void
}

export type WorkerMethods = Readonly<Record<string, (args: never, context: WorkerContext) => unknown>>

/**
 * The worker's side: answers calls with `methods` one after the other in the order they come,
 * save for aborts, which reach methods that await. `close` must be among them.
 */
export function serveWorker(methods: WorkerMethods): void {
  const port = parentPort
  if (port === null) throw new WorkerError('serveWorker runs in worker threads only')
  const running = new Map<number, AbortController>()
  let tail: Promise<void> = Promise.resolve()
  const answer = async (id: number, method: string, args: unknown, controller: AbortController): Promise<void> => {
    const send = (m: FromWorker): void => port.postMessage(m)
    try {
      controller.signal.throwIfAborted()
      const handler = methods[method]
      if (handler === undefined) throw new NodeError('WORKER_METHOD', `worker threads have no method ${method}`)
      const result = await handler(args as never, {
        signal: controller.signal,
        progress: (value) => send({ id, progress: value }),
      })
      send({ id, result })
    } catch (error) {
      send({ id, error: wireError(error) })
    } finally {
      running.delete(id)
    }
  }
  port.on('message', (m: ToWorker) => {
    if ('abort' in m) {
      running.get(m.abort)?.abort()
      return
    }
    const controller = new AbortController()
    running.set(m.id, controller)
    tail = tail.then(() => answer(m.id, m.method, m.args, controller))
  })
}

function wireError(error: unknown): WireError {
  if (error instanceof NodeError) {
    return {
      code: error.code,
      message: error.message,
      rpcCode: error.rpcCode,
      fields: error.fields,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    }
  }
  const e = error instanceof Error ? error : new Error(String(error))
  return { code: (e as { code?: string }).code ?? 'WORKER_FAILED', message: e.message, rpcCode: 1, fields: {} }
}
