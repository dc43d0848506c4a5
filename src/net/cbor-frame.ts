import { NetError } from './errors.ts'

/** Deeper than any message of the protocols nests. */
const MAX_DEPTH = 32

/**
 * Finds where one CBOR value ends in bytes that arrive piecemeal: requests and answers carry no length, and a peer need not
 * close its side after one. Only lengths are looked at; whether the value is canonical is the decoder's business.
 */
export class CborFrame {
  readonly #head = new Uint8Array(9)
  #headHave = 0
  #headNeed = 1
  /** Bytes of a string that are still to come. */
  #skip = 0
  /** How many values each open container still lacks. */
  readonly #left: number[] = [1]
  #seen = 0
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * Takes the next bytes.
   * @returns how many of them belong to the value once it is whole; undefined while it is not
   * @throws NetError NET_TOO_LARGE, NET_PROTOCOL
   */
  push(chunk: Uint8Array): number | undefined {
    let at = 0
    while (this.#left.length > 0) {
      if (this.#skip > 0) {
        const n = Math.min(this.#skip, chunk.length - at)
        this.#skip -= n
        at += n
        if (this.#skip > 0) break
        this.#valueEnds()
        continue
      }
      const byte = chunk[at]
      if (byte === undefined) break
      at++
      if (this.#headHave === 0) this.#headNeed = headLength(byte)
      this.#head[this.#headHave++] = byte
      if (this.#headHave === this.#headNeed) {
        this.#headHave = 0
        this.#take(this.#seen + at)
      }
    }
    this.#seen += at
    if (this.#seen > this.#maxBytes || (this.#left.length > 0 && this.#seen >= this.#maxBytes)) throw this.#tooLarge()
    return this.#left.length === 0 ? at : undefined
  }

  #tooLarge(): NetError {
    return new NetError('NET_TOO_LARGE', `a peer's message is longer than the limit of ${this.#maxBytes} bytes`)
  }

  #argument(): number {
    const info = (this.#head[0] as number) & 31
    if (info < 24) return info
    let v = 0
    for (let i = 1; i < this.#headNeed; i++) v = v * 256 + (this.#head[i] as number)
    return v
  }

  #take(seen: number): void {
    const major = (this.#head[0] as number) >> 5
    // An integer's argument may be any; a length is compared below as an approximate number, which is enough for a refusal.
    const n = this.#argument()
    switch (major) {
      case 2:
      case 3:
        if (n > this.#maxBytes - seen) throw this.#tooLarge()
        if (n === 0) this.#valueEnds()
        else this.#skip = n
        return
      case 4:
      case 5: {
        const items = major === 5 ? n * 2 : n
        if (items > this.#maxBytes - seen) throw this.#tooLarge()
        if (items === 0) this.#valueEnds()
        else this.#open(items)
        return
      }
      case 6:
        this.#open(1)
        return
      default:
        this.#valueEnds()
    }
  }

  #open(items: number): void {
    this.#left.push(items)
    if (this.#left.length > MAX_DEPTH) throw new NetError('NET_PROTOCOL', `a peer's message nests deeper than ${MAX_DEPTH}`)
  }

  #valueEnds(): void {
    while (this.#left.length > 0) {
      const last = this.#left.length - 1
      const n = (this.#left[last] as number) - 1
      this.#left[last] = n
      if (n > 0) return
      this.#left.pop()
    }
  }
}

function headLength(first: number): number {
  const info = first & 31
  if (info < 24) return 1
  if (info <= 27) return 1 + (1 << (info - 24))
  throw new NetError('NET_PROTOCOL', 'a peer sent CBOR of indefinite length or with a reserved head')
}
