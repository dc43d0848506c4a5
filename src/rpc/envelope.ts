/** JSON-RPC 2.0 as text: what a request says and what an answer looks like. */
import { isJSONRPCID } from 'json-rpc-2.0'
import { ApiError, RpcCode } from '../api/errors.ts'
import { type Json, jsonInteger, parseJson } from '../codec/json.ts'
import { errorToJson } from './errors.ts'

export type RequestId = string | number | bigint | null

/** A request that was read; `id` is undefined in a notification, which gets no answer. */
export interface RpcRequest {
  readonly id: RequestId | undefined
  readonly method: string
  readonly params: unknown
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

function parseError(message: string): ApiError {
  return new ApiError('API_INVALID_PARAMS', message, { rpcCode: RpcCode.parse })
}

function invalidRequest(message: string): ApiError {
  return new ApiError('API_INVALID_PARAMS', message, { rpcCode: RpcCode.invalidRequest })
}

/**
 * The JSON of a request's bytes.
 * @param maxDepth deepest nesting; what comes later walks values recursively
 * @throws ApiError -32700 for bytes that are not UTF-8 or not JSON, -32600 for nothing at all
 */
export function readRequestJson(bytes: Uint8Array, maxDepth: number): unknown {
  let text: string
  try {
    text = strictUtf8.decode(bytes)
  } catch {
    throw parseError('Parse error: the request is not valid UTF-8')
  }
  if (text.trim() === '') throw invalidRequest('Invalid request: it is empty')
  if (isDeeper(text, maxDepth)) throw parseError(`Parse error: the request is nested deeper than ${maxDepth}`)
  try {
    return parseJson(text)
  } catch {
    throw parseError('Parse error')
  }
}

const code = { quote: 0x22, backslash: 0x5c, openList: 0x5b, closeList: 0x5d, openObject: 0x7b, closeObject: 0x7d } as const

/** Whether a JSON text nests deeper than `max`. One pass that jumps over strings, so that base64 costs little. */
export function isDeeper(text: string, max: number): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case code.quote:
        i = stringEnd(text, i)
        break
      case code.openList:
      case code.openObject:
        if (++depth > max) return true
        break
      case code.closeList:
      case code.closeObject:
        depth--
        break
    }
  }
  return false
}

/** Index of the quote that ends the string which begins at `start`, or the text's length. */
function stringEnd(text: string, start: number): number {
  let at = start
  for (;;) {
    at = text.indexOf('"', at + 1)
    if (at < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === code.backslash) slashes++
    if (slashes % 2 === 0) return at
  }
}

/**
 * A request out of parsed JSON. As go-jsonrpc, it does not insist on the member `jsonrpc`.
 * @throws ApiError -32600
 */
export function readRequest(json: unknown): RpcRequest {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalidRequest('Invalid request: expected an object')
  const { id, method, params } = json as { id?: unknown; method?: unknown; params?: unknown }
  if (typeof method !== 'string') throw invalidRequest('Invalid request: the method is not text')
  if (id !== undefined && !isId(id)) throw invalidRequest('Invalid request: the id is neither text nor a number')
  return { id: id as RequestId | undefined, method, params }
}

function isId(id: unknown): id is RequestId {
  // A number that is none (too large for any type) cannot be sent back.
  if (typeof id === 'number') return Number.isFinite(id)
  return typeof id === 'bigint' || (id !== undefined && isJSONRPCID(id))
}

/** The id of something that may not be a whole request, for its error answer. */
export function idOf(json: unknown): RequestId {
  const id = (json as { id?: unknown } | null)?.id
  return isId(id) ? id : null
}

export function idText(id: RequestId): string {
  return JSON.stringify(typeof id === 'bigint' ? jsonInteger(id) : id)
}

/** An answer around a result that is JSON text already: nothing is parsed or copied apart. */
export function resultText(id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","result":${result},"id":${idText(id)}}`
}

export function errorText(id: RequestId, error: unknown): string {
  return `{"jsonrpc":"2.0","error":${JSON.stringify(errorToJson(error))},"id":${idText(id)}}`
}

export function notificationText(method: string, params: readonly Json[]): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params })
}
