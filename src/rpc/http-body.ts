import type { IncomingMessage } from 'node:http'

/** Reads bodies of requests, each up to a limit, all that are being received up to another. */
export class BodyReader {
  readonly #maxTotal: number
  #receiving = 0

  /** @param maxTotal bytes of all bodies that are being received at the same time */
  constructor(maxTotal: number) {
    this.#maxTotal = maxTotal
  }

  /** The body's bytes, at most `max`; undefined when the client left before the end. */
  async read(request: IncomingMessage, max: number): Promise<Buffer | 'too large' | 'busy' | undefined> {
    if (Number(request.headers['content-length'] ?? 0) > max) return 'too large'
    const chunks: Buffer[] = []
    let size = 0
    try {
      // The connection stays open after an early return: the refusal is still to be written.
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        const { length } = chunk as Buffer
        if (size + length > max) return 'too large'
        if (this.#receiving + length > this.#maxTotal) return 'busy'
        size += length
        this.#receiving += length
        chunks.push(chunk as Buffer)
      }
      return Buffer.concat(chunks, size)
    } catch {
      return undefined
    } finally {
      this.#receiving -= size
    }
  }
}

/**
 * Passes over what a refused client is still sending, for a short time: closing at once would reset the connection,
 * and the client would never see why.
 */
export function discard(request: IncomingMessage, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, 1_000)
    request.once('end', done).once('error', done).once('close', done)
    signal.addEventListener('abort', done, { once: true })
    request.resume()
  })
}
