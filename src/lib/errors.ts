/** Layer 0: errors, log, metrics, queues. No Filecoin words live here. */

/** Values that may accompany an error: what a log line or an RPC client can show. */
export type ErrorFields = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>

export interface NodeErrorOptions {
  readonly cause?: unknown
  readonly fields?: ErrorFields
  /** What the user can do about it, one sentence. */
  readonly hint?: string
  /** JSON-RPC error number where the API's contract fixes one (Lotus api/api_errors.go); 1 otherwise. */
  readonly rpcCode?: number
}

/**
 * Base of every error that this program throws on purpose.
 * `code` is stable and listed in docs/errors.md; `message` is one sentence for a person.
 */
export class NodeError extends Error {
  readonly code: string
  readonly fields: ErrorFields
  readonly hint: string | undefined
  readonly rpcCode: number

  constructor(code: string, message: string, options: NodeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.fields = options.fields ?? {}
    this.hint = options.hint
    this.rpcCode = options.rpcCode ?? 1
  }
}

/** The text of anything that was thrown, causes appended, for logs and for the one sentence of the CLI. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const parts = [error.message]
  let cause = error.cause
  while (cause instanceof Error && parts.length < 5) {
    if (!parts.some((p) => p.includes((cause as Error).message))) parts.push(cause.message)
    cause = cause.cause
  }
  return parts.join(': ')
}

/** Throws `AbortError` when the signal has fired; for loops that do long synchronous steps. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  signal?.throwIfAborted()
}
