/** What one server grants its callers together and each of them. */
export interface RpcLimits {
  /** Bytes of an HTTP request's body and of a WebSocket message. go-jsonrpc's own default. */
  readonly maxRequestBytes: number
  /** The same for callers without a token, where it is less. */
  readonly maxAnonymousRequestBytes: number
  /** Bytes of all HTTP bodies that are being received at the same time. */
  readonly maxBodyBytes: number
  /** Nesting of a request's JSON. */
  readonly maxDepth: number
  /** Calls in one batch. */
  readonly maxBatch: number
  /** Calls of one batch that run at the same time. */
  readonly batchParallel: number
  /** Bytes of all answers of one batch; calls after them are refused. */
  readonly maxBatchAnswerBytes: number
  /** Queries that run at the same time, and those that may wait for their turn. */
  readonly maxQueries: number
  readonly maxWaitingQueries: number
  /** Calls of all kinds that are open at the same time, waiting ones and streams among them. */
  readonly maxOpenCalls: number
  /** The same for one WebSocket connection. */
  readonly maxOpenCallsPerConnection: number
  readonly maxConnections: number
  /** Milliseconds in which a request's head, and the whole request, must arrive. */
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  /** Milliseconds without progress after which a client that does not read its answers is dropped. */
  readonly slowClientMs: number
  /** Bytes of answers that wait for one WebSocket client before it is dropped. */
  readonly maxBufferedBytes: number
  /** Milliseconds between pings; a connection that stays silent through a whole interval is dropped. */
  readonly pingIntervalMs: number
  /** Milliseconds that open calls get to end when the server closes. */
  readonly closeGraceMs: number
}

export const defaultLimits: RpcLimits = {
  maxRequestBytes: 100 * 1024 * 1024,
  // No method that is open to everybody takes more than a few messages.
  maxAnonymousRequestBytes: 8 * 1024 * 1024,
  maxBodyBytes: 1024 * 1024 * 1024,
  maxDepth: 128,
  maxBatch: 1000,
  batchParallel: 8,
  maxBatchAnswerBytes: 100 * 1024 * 1024,
  maxQueries: 64,
  maxWaitingQueries: 4096,
  maxOpenCalls: 16_384,
  maxOpenCallsPerConnection: 512,
  maxConnections: 2048,
  headersTimeoutMs: 30_000,
  requestTimeoutMs: 120_000,
  slowClientMs: 60_000,
  maxBufferedBytes: 256 * 1024 * 1024,
  pingIntervalMs: 30_000,
  closeGraceMs: 5_000,
}
