import { NodeError } from '../lib/errors.ts'

export type CodecErrorCode =
  /** Bytes that are not strict canonical DAG-CBOR, or not of the shape asked for. */
  | 'CODEC_CBOR'
  /** JSON that is not of the shape asked for. */
  | 'CODEC_JSON'
  /** A value that cannot be written in this type (out of range, wrong length). */
  | 'CODEC_VALUE'

export class CodecError extends NodeError {
  declare readonly code: CodecErrorCode
  constructor(code: CodecErrorCode, message: string) {
    // -32602 is what JSON-RPC calls invalid params; only CODEC_JSON reaches a caller by that path.
    super(code, message, code === 'CODEC_JSON' ? { rpcCode: -32602 } : {})
  }
}
