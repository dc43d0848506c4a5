import { setTimeout as sleep } from 'node:timers/promises'
import { CarError } from './errors.ts'

/** Attempts in a row without a single new byte before a download is given up. */
const MAX_ATTEMPTS = 8
const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 30_000
/** A connection on which nothing arrives for so long counts as broken. */
const STALL_MS = 60_000

interface Progress {
  offset: number
  total: number | undefined
  /** What says that the file is still the one that was begun. */
  validator: string | undefined
}

/**
 * Downloads a file, going on by Range where a connection broke off, with growing pauses between attempts. A file that changed
 * meanwhile is refused, as its parts would not fit.
 * @throws CarError CAR_SOURCE
 */
export async function downloadBytes(
  url: URL,
  signal: AbortSignal | undefined,
): Promise<{ bytes: AsyncIterable<Uint8Array>; totalBytes: number | undefined }> {
  const progress: Progress = { offset: 0, total: undefined, validator: undefined }
  const first = await attempt(url, progress, signal)
  return { bytes: resumed(url, progress, first, signal), totalBytes: progress.total }
}

async function* resumed(
  url: URL,
  progress: Progress,
  first: Attempt,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let current: Attempt | undefined = first
  let barren = 0
  for (;;) {
    let failure: unknown
    const before = progress.offset
    try {
      current ??= await attempt(url, progress, signal)
      for await (const chunk of current.chunks()) {
        progress.offset += chunk.length
        yield chunk
      }
    } catch (e) {
      signal?.throwIfAborted()
      if (e instanceof CarError) throw e
      failure = e
    } finally {
      current?.cancel()
      current = undefined
    }
    if (failure === undefined && (progress.total === undefined || progress.offset >= progress.total)) return
    barren = progress.offset > before ? 0 : barren + 1
    if (barren >= MAX_ATTEMPTS) throw gaveUp(url, barren, failure)
    await sleep(Math.min(FIRST_DELAY_MS * 2 ** barren, MAX_DELAY_MS), undefined, signal === undefined ? {} : { signal })
  }
}

function gaveUp(url: URL, tries: number, cause: unknown): CarError {
  return new CarError('CAR_SOURCE', `${url.host} did not send the file after ${tries} attempts`, {
    cause,
    hint: 'Check the address and the network, then start again.',
  })
}

interface Attempt {
  chunks(): AsyncGenerator<Uint8Array, void, undefined>
  cancel(): void
}

async function attempt(url: URL, progress: Progress, signal: AbortSignal | undefined): Promise<Attempt> {
  let delay = FIRST_DELAY_MS
  for (let tries = 1; ; tries++) {
    try {
      return await connect(url, progress, signal)
    } catch (cause) {
      signal?.throwIfAborted()
      if (cause instanceof CarError) throw cause
      if (tries >= MAX_ATTEMPTS) throw gaveUp(url, tries, cause)
    }
    await sleep(delay, undefined, signal === undefined ? {} : { signal })
    delay = Math.min(delay * 2, MAX_DELAY_MS)
  }
}

async function connect(url: URL, progress: Progress, signal: AbortSignal | undefined): Promise<Attempt> {
  const stall = new AbortController()
  const timer = setTimeout(() => stall.abort(new Error(`nothing arrived for ${STALL_MS / 1000} s`)), STALL_MS)
  const cancel = (): void => {
    clearTimeout(timer)
    stall.abort()
  }
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (progress.offset > 0) headers.range = `bytes=${progress.offset}-`
    const combined = signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal])
    const response = await fetch(url, { headers, signal: combined })
    const skip = accept(url, response, progress)
    const body = response.body
    if (body === null) throw new CarError('CAR_SOURCE', `${url.host} sent no file`)
    return { chunks: () => chunksOf(body, skip, timer), cancel }
  } catch (e) {
    cancel()
    throw e
  }
}

/** Checks the response and notes what it says of the file; returns how many bytes at its start are known already. */
function accept(url: URL, response: Response, progress: Progress): number {
  if (response.status === 429 || response.status >= 500) throw new Error(`${url.host} answered ${response.status}`)
  const partial = response.status === 206
  if (response.status !== 200 && !partial)
    throw new CarError('CAR_SOURCE', `${url.host} answered ${response.status} for ${url.pathname}`)
  const validator = response.headers.get('etag') ?? response.headers.get('last-modified') ?? undefined
  if (progress.offset > 0 && validator !== progress.validator)
    throw new CarError('CAR_SOURCE', `${url.pathname} changed at ${url.host} while it was being downloaded; start again`)
  progress.validator = validator
  if (partial) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
    if (range === null || Number(range[1]) !== progress.offset)
      throw new CarError('CAR_SOURCE', `${url.host} sent another part of the file than was asked for`)
    if (range[2] !== '*') progress.total = Number(range[2])
    return 0
  }
  const length = response.headers.get('content-length')
  if (length !== null) progress.total = Number(length)
  // A server without Range sends the file from its start.
  return progress.offset
}

async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  skip: number,
  timer: NodeJS.Timeout,
): AsyncGenerator<Uint8Array, void, undefined> {
  let known = skip
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    timer.refresh()
    const drop = Math.min(known, chunk.length)
    known -= drop
    if (drop < chunk.length) yield chunk.subarray(drop)
  }
}
