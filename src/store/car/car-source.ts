import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createZstdDecompress } from 'node:zlib'
import { ByteSource, type Bytes } from './byte-source.ts'
import { CarError } from './errors.ts'
import { downloadBytes } from './http-source.ts'

const ZSTD_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)
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
    const magic = await source.peek(ZSTD_MAGIC.length)
    if (Buffer.compare(magic, ZSTD_MAGIC) !== 0) {
      yield* rest(source)
      return
    }
    yield* inflate(source)
  } finally {
    await source.close()
  }
}

async function* rest(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  for (let part = await source.some(READ_BYTES); part !== undefined; part = await source.some(READ_BYTES)) yield part
}

async function* inflate(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  const zstd = createZstdDecompress({ chunkSize: READ_BYTES })
  let failed: unknown
  const feeding = (async () => {
    try {
      for await (const part of rest(source)) {
        if (zstd.destroyed) return
        if (!zstd.write(part))
          await new Promise<void>((resolve) => {
            zstd.once('drain', resolve)
            zstd.once('close', resolve)
          })
      }
      zstd.end()
    } catch (e) {
      failed = e
      zstd.destroy()
    }
  })()
  try {
    for await (const part of zstd) yield part
  } catch (cause) {
    if (failed !== undefined) throw failed
    const cut = /unexpected end|truncated|incomplete/i.test((cause as Error).message)
    throw new CarError(
      cut ? 'CAR_TRUNCATED' : 'CAR_FORMAT',
      cut ? 'the compressed CAR file ends too early' : 'the CAR file is not valid zstd',
      {
        cause,
        hint: 'The file is damaged; fetch it again.',
      },
    )
  } finally {
    zstd.destroy()
    await feeding
  }
  if (failed !== undefined) throw failed
}
