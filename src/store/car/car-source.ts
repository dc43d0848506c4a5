import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ByteSource, type Bytes } from './byte-source.ts'
import { CarError } from './errors.ts'
import { downloadBytes } from './http-source.ts'
import { decompressZstd, isZstd } from './zstd-source.ts'

const READ_BYTES = 1 << 20

/** A path, a `file:`, `http:` or `https:` URL, or bytes that come from elsewhere. */
export type CarLocation = string | URL | Bytes

export interface CarSource {
  /** The CAR's bytes, decompressed where the file is zstd. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Bytes of the file as stored, when known. */
  readonly totalBytes: number | undefined
  /** Bytes of the file as stored that were read so far: what progress compares with `totalBytes`. */
  readonly readBytes: () => number
}

/**
 * Opens a CAR wherever it lies. zstd is recognised by its first bytes. A download goes on where it broke off.
 * @throws CarError CAR_SOURCE
 */
export async function openCarSource(
  location: CarLocation,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CarSource> {
  const { bytes, totalBytes } = await rawBytes(location, options.signal)
  let read = 0
  const counted = (async function* () {
    for await (const chunk of bytes) {
      read += chunk.length
      yield chunk
    }
  })()
  return { bytes: decompressed(counted), totalBytes, readBytes: () => read }
}

async function rawBytes(
  location: CarLocation,
  signal: AbortSignal | undefined,
): Promise<{ bytes: Bytes; totalBytes: number | undefined }> {
  if (typeof location !== 'string' && !(location instanceof URL)) return { bytes: location, totalBytes: undefined }
  const text = location.toString()
  if (/^https?:/i.test(text)) return downloadBytes(new URL(text), signal)
  const path = /^file:/i.test(text) ? fileURLToPath(text) : text
  try {
    const info = await stat(path)
    if (!info.isFile()) throw new CarError('CAR_SOURCE', `${path} is not a file`)
    return { bytes: createReadStream(path, { highWaterMark: READ_BYTES, ...(signal && { signal }) }), totalBytes: info.size }
  } catch (cause) {
    if (cause instanceof CarError) throw cause
    throw new CarError('CAR_SOURCE', `${path} cannot be read`, { cause })
  }
}

async function* decompressed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const source = new ByteSource(bytes)
  try {
    if (isZstd(await source.peek(4))) yield* decompressZstd(source)
    else yield* rest(source)
  } finally {
    await source.close()
  }
}

async function* rest(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  for (let part = await source.some(READ_BYTES); part !== undefined; part = await source.some(READ_BYTES)) yield part
}
