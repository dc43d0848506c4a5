import type { Verdict } from './verdict.ts'

/** Validations that may run at one time, of all peers and of one (Lotus's validation queue holds 256). */
const MAX_PENDING = 256
const MAX_PENDING_PER_PEER = 64

/**
 * Bounds the validations that run at one time. What comes when the gate is full is dropped without blame, and no single
 * peer can fill it: what go-libp2p's validation queue and peer gater do.
 */
export class ValidationGate {
  #pending = 0
  readonly #byPeer = new Map<string, number>()
  #dropped = 0

  get pending(): number {
    return this.#pending
  }

  /** Messages that were dropped since the start. */
  get dropped(): number {
    return this.#dropped
  }

  async run(peer: string, validate: () => Promise<Verdict>): Promise<Verdict> {
    const own = this.#byPeer.get(peer) ?? 0
    if (this.#pending >= MAX_PENDING || own >= MAX_PENDING_PER_PEER) {
      this.#dropped++
      return 'ignore'
    }
    this.#pending++
    this.#byPeer.set(peer, own + 1)
    try {
      return await validate()
    } finally {
      this.#pending--
      const left = (this.#byPeer.get(peer) ?? 1) - 1
      if (left <= 0) this.#byPeer.delete(peer)
      else this.#byPeer.set(peer, left)
    }
  }
}
