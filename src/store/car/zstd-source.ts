import { createZstdDecompress, type ZstdDecompress } from 'node:zlib'
import type { ByteSource } from './byte-source.ts'
import { CarError } from './errors.ts'

const READ_BYTES = 1 << 20
const FRAME = 0xfd2fb528
/** Sixteen magic numbers from here on begin frames that carry no data of ours. */
const SKIPPABLE = 0x184d2a50

/** True when a file with these first four bytes is zstd. */
export function isZstd(magic: Uint8Array): boolean {
  return magic.length === 4 && littleEndian(magic, 0) === FRAME
}

function littleEndian(b: Uint8Array, at: number): number {
  return ((b[at] as number) | ((b[at + 1] as number) << 8) | ((b[at + 2] as number) << 16) | ((b[at + 3] as number) << 24)) >>> 0
}

/**
 * Decompresses a file of one or more frames (parallel compressors write many). The runtime's stream stops after the first and
 * says nothing of what follows, so each frame has a stream of its own and the bytes that one left over go to the next.
 * @throws CarError CAR_TRUNCATED, CAR_FORMAT also for bytes that are no frame
 */
export async function* decompressZstd(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  const input = new FrameInput(source)
  for (;;) {
    const head = await input.peek(8)
    if (head.length === 0) return
    const magic = head.length < 4 ? 0 : littleEndian(head, 0)
    if (magic >>> 4 === SKIPPABLE >>> 4 && head.length === 8) {
      await input.drop(8 + littleEndian(head, 4))
      continue
    }
    if (magic !== FRAME) throw damaged('bytes that are no zstd follow the compressed file')
    yield* frame(input)
  }
}

async function* frame(input: FrameInput): AsyncGenerator<Uint8Array, void, undefined> {
  const zstd = createZstdDecompress({ chunkSize: READ_BYTES })
  let over = false
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      over = true
      resolve()
    }
    zstd.once('end', end)
    zstd.once('close', end)
  })
  // A failure of the source ends the stream as an early end would; this tells the two apart.
  const source: { failure?: { readonly error: unknown } } = {}
  const feeding = feed(zstd, input, ended, () => over).catch((error: unknown) => {
    source.failure = { error }
    zstd.destroy()
  })
  try {
    for await (const part of zstd) yield part
  } catch (cause) {
    if (source.failure !== undefined) throw source.failure.error
    const cut = /unexpected end|truncated|incomplete/i.test((cause as Error).message)
    throw cut
      ? new CarError('CAR_TRUNCATED', 'the compressed CAR file ends too early', { cause, hint: AGAIN })
      : damaged('the CAR file is not valid zstd', cause)
  } finally {
    zstd.destroy()
    await feeding
  }
  if (source.failure !== undefined) throw source.failure.error
  input.giveBack(zstd.bytesWritten)
}

async function feed(zstd: ZstdDecompress, input: FrameInput, ended: Promise<void>, over: () => boolean): Promise<void> {
  input.beginFrame()
  while (!over()) {
    await Promise.race([input.ready(), ended])
    if (over()) return
    const part = input.take(zstd.bytesWritten)
    if (part === undefined) {
      zstd.end()
      return
    }
    if (zstd.write(part)) continue
    const drained = new Promise<void>((resolve) => void zstd.once('drain', resolve))
    await Promise.race([drained, ended])
  }
}

const AGAIN = 'The file is damaged; fetch it again.'

function damaged(what: string, cause?: unknown): CarError {
  return new CarError('CAR_FORMAT', what, cause === undefined ? { hint: AGAIN } : { cause, hint: AGAIN })
}

/** The file's bytes in parts, and those that went into a stream which did not want them. */
class FrameInput {
  readonly #source: ByteSource
  #left: Uint8Array[] = []
  #reading: Promise<void> | undefined
  #read: { readonly part: Uint8Array | undefined } | undefined
  /** What the current frame's stream was given and has not used yet, from `#usedFrom` on. */
  #given: Uint8Array[] = []
  #usedFrom = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** Settles when `take` has something to give. */
  async ready(): Promise<void> {
    if (this.#left.length > 0 || this.#read !== undefined) return
    this.#reading ??= this.#source.some(READ_BYTES).then((part) => {
      this.#read = { part }
      this.#reading = undefined
    })
    await this.#reading
  }

  #next(): Uint8Array | undefined {
    const left = this.#left.shift()
    if (left !== undefined) return left
    const part = this.#read?.part
    // The end stays: it is asked for again by the next frame.
    if (part !== undefined) this.#read = undefined
    return part
  }

  beginFrame(): void {
    this.#given = []
    this.#usedFrom = 0
  }

  /** The next part for a stream that has used `used` bytes so far; undefined at the end of the file. */
  take(used: number): Uint8Array | undefined {
    const part = this.#next()
    while (this.#given.length > 0 && this.#usedFrom + (this.#given[0] as Uint8Array).length <= used) {
      this.#usedFrom += (this.#given.shift() as Uint8Array).length
    }
    if (part !== undefined) this.#given.push(part)
    return part
  }

  /** Takes back what a stream that used `used` bytes was given beyond them. */
  giveBack(used: number): void {
    let skip = used - this.#usedFrom
    const rest: Uint8Array[] = []
    for (const part of this.#given) {
      if (skip < part.length) rest.push(part.subarray(Math.max(skip, 0)))
      skip -= part.length
    }
    this.#left = [...rest, ...this.#left]
    this.beginFrame()
  }

  /** Up to `length` bytes without taking them. */
  async peek(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let have = 0
    while (have < length) {
      await this.ready()
      const part = this.#next()
      if (part === undefined) break
      parts.push(part)
      have += part.length
    }
    const all = Buffer.concat(parts, have)
    if (have > 0) this.#left = [all, ...this.#left]
    return all.subarray(0, length)
  }

  async drop(length: number): Promise<void> {
    let left = length
    while (left > 0) {
      await this.ready()
      const part = this.#next()
      if (part === undefined) throw new CarError('CAR_TRUNCATED', 'the compressed CAR file ends too early', { hint: AGAIN })
      if (part.length > left) this.#left.unshift(part.subarray(left))
      left -= part.length
    }
  }
}
