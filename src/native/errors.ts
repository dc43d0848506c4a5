import { NodeError } from '../lib/errors.ts'

/** Codes that the addon sets (native/src/error.rs has the same list), and two of the wrapper's own. */
export type NativeErrorCode =
  /** The addon's file is missing or was built for another version. */
  | 'NATIVE_MISSING'
  /** An argument of the wrong type or size. */
  | 'NATIVE_ARGUMENT'
  /** Rust panicked: always a bug. */
  | 'NATIVE_PANIC'
  /** The machine failed fatally: the state cannot be trusted after it. */
  | 'NATIVE_FVM'
  /** A block that execution needs is not in the store. */
  | 'NATIVE_FVM_STORE_MISSING'
  /** A callback of the machine threw. */
  | 'NATIVE_FVM_EXTERN'
  /** The machine was closed, or failed before. */
  | 'NATIVE_FVM_CLOSED'
  /** A proof that cannot be checked or made (malformed, parameters missing). */
  | 'NATIVE_PROOF'
  /** The work was cancelled by who asked for it. */
  | 'NATIVE_CANCELLED'
  /** A BLS or drand key, signature or scheme that cannot be used. */
  | 'NATIVE_BLS'
  /** A secp256k1 key or signature that cannot be used. */
  | 'NATIVE_SECP'
  /** A CAR section that is malformed or whose bytes do not hash to its CID. */
  | 'NATIVE_CAR'
  /** Bytes that are not strict canonical DAG-CBOR. */
  | 'NATIVE_CBOR'
  /** A HAMT, an AMT or a graph that breaks its rules. */
  | 'NATIVE_IPLD'
  /** A block that a walk needs is not in the store. */
  | 'NATIVE_IPLD_MISSING'

const CODES: ReadonlySet<string> = new Set<NativeErrorCode>([
  'NATIVE_MISSING',
  'NATIVE_ARGUMENT',
  'NATIVE_PANIC',
  'NATIVE_FVM',
  'NATIVE_FVM_STORE_MISSING',
  'NATIVE_FVM_EXTERN',
  'NATIVE_FVM_CLOSED',
  'NATIVE_PROOF',
  'NATIVE_CANCELLED',
  'NATIVE_BLS',
  'NATIVE_SECP',
  'NATIVE_CAR',
  'NATIVE_CBOR',
  'NATIVE_IPLD',
  'NATIVE_IPLD_MISSING',
])

export class NativeError extends NodeError {
  declare readonly code: NativeErrorCode
  constructor(code: NativeErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options)
  }
}

/** Turns what the addon threw into a `NativeError`; napi's own conversion errors become NATIVE_ARGUMENT. */
export function toNativeError(error: unknown): NativeError {
  if (error instanceof NativeError) return error
  if (!(error instanceof Error)) return new NativeError('NATIVE_ARGUMENT', String(error), { cause: error })
  const code = (error as { code?: unknown }).code
  const known = typeof code === 'string' && CODES.has(code) ? (code as NativeErrorCode) : 'NATIVE_ARGUMENT'
  return new NativeError(known, error.message, { cause: error.cause })
}

/** Runs a synchronous native call and types what it throws. */
export function nativeCall<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw toNativeError(error)
  }
}

/** Awaits a native promise and types what it rejects with. */
export async function nativeAsync<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toNativeError(error)
  }
}
