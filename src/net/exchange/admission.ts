import { PeerCounts } from '../peer-counts.ts'

interface Waiting {
  readonly peer: string
  readonly tell: (admitted: boolean) => void
}

export interface AdmissionInit {
  /** Requests that are worked on at one time, of all peers and of one. */
  readonly maxConcurrent: number
  readonly maxConcurrentPerPeer: number
  /** How long one waits for its turn, ms. */
  readonly maxWaitMs: number
}

/**
 * Who is served when more ask than are served at a time: the others wait in the order in which they came, and are turned away when
 * their turn does not come soon. A Lotus that syncs sends 16 requests at once and gives up after five refusals of one of them
 * (chain/sync.go syncRequestRetries); and a peer that asks on and on is held back by its own waiting.
 */
export class Admission {
  readonly #active: PeerCounts
  readonly #maxWaitMs: number
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>()

  constructor(init: AdmissionInit) {
    this.#active = new PeerCounts(init.maxConcurrent, init.maxConcurrentPerPeer)
    this.#maxWaitMs = init.maxWaitMs
  }

  /** Requests that are being worked on. */
  get active(): number {
    return this.#active.total
  }

  /** Whether the request may be worked on now; then `leave` must follow. The signal ends the waiting with false. */
  enter(peer: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    if (this.#active.hasRoom(peer)) {
      this.#active.add(peer)
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const stop = (): void => one.tell(false)
      const timer = setTimeout(stop, this.#maxWaitMs)
      signal.addEventListener('abort', stop, { once: true })
      const one: Waiting = {
        peer,
        tell: (admitted) => {
          clearTimeout(timer)
          signal.removeEventListener('abort', stop)
          this.#waiting.delete(one)
          resolve(admitted)
        },
      }
      this.#waiting.add(one)
    })
  }

  leave(peer: string): void {
    this.#active.remove(peer)
    for (const one of this.#waiting) {
      if (!this.#active.hasRoom(one.peer)) continue
      this.#active.add(one.peer)
      one.tell(true)
      return
    }
  }
}
