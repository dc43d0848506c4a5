import { RpcCode } from '../api/errors.ts'
import type { Json } from '../codec/json.ts'
import { errorMessage, NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type RpcErrorCode =
  /** The node answered with an error; `rpcCode` is its number. */
  | 'RPC_ERROR'
  /** No connection to the node. */
  | 'RPC_UNREACHABLE'
  /** The node did not answer in time. */
  | 'RPC_TIMEOUT'
  /** The node refused the token. */
  | 'RPC_UNAUTHORIZED'
  /** What the node answered is not JSON-RPC, or larger than the client takes. */
  | 'RPC_BAD_ANSWER'
  /** An API address that cannot be read. */
  | 'RPC_ADDRESS'
  /** The API's port cannot be opened. */
  | 'RPC_LISTEN'
  /** The client, the server or the connection was closed. */
  | 'RPC_CLOSED'
  /** The caller has cancelled the call, or has gone. */
  | 'RPC_CANCELLED'
  /** A token that is malformed, expired, or signed with another secret. */
  | 'RPC_TOKEN'
  /** The API's secret is not one: too short, or a key of another type. */
  | 'RPC_SECRET'

/** Errors of the JSON-RPC transport, on both of its ends. */
export class RpcError extends NodeError {
  declare readonly code: RpcErrorCode
  /** `data` of the node's answer, where it had one. */
  readonly data: unknown

  constructor(code: RpcErrorCode, message: string, options: NodeErrorOptions & { readonly data?: unknown } = {}) {
    super(code, message, options)
    this.data = options.data
  }
}

/** An error of a handler that says itself what stands under `data` (revert data of the Ethereum methods). */
interface WithRpcData {
  readonly rpcData: Json
}

function hasRpcData(error: object): error is WithRpcData {
  return 'rpcData' in error && error.rpcData !== undefined
}

/** The `error` member of a JSON-RPC answer: `{code, message, data?}`; of our own errors `data` is `{code, hint?}`. */
export function errorToJson(error: unknown): Json {
  if (!(error instanceof NodeError)) {
    // Not one of ours: a fault of the program, or an abort.
    const aborted = error instanceof Error && error.name === 'AbortError'
    return {
      code: aborted ? RpcCode.general : RpcCode.internal,
      message: aborted ? 'the call was cancelled' : errorMessage(error),
    }
  }
  const data: Json = hasRpcData(error)
    ? error.rpcData
    : { code: error.code, ...(error.hint === undefined ? {} : { hint: error.hint }) }
  return { code: error.rpcCode, message: errorMessage(error), data }
}
