import type { Stream } from '@libp2p/interface'
import { ByteBuffer } from './byte-buffer.ts'
import { CborFrame } from './cbor-frame.ts'
import { NetError } from './errors.ts'
import type { Slice } from './time-slice.ts'

/** How a message is read from a stream. */
export interface ReadOptions {
  /** Longest message, bytes. */
  readonly maxBytes: number
  /** Milliseconds in all. */
  readonly timeoutMs: number
  /** Bytes per second that buy more time than `timeoutMs`; without it the time is fixed. */
  readonly minBytesPerSecond?: number
  /** Milliseconds in all, whatever was bought. */
  readonly maxTimeMs?: number
  readonly signal?: AbortSignal | undefined
}

/** What one `send` hands to the multiplexer: large enough to be cheap, small enough not to fill memory at once. */
const WRITE_CHUNK = 64 * 1024

/**
 * Reads one CBOR value from a stream, whether or not the peer closes its side after it. Bytes that follow are an error.
 * The stream is aborted when the time is over, the message is too long, or the signal fires.
 * @throws NetError NET_TIMEOUT, NET_TOO_LARGE, NET_PROTOCOL
 */
export function readCbor(stream: Stream, options: ReadOptions): Promise<Uint8Array> {
  const frame = new CborFrame(options.maxBytes)
  return readUntil(stream, options, (chunk) => {
    const end = frame.push(chunk)
    if (end !== undefined && end < chunk.length) throw new NetError('NET_PROTOCOL', "bytes follow a peer's message")
    return end !== undefined
  })
}

/** @param isWhole told of each chunk; true ends the reading, an exception fails it */
function readUntil(stream: Stream, options: ReadOptions, isWhole: (chunk: Uint8Array) => boolean): Promise<Uint8Array> {
  const { timeoutMs, minBytesPerSecond, maxTimeMs = Number.POSITIVE_INFINITY, signal } = options
  return new Promise((resolve, reject) => {
    const received = new ByteBuffer()
    let total = 0
    const started = performance.now()
    let timer: NodeJS.Timeout
    const timeLeft = (): number => {
      const earned = minBytesPerSecond === undefined ? 0 : (total / minBytesPerSecond) * 1000
      return started + Math.min(timeoutMs + earned, maxTimeMs) - performance.now()
    }
    const arm = (): void => {
      timer = setTimeout(late, Math.max(0, timeLeft()))
    }
    const late = (): void => {
      // Data may have come since the timer was set: it then bought more time.
      if (timeLeft() > 1) arm()
      else fail(new NetError('NET_TIMEOUT', `a peer did not send its message in time; ${total} bytes had come`))
    }
    let settled = false
    const cleanUp = (): void => {
      settled = true
      clearTimeout(timer)
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('close', onClose)
      stream.removeEventListener('remoteCloseWrite', onEnd)
      signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: Error): void => {
      cleanUp()
      stream.abort(error)
      reject(error)
    }
    const onMessage = (event: { readonly data: Uint8Array | { subarray(): Uint8Array } }): void => {
      const chunk = event.data.subarray()
      received.push(chunk)
      total += chunk.length
      try {
        if (!isWhole(chunk)) return
      } catch (error) {
        fail(error as Error)
        return
      }
      cleanUp()
      resolve(received.take())
    }
    const onClose = (event: { readonly error?: Error }): void => {
      cleanUp()
      reject(new NetError('NET_PROTOCOL', `a peer closed the stream after ${total} bytes of a message`, { cause: event.error }))
    }
    const onEnd = (): void => {
      // What is buffered is handed out first; the message may be whole with it.
      setImmediate(() => {
        if (!settled) fail(new NetError('NET_PROTOCOL', `a peer's message ends after ${total} bytes`))
      })
    }
    const onAbort = (): void => fail(signal?.reason instanceof Error ? signal.reason : new NetError('NET_STOPPED', 'stopped'))
    if (signal?.aborted) {
      timer = setTimeout(() => {}, 0)
      onAbort()
      return
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    arm()
    stream.addEventListener('close', onClose)
    stream.addEventListener('remoteCloseWrite', onEnd)
    stream.addEventListener('message', onMessage)
    if (stream.readableEnded || stream.remoteWriteStatus === 'closed') onEnd()
  })
}

/**
 * Lets go of a stream whose work is done: the peer has a moment to close its side, then it is reset, so that streams
 * left half open cannot pile up.
 */
export function finish(stream: Stream, graceMs = 5000): void {
  if (stream.status !== 'open' && stream.status !== 'closing') return
  const timer = setTimeout(() => stream.abort(new NetError('NET_TIMEOUT', 'a peer left a stream open')), graceMs)
  timer.unref()
  stream.addEventListener('close', () => clearTimeout(timer), { once: true })
}

export interface WriteOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Whether this side is closed after it; true by default. */
  readonly close?: boolean
  /** Work that others wait for goes on between the pieces of a long message. */
  readonly slice?: Slice
}

/**
 * Writes all bytes and closes this side; resolves when the multiplexer took them. A peer that does not read stalls the
 * write, and the stream is aborted when the time is over.
 * @throws NetError NET_TIMEOUT, NET_PROTOCOL
 */
export async function writeAll(stream: Stream, bytes: Uint8Array | readonly Uint8Array[], options: WriteOptions): Promise<void> {
  const { slice } = options
  const deadline = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline])
  try {
    for (const chunk of chunks(bytes instanceof Uint8Array ? [bytes] : bytes)) {
      signal.throwIfAborted()
      if (!stream.send(chunk)) await stream.onDrain({ signal })
      if (slice?.isOver) await slice.pause()
    }
    if (options.close !== false) await stream.close({ signal })
  } catch (cause) {
    const error = deadline.aborted
      ? new NetError('NET_TIMEOUT', 'a peer did not take a message in time', { cause })
      : new NetError('NET_PROTOCOL', 'a stream ended while it was written to', { cause })
    stream.abort(error)
    throw error
  }
}

/** The same bytes in chunks of a size that is good to send: small pieces together, large ones cut. */
function* chunks(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let together: Uint8Array[] = []
  let size = 0
  // One piece is sent as it is.
  const joined = (): Uint8Array => (together.length === 1 ? (together[0] as Uint8Array) : Buffer.concat(together, size))
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += WRITE_CHUNK) {
      const part = piece.subarray(at, at + WRITE_CHUNK)
      if (size + part.length > WRITE_CHUNK) {
        yield joined()
        together = []
        size = 0
      }
      together.push(part)
      size += part.length
    }
  }
  if (size > 0) yield joined()
}
