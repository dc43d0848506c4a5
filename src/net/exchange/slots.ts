/** Requests that one peer is sent at one time; others of our kind, and Forest, tell a fifth one to go away. */
const PER_PEER = 4

interface Slot {
  active: number
  readonly waiting: (() => void)[]
}

/** Lets no more than four requests at a time through to each peer; the others wait their turn. */
export class PeerSlots {
  readonly #slots = new Map<string, Slot>()

  /** Whether a request to the peer would have to wait. */
  isFull(peer: string): boolean {
    return (this.#slots.get(peer)?.active ?? 0) >= PER_PEER
  }

  /** Runs `work` when a slot is free. The signal ends the waiting, with its reason thrown. */
  async run<T>(peer: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    let slot = this.#slots.get(peer)
    if (slot === undefined) {
      slot = { active: 0, waiting: [] }
      this.#slots.set(peer, slot)
    }
    if (slot.active >= PER_PEER) await turn(slot, signal)
    else slot.active++
    try {
      return await work()
    } finally {
      const next = slot.waiting.shift()
      // A slot that is handed on stays counted.
      if (next !== undefined) next()
      else if (--slot.active === 0) this.#slots.delete(peer)
    }
  }
}

function turn(slot: Slot, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const stop = (): void => {
      slot.waiting.splice(slot.waiting.indexOf(go), 1)
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', stop, { once: true })
    slot.waiting.push(go)
  })
}
