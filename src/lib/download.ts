import { open, stat, unlink } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, NodeError } from './errors.ts'
import { httpGet } from './http-get.ts'

export interface DownloadOptions {
  readonly url: string
  /** Where the bytes go. What is there already is taken for their beginning, and the rest is asked for. */
  readonly path: string
  /** A longer answer is refused. */
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
  /** Times that a failed transfer is taken up again; 5 when not given. */
  readonly retries?: number
  readonly onProgress?: (bytes: number, total: number | undefined) => void
}

/** A transfer that failed for good. */
export class DownloadError extends NodeError {
  declare readonly code: 'DOWNLOAD_FAILED' | 'DOWNLOAD_TOO_LONG'
  /** Whether another attempt may succeed. */
  readonly passing: boolean
  constructor(code: DownloadError['code'], message: string, passing: boolean, cause?: unknown) {
    super(code, message, cause === undefined ? {} : { cause })
    this.passing = passing
  }
}

const firstPauseMs = 500
/** A server that sends nothing for so long is given up. */
const stallMs = 30_000

/**
 * Downloads a file, taking up again where an earlier attempt (of this or an earlier process) ended. Nothing is checked but
 * the length: who calls has to compare a hash, and remove the file when it differs.
 * @throws DownloadError; the signal's reason when it fires
 */
export async function downloadFile(options: DownloadOptions): Promise<void> {
  const retries = options.retries ?? 5
  for (let attempt = 0; ; attempt++) {
    try {
      return await transfer(options)
    } catch (e) {
      options.signal?.throwIfAborted()
      const error = e instanceof DownloadError ? e : failed(options.url, errorMessage(e), true, e)
      if (!error.passing || attempt >= retries) throw error
      await sleep(firstPauseMs * 2 ** attempt, undefined, { signal: options.signal })
    }
  }
}

async function transfer({ url, path, maxBytes, signal, onProgress }: DownloadOptions): Promise<void> {
  const have = await sizeOf(path)
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(new Error('the server sends nothing')), stallMs)
  try {
    const response = await httpGet(url, {
      // The bytes as they are: a compressed answer could not be taken up in the middle.
      headers: { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
      signal: signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]),
    })
    try {
      await receive(response, { url, path, maxBytes, have, onChunk: () => timer.refresh(), onProgress })
    } finally {
      response.destroy()
    }
  } catch (e) {
    throw stalled.signal.aborted ? failed(url, 'the server sends nothing', true) : e
  } finally {
    clearTimeout(timer)
  }
}

interface Receiving extends Pick<DownloadOptions, 'url' | 'path' | 'maxBytes'> {
  /** Bytes of the file that are here. */
  readonly have: number
  readonly onChunk: () => void
  readonly onProgress: DownloadOptions['onProgress'] | undefined
}

async function receive(response: IncomingMessage, { url, path, maxBytes, have, onChunk, onProgress }: Receiving): Promise<void> {
  const { statusCode: status = 0, headers } = response
  const range = headers['content-range']
  if (status === 416) {
    // Nothing lies beyond what we have: it is whole, or from another file, which the caller's hash will show.
    if (range === `bytes */${have}`) return
    await unlink(path)
    throw failed(url, 'it is shorter than the part that is here already', true)
  }
  if (status < 200 || status > 299) throw failed(url, `the server answers ${status}`, status >= 500 || status === 429)
  const resumed = status === 206 && range?.startsWith(`bytes ${have}-`) === true
  let size = resumed ? have : 0
  const announced = Number(headers['content-length'] ?? Number.NaN)
  const total = Number.isSafeInteger(announced) ? size + announced : undefined
  if (total !== undefined && total > maxBytes) throw tooLong(url, total, maxBytes)
  const file = await open(path, resumed ? 'a' : 'w')
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      onChunk()
      size += chunk.length
      if (size > maxBytes) throw tooLong(url, size, maxBytes)
      await file.writeFile(chunk)
      onProgress?.(size, total)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  if (total !== undefined && size !== total) throw failed(url, `the transfer ended at ${size} of ${total} bytes`, true)
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw e
  }
}

function failed(url: string, what: string, passing: boolean, cause?: unknown): DownloadError {
  return new DownloadError('DOWNLOAD_FAILED', `Downloading ${url} failed: ${what}.`, passing, cause)
}

function tooLong(url: string, bytes: number, max: number): DownloadError {
  return new DownloadError('DOWNLOAD_TOO_LONG', `${url} is refused: it has ${bytes} bytes or more, the limit is ${max}.`, false)
}
