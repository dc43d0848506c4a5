import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

/** JSON-RPC error numbers: the standard ones, EIP-1474's, and those of Lotus api/api_errors.go. */
export const RpcCode = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** EIP-1474 limit exceeded: block range, batch or concurrency. */
  limitExceeded: -32005,
  /** EIP-1474 resource unavailable: a call at an expensive fork. */
  expensiveFork: -32002,
  /** Anything else that a handler reports. */
  general: 1,
  outOfGas: 2,
  executionReverted: 3,
  f3Disabled: 4,
  f3TicketInvalid: 5,
  f3TicketExpired: 6,
  f3IssuerMismatch: 7,
  f3TooManyInstances: 8,
  f3TicketStartBeforeExisting: 9,
  f3NotReady: 10,
  actorNotFound: 11,
  nullRound: 12,
  paymentChannelsDisabled: 13,
} as const

export type ApiErrorCode =
  /** The request is not what the method takes. */
  | 'API_INVALID_PARAMS'
  /** The call needs a permission that the caller's token does not give. */
  | 'API_PERMISSION'
  /** No method of that name at this endpoint. */
  | 'API_METHOD_NOT_FOUND'
  /** More than the server takes at once. */
  | 'API_LIMIT'
  /** No actor at the address in the state asked for. */
  | 'API_ACTOR_NOT_FOUND'
  /** The epoch asked for has no tipset. */
  | 'API_NULL_ROUND'
  /** The node runs no fast finality (F3). */
  | 'API_F3_DISABLED'
  /** The node keeps no payment channels. */
  | 'API_PAYCH_DISABLED'
  /** An error of a handler that has no code of its own. */
  | 'API_FAILED'
  /** Two declarations of methods that cannot stand beside each other: a fault of the program. */
  | 'API_CONTRACT'

/** What an API method refuses with; `rpcCode` is the number that the caller sees. */
export class ApiError extends NodeError {
  declare readonly code: ApiErrorCode
  constructor(code: ApiErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}

export function invalidParams(message: string): ApiError {
  return new ApiError('API_INVALID_PARAMS', message, { rpcCode: RpcCode.invalidParams })
}

/** go-jsonrpc answers parameters that it cannot read with the parse error's number. */
export function unreadableParams(method: string, why: string): ApiError {
  return new ApiError('API_INVALID_PARAMS', `unmarshaling params for '${method}': ${why}`, { rpcCode: RpcCode.parse })
}

export function missingPermission(method: string, need: string): ApiError {
  // Lotus names the method without its namespace here.
  const bare = method.slice(method.indexOf('.') + 1)
  return new ApiError('API_PERMISSION', `missing permission to invoke '${bare}' (need '${need}')`)
}

export function methodNotFound(method: string): ApiError {
  return new ApiError('API_METHOD_NOT_FOUND', `method '${method}' not found`, { rpcCode: RpcCode.methodNotFound })
}

export function limitExceeded(message: string): ApiError {
  return new ApiError('API_LIMIT', message, { rpcCode: RpcCode.limitExceeded })
}

/** Lotus ErrActorNotFound: "actor not found", number 11. */
export function actorNotFound(cause?: unknown): ApiError {
  return new ApiError('API_ACTOR_NOT_FOUND', 'actor not found', {
    rpcCode: RpcCode.actorNotFound,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Lotus ErrNullRound: number 12, with the epoch in the text. */
export function nullRound(epoch: number): ApiError {
  return new ApiError('API_NULL_ROUND', `requested epoch was a null round (${epoch})`, {
    rpcCode: RpcCode.nullRound,
    fields: { epoch },
  })
}

/** Lotus ErrF3Disabled, number 4: its miner gives up asking for a part in F3 by this alone. */
export function f3Disabled(): ApiError {
  return new ApiError('API_F3_DISABLED', 'f3 is disabled', { rpcCode: RpcCode.f3Disabled })
}

/** Lotus ErrPaymentChannelDisabled, number 13: by it `lotus info` goes on without channels. */
export function paymentChannelsDisabled(): ApiError {
  return new ApiError('API_PAYCH_DISABLED', 'payment channels disabled (EnablePaymentChannelManager=false)', {
    rpcCode: RpcCode.paymentChannelsDisabled,
  })
}
