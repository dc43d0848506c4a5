import { type JsonPath, jsonFail, jsonKind } from './json.ts'

/** Standard base64 with padding, as Go's encoding/json writes []byte. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** @throws CodecError CODEC_JSON for text that is not padded standard base64 */
export function fromBase64(text: unknown, path: JsonPath): Uint8Array {
  if (typeof text !== 'string') jsonFail(path, `expected base64 text, found ${jsonKind(text)}`)
  const bytes = Buffer.from(text, 'base64')
  // Buffer skips what it does not know; writing it again shows whether anything was skipped.
  if (bytes.toString('base64') !== text) jsonFail(path, 'not valid base64')
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
