import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock } from '../lib/clock.ts'
import { errorMessage } from '../lib/errors.ts'
import { Lru } from '../lib/lru.ts'
import type { DrandNetwork } from '../networks/drand.ts'
import type { BeaconEntry } from '../types/block.ts'
import { BeaconError } from './errors.ts'
import { askServer } from './http-server.ts'
import { mockEntry } from './mock.ts'
import type { EntryVerifier } from './verify-entry.ts'

export interface BeaconClientComponents {
  readonly drand: DrandNetwork
  readonly verifier: EntryVerifier
}

export interface BeaconClientInit {
  /** How long one server may take, milliseconds. */
  readonly timeoutMs?: number
  /** After this long without an answer the next server is asked as well, milliseconds. */
  readonly hedgeMs?: number
  /** For waiting until a round is due, never for deciding what is valid. */
  readonly clock?: Clock
}

export interface EntryOptions {
  readonly wait?: boolean
}

/** Epochs are 30 s long and a block needs its entry in the first third. */
const TIMEOUT_MS = 5000
const HEDGE_MS = 750
/** Rounds that were fetched and verified; as many as Lotus keeps. */
const KEPT_ROUNDS = 1024

/**
 * Fetches rounds of one drand network over HTTP from any of its servers, and believes none of them: what comes back is
 * verified. The server that answered last is asked first; one that is slow or wrong costs a moment, not the round.
 */
export class BeaconClient {
  readonly drand: DrandNetwork
  readonly #verifier: EntryVerifier
  readonly #timeoutMs: number
  readonly #hedgeMs: number
  readonly #clock: Clock
  readonly #kept = new Lru<bigint, BeaconEntry>(KEPT_ROUNDS)
  /** One fetch per round, shared by all who wait for it. */
  readonly #pending = new Map<bigint, Promise<BeaconEntry>>()
  #servers: readonly string[]

  constructor(components: BeaconClientComponents, init: BeaconClientInit = {}) {
    this.drand = components.drand
    this.#verifier = components.verifier
    this.#servers = components.drand.servers
    this.#timeoutMs = init.timeoutMs ?? TIMEOUT_MS
    this.#hedgeMs = init.hedgeMs ?? HEDGE_MS
    this.#clock = init.clock ?? systemClock
  }

  /** Unix milliseconds at which a round is due; 0 for the mock beacon, which knows all. */
  timeOf(round: bigint): number {
    const { info } = this.drand
    return info === undefined ? 0 : (info.genesisTime + (Number(round) - 1) * info.period) * 1000
  }

  /**
   * The entry of a round, as soon as it is out.
   * @param options.wait false refuses a round that is not due yet
   * @throws BeaconError BEACON_UNAVAILABLE; the signal's reason
   */
  async entry(round: bigint, signal: AbortSignal, { wait = true }: EntryOptions = {}): Promise<BeaconEntry> {
    const { info } = this.drand
    if (info === undefined) return mockEntry(round)
    const kept = this.#kept.get(round)
    if (kept !== undefined) return kept
    signal.throwIfAborted()
    for (let ms = this.timeOf(round) - this.#clock.now(); ms > 0; ms = this.timeOf(round) - this.#clock.now()) {
      if (!wait) throw this.#early(round, info.hash)
      await this.#clock.sleep(ms, signal)
    }
    let fetched = this.#pending.get(round)
    if (fetched === undefined) {
      // Not with the caller's signal: another caller may be waiting for the same round.
      fetched = this.#fetch(info.hash, round).finally(() => this.#pending.delete(round))
      this.#pending.set(round, fetched)
    }
    return await unlessAborted(fetched, signal)
  }

  #early(round: bigint, hash: string): BeaconError {
    const due = new Date(this.timeOf(round)).toISOString()
    return new BeaconError(
      'BEACON_UNAVAILABLE',
      `round ${round} of the drand network ${hash} is not out yet: it is due at ${due}`,
      {
        fields: { round },
      },
    )
  }

  async #fetch(hash: string, round: bigint): Promise<BeaconEntry> {
    const end = new AbortController()
    const failures: string[] = []
    const ask = async (server: string): Promise<BeaconEntry> => {
      const signal = AbortSignal.any([end.signal, AbortSignal.timeout(this.#timeoutMs)])
      try {
        const served = await askServer(server, hash, round, signal)
        const entry = { round, data: served.data }
        if (!(await this.#verifier.verify(this.drand, entry, served.previousSignature ?? new Uint8Array(0))))
          throw new Error(`${server} sent a round that the network's key did not sign`)
        this.#servers = [server, ...this.#servers.filter((s) => s !== server)]
        return entry
      } catch (e) {
        failures.push(errorMessage(e))
        throw e
      }
    }
    const started: Promise<BeaconEntry>[] = []
    try {
      for (const server of this.#servers) {
        const asked = ask(server)
        asked.catch(() => {})
        started.push(asked)
        const found = await firstOf(started, asked, this.#hedgeMs)
        if (found !== undefined) return this.#keep(found)
      }
      return this.#keep(await Promise.any(started))
    } catch {
      const why = failures.length === 0 ? 'it has no servers' : failures.join('; ')
      throw new BeaconError('BEACON_UNAVAILABLE', `round ${round} of the drand network ${hash} cannot be had: ${why}`, {
        fields: { round },
        hint: 'Check the connection to the drand servers, or name others in the network description.',
      })
    } finally {
      end.abort()
    }
  }

  #keep(entry: BeaconEntry): BeaconEntry {
    this.#kept.set(entry.round, entry)
    return entry
  }
}

/** The first success of `all`, or undefined once the newest has failed or the time is over. */
async function firstOf<T>(all: readonly Promise<T>[], newest: Promise<T>, ms: number): Promise<T | undefined> {
  const done = new AbortController()
  const timer = sleep(ms, undefined, { signal: done.signal }).catch(() => undefined)
  const failed = newest.then(
    () => new Promise<undefined>(() => {}),
    () => undefined,
  )
  try {
    return await Promise.race([Promise.any(all).catch(() => undefined), failed, timer])
  } finally {
    done.abort()
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop)
  }
}
