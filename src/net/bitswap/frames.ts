import type { Stream } from '@libp2p/interface'
import { ByteBuffer } from '../byte-buffer.ts'
import { NetError } from '../errors.ts'

export interface FrameOptions {
  /** Longest frame, bytes. */
  readonly maxBytes: number
  /** Time in which a frame that has begun must be whole, ms. */
  readonly timeoutMs: number
}

/**
 * Reads frames with a varint length before each from a stream until it ends. A frame that is too long, or that does not
 * become whole in time, aborts the stream. What is held is at most one frame.
 */
export function readFrames(stream: Stream, options: FrameOptions, onFrame: (frame: Uint8Array) => void): void {
  const splitter = new FrameSplitter(options.maxBytes)
  let timer: NodeJS.Timeout | undefined
  const fail = (error: Error): void => {
    clearTimeout(timer)
    stream.removeEventListener('message', onMessage)
    stream.abort(error)
  }
  const onMessage = (event: { readonly data: { subarray(): Uint8Array } }): void => {
    try {
      const wholes = splitter.push(event.data.subarray())
      if (wholes.length > 0 || !splitter.isInside) {
        clearTimeout(timer)
        timer = undefined
      }
      for (const frame of wholes) onFrame(frame)
    } catch (error) {
      fail(error as Error)
      return
    }
    if (splitter.isInside && timer === undefined) {
      timer = setTimeout(() => fail(new NetError('NET_TIMEOUT', 'a peer did not finish a message in time')), options.timeoutMs)
      timer.unref()
    }
  }
  stream.addEventListener('close', () => clearTimeout(timer), { once: true })
  stream.addEventListener('message', onMessage)
}

/** Cuts a flow of bytes into frames. */
export class FrameSplitter {
  readonly #maxBytes: number
  readonly #received = new ByteBuffer()
  /** Bytes that the frame at hand lacks; undefined while its length is being read. */
  #missing: number | undefined
  #length = 0
  #scale = 1

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether a frame has begun that is not whole. */
  get isInside(): boolean {
    return this.#missing !== undefined || this.#scale > 1
  }

  /** @throws NetError NET_TOO_LARGE */
  push(chunk: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = []
    let at = 0
    while (at < chunk.length || this.#missing === 0) {
      if (this.#missing === undefined) {
        this.#takeLengthByte(chunk[at++] as number)
        continue
      }
      const n = Math.min(this.#missing, chunk.length - at)
      this.#received.push(chunk.subarray(at, at + n))
      at += n
      this.#missing -= n
      if (this.#missing > 0) break
      out.push(this.#received.take())
      this.#missing = undefined
    }
    return out
  }

  #takeLengthByte(byte: number): void {
    this.#length += (byte & 0x7f) * this.#scale
    if (this.#length > this.#maxBytes) {
      throw new NetError('NET_TOO_LARGE', `a peer's message is longer than the limit of ${this.#maxBytes} bytes`)
    }
    if (byte >= 0x80) {
      this.#scale *= 128
      if (this.#scale > 2 ** 35) throw new NetError('NET_TOO_LARGE', "the length of a peer's message cannot be read")
      return
    }
    this.#missing = this.#length
    this.#length = 0
    this.#scale = 1
  }
}
