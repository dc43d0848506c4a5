import { getLogger } from '../lib/log.ts'
import { Lru } from '../lib/lru.ts'

const log = getLogger('peers')

/**
 * What a peer did: `slow` may happen to anybody, `unfounded` is to claim a head and not to deliver it, `wrong` happens to nobody
 * who is honest, `hostile` is meant.
 */
export type Offence = 'slow' | 'unfounded' | 'wrong' | 'hostile'

const POINTS: Readonly<Record<Offence, number>> = { slow: 1, unfounded: 50, wrong: 100, hostile: 300 }
/** Points at which a peer is turned away. */
const LIMIT = 250
/** Points that are forgotten per minute. */
const FORGIVEN_PER_MINUTE = 10
/** How long a peer is turned away, ms. */
const SHUN_MS = 3_600_000
const REMEMBERED = 4096

export interface ConductComponents {
  /** Closes what is open to the peer and turns it away. */
  readonly expel: (peer: string, ms: number) => void
}

/** Keeps account of what peers did wrong, over all protocols. */
export class Conduct {
  readonly #c: ConductComponents
  readonly #records = new Lru<string, { points: number; at: number }>(REMEMBERED)

  constructor(components: ConductComponents) {
    this.#c = components
  }

  report(peer: string, offence: Offence, what: string): void {
    const points = this.points(peer) + POINTS[offence]
    log.debug('a peer misbehaved', { peer, what, points })
    if (points >= LIMIT) {
      log.info('a peer is turned away', { peer, what, minutes: SHUN_MS / 60_000 })
      this.#records.delete(peer)
      this.#c.expel(peer, SHUN_MS)
      return
    }
    this.#records.set(peer, { points, at: performance.now() })
  }

  points(peer: string): number {
    const record = this.#records.get(peer)
    if (record === undefined) return 0
    return Math.max(0, record.points - ((performance.now() - record.at) / 60_000) * FORGIVEN_PER_MINUTE)
  }
}
