import type { Clock } from '../lib/clock.ts'
import type { NetService } from '../net/service.ts'
import type { Network } from '../networks/types.ts'
import type { ChainStore } from '../store/chain-store.ts'

/** Silence of the head after which the node counts as dead (Lotus node/health.go). */
const MAX_SILENCE_MS = 5 * 60_000
/** Epochs behind the clock up to which the node counts as synchronised. */
const MAX_BEHIND = 5

export interface HealthComponents {
  readonly chain: ChainStore
  readonly network: Network
  /** Undefined for a node that talks to no peer. */
  readonly net: NetService | undefined
  readonly clock: Clock
}

/** What a supervisor asks: whether the node still works, and whether it can be relied on. */
export class Health {
  readonly #c: HealthComponents
  #lastChange: number
  readonly close: () => void

  constructor(components: HealthComponents) {
    this.#c = components
    this.#lastChange = components.clock.now()
    this.close = components.chain.onHeadChange(() => {
      this.#lastChange = components.clock.now()
    })
  }

  /** Whether the head moved, or the node started, in the last five minutes. */
  live(): boolean {
    return this.#c.clock.now() - this.#lastChange < MAX_SILENCE_MS
  }

  /** Whether the head is near what the clock says, with a peer on the same chain where there is a network. */
  ready(): boolean {
    const behind = epochsBehind(this.#c.chain, this.#c.network, this.#c.clock.now())
    return behind !== undefined && behind < MAX_BEHIND && (this.#c.net === undefined || this.#c.net.peers.peers.size > 0)
  }
}

/** Epochs by which the head is behind the clock, Unix ms; undefined for a node without a chain. */
export function epochsBehind(chain: ChainStore, network: Network, now: number): number | undefined {
  const expected = expectedHeight(chain, network, now)
  return expected === undefined || chain.head === undefined ? undefined : Math.max(0, expected - chain.head.height)
}

/** Height that the clock says. */
export function expectedHeight(chain: ChainStore, network: Network, now: number): number | undefined {
  if (chain.genesis === undefined) return undefined
  const seconds = now / 1000 - Number(chain.genesis.minTimestamp)
  return Math.max(0, Math.floor(seconds / network.blockDelaySecs))
}
