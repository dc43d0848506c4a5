import { PeerCounts } from '../peer-counts.ts'
import type { Verdict } from './verdict.ts'

/** Validations that may run at one time, of all peers and of one (Lotus's validation queue holds 256). */
const MAX_PENDING = 256
const MAX_PENDING_PER_PEER = 64

/**
 * Bounds the validations that run at one time. What comes when the gate is full is dropped without blame, and no single
 * peer can fill it: what go-libp2p's validation queue and peer gater do.
 */
export class ValidationGate {
  readonly #running = new PeerCounts(MAX_PENDING, MAX_PENDING_PER_PEER)
  #dropped = 0

  get pending(): number {
    return this.#running.total
  }

  /** Messages that were dropped since the start. */
  get dropped(): number {
    return this.#dropped
  }

  async run(peer: string, validate: () => Promise<Verdict>): Promise<Verdict> {
    if (!this.#running.hasRoom(peer)) {
      this.#dropped++
      return 'ignore'
    }
    this.#running.add(peer)
    try {
      return await validate()
    } finally {
      this.#running.remove(peer)
    }
  }
}
