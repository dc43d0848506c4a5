/** Counts what goes on at one time, in all and by peer, against a limit for each. */
export class PeerCounts {
  readonly #max: number
  readonly #maxPerPeer: number
  readonly #byPeer = new Map<string, number>()
  #total = 0

  constructor(max: number, maxPerPeer: number) {
    this.#max = max
    this.#maxPerPeer = maxPerPeer
  }

  get total(): number {
    return this.#total
  }

  hasRoom(peer: string): boolean {
    return this.#total < this.#max && (this.#byPeer.get(peer) ?? 0) < this.#maxPerPeer
  }

  add(peer: string): void {
    this.#total++
    this.#byPeer.set(peer, (this.#byPeer.get(peer) ?? 0) + 1)
  }

  remove(peer: string): void {
    this.#total--
    const left = (this.#byPeer.get(peer) ?? 1) - 1
    if (left <= 0) this.#byPeer.delete(peer)
    else this.#byPeer.set(peer, left)
  }
}
