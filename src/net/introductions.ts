import type { Connection } from '@libp2p/interface'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'

const log = getLogger('hello')

export interface IntroductionsComponents {
  readonly connections: () => readonly Connection[]
  /** Asks a peer what it speaks; what it says comes back by `identified`. */
  readonly identify: (connection: Connection) => Promise<unknown>
  readonly sayHello: (connection: Connection) => Promise<void>
  /** Whether a peer has said a hello that fits our chain. */
  readonly isPeer: (peer: string) => boolean
  readonly close: (connection: Connection, reason: string) => void
}

export interface IntroductionsInit {
  /** Until a step that failed, or whose answer did not come, is taken again, ms. */
  readonly patienceMs?: number
}

/** Times that each step is tried on one connection. */
const TRIES = 3

interface Progress {
  speaksHello: boolean | undefined
  greeted: boolean
  greeting: boolean
  tries: number
  /** When the next step is due, by `performance.now`. */
  due: number
}

/**
 * Sees that a connection comes to something: the peer says what it speaks, we say hello, it says hello. On a busy machine each of them
 * may time out, and no other side would begin again: the two would stay connected and tell each other nothing for good.
 * Lotus leaves this to the many other peers (node/hello).
 */
export class Introductions {
  readonly #c: IntroductionsComponents
  readonly #patienceMs: number
  readonly #progress = new WeakMap<Connection, Progress>()

  constructor(components: IntroductionsComponents, init: IntroductionsInit = {}) {
    this.#c = components
    this.#patienceMs = init.patienceMs ?? 20_000
  }

  /** To be called when a peer has said what it speaks. */
  identified(connection: Connection, speaksHello: boolean): void {
    const progress = this.#of(connection)
    if (progress.speaksHello === undefined) progress.tries = 0
    progress.speaksHello = speaksHello
    if (speaksHello && !progress.greeted && !progress.greeting) this.#greet(connection, progress)
  }

  /** To be called every few seconds. */
  look(): void {
    const now = performance.now()
    for (const connection of this.#c.connections()) {
      if (connection.status !== 'open') continue
      const progress = this.#of(connection)
      if (progress.greeting || now < progress.due || progress.speaksHello === false) continue
      progress.due = now + this.#patienceMs
      if (progress.speaksHello === undefined) this.#identify(connection, progress)
      else if (!progress.greeted) this.#greet(connection, progress)
      else if (!this.#c.isPeer(connection.remotePeer.toString()) && ++progress.tries > TRIES)
        this.#c.close(connection, 'it did not say hello')
    }
  }

  #of(connection: Connection): Progress {
    let progress = this.#progress.get(connection)
    if (progress === undefined) {
      progress = {
        speaksHello: undefined,
        greeted: false,
        greeting: false,
        tries: 0,
        due: performance.now() + this.#patienceMs,
      }
      this.#progress.set(connection, progress)
    }
    return progress
  }

  #identify(connection: Connection, progress: Progress): void {
    if (++progress.tries > TRIES) {
      this.#c.close(connection, 'it does not tell what it speaks')
      return
    }
    this.#c.identify(connection).catch((error: unknown) => failed('asking a peer what it speaks', connection, error))
  }

  #greet(connection: Connection, progress: Progress): void {
    if (++progress.tries > TRIES) {
      this.#c.close(connection, 'it takes no hello')
      return
    }
    progress.greeting = true
    this.#c
      .sayHello(connection)
      .then(
        () => {
          progress.greeted = true
          progress.tries = 0
        },
        (error: unknown) => failed('saying hello', connection, error),
      )
      .finally(() => {
        progress.greeting = false
        progress.due = performance.now() + this.#patienceMs
      })
  }
}

function failed(what: string, connection: Connection, error: unknown): void {
  log.debug(`${what} failed`, { peer: connection.remotePeer.toString(), reason: errorMessage(error) })
}
