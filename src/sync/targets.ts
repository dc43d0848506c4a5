import type { ChainEpoch } from '../types/scalars.ts'
import type { TipsetKey } from '../types/tipset.ts'

/** A head that somebody claims to have. */
export interface Claim {
  readonly key: TipsetKey
  readonly height: ChainEpoch
  /** As claimed; nothing depends on its truth but the order of work. */
  readonly weight: bigint
}

export interface Target extends Claim {
  /** Peers that said this is their head. */
  readonly claimants: ReadonlySet<string>
}

interface Entry extends Target {
  readonly claimants: Set<string>
}

/** Targets that wait; the lightest go first when there are more. */
const MAX_TARGETS = 64
/** Claimants that are remembered of one target. */
const MAX_CLAIMANTS = 64

/** Heads that are to be reached, and who claims to have them. One peer has one head: a newer claim takes the place of an older. */
export class Targets {
  readonly #waiting = new Map<string, Entry>()
  readonly #active = new Map<string, Entry>()
  /** What each peer claimed last, of those that wait. */
  readonly #claims = new Map<string, string>()

  /** @param peer whose head it is; undefined where nobody vouches for it */
  add(claim: Claim, peer?: string): void {
    const { id } = claim.key
    if (peer !== undefined) this.#forget(peer, id)
    const known = this.#active.get(id) ?? this.#waiting.get(id)
    if (known !== undefined) {
      if (peer !== undefined && known.claimants.size < MAX_CLAIMANTS) known.claimants.add(peer)
      return
    }
    this.#waiting.set(id, { ...claim, claimants: new Set(peer === undefined ? [] : [peer]) })
    if (peer !== undefined) this.#claims.set(peer, id)
    if (this.#waiting.size <= MAX_TARGETS) return
    let lightest: Entry | undefined
    for (const t of this.#waiting.values()) if (lightest === undefined || t.weight < lightest.weight) lightest = t
    if (lightest !== undefined) this.#drop(lightest)
  }

  /** The heaviest that waits; it is worked on until `done`. */
  take(): Target | undefined {
    let best: Entry | undefined
    for (const t of this.#waiting.values()) if (best === undefined || t.weight > best.weight) best = t
    if (best === undefined) return undefined
    this.#drop(best)
    this.#active.set(best.key.id, best)
    return best
  }

  done(target: Target): void {
    this.#active.delete(target.key.id)
  }

  #drop(entry: Entry): void {
    this.#waiting.delete(entry.key.id)
    for (const peer of entry.claimants) if (this.#claims.get(peer) === entry.key.id) this.#claims.delete(peer)
  }

  /** A peer has moved on from what it claimed; what nobody claims any more need not be reached. */
  #forget(peer: string, now: string): void {
    const before = this.#claims.get(peer)
    if (before === undefined || before === now) return
    this.#claims.delete(peer)
    const entry = this.#waiting.get(before)
    if (entry?.claimants.delete(peer) === true && entry.claimants.size === 0) this.#waiting.delete(before)
  }
}
