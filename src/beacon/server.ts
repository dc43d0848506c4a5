import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Lru } from '../lib/lru.ts'
import { drandSign } from '../native/crypto.ts'
import type { DrandChainInfo } from '../networks/drand.ts'
import { drandInfoJson, SERVED_SCHEME } from './chain-info.ts'
import { BeaconError } from './errors.ts'

export interface BeaconServerInit {
  readonly info: DrandChainInfo
  readonly beaconId: string
  /** 32 bytes, big endian. */
  readonly secretKey: Uint8Array
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Unix milliseconds. */
  readonly now?: () => number
}

/** Signing a round takes a millisecond; nodes ask for the newest ones. */
const KEPT_ROUNDS = 4096
/** Longest path that is looked at: a hash and a round. */
const MAX_URL = 256
/** Open connections; each node holds one or two. */
const MAX_CONNECTIONS = 512
const REQUEST_TIMEOUT_MS = 10_000
/** Rounds beyond this are none: JSON numbers are not exact any more. */
const MAX_ROUND = BigInt(Number.MAX_SAFE_INTEGER)

interface Answer {
  readonly status: number
  readonly body: string
  readonly maxAgeSecs?: number
}

/**
 * A drand network of one holder, served over HTTP as drand's own servers do (drand http/server.go): for private networks,
 * which have no League of Entropy. Rounds that are not due are refused, so that nobody knows randomness ahead of time
 * but who holds the key.
 */
export class BeaconServer {
  readonly #init: BeaconServerInit
  readonly #server: Server
  readonly #now: () => number
  readonly #rounds = new Lru<bigint, string>(KEPT_ROUNDS)

  private constructor(init: BeaconServerInit) {
    this.#init = init
    this.#now = init.now ?? Date.now
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (q, a) =>
      this.#serve(q, a),
    )
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** @throws BeaconError BEACON_SERVER when the port cannot be listened on */
  static async listen(init: BeaconServerInit): Promise<BeaconServer> {
    const server = new BeaconServer(init)
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (cause) => {
        const { code } = cause as NodeJS.ErrnoException
        const why = code === 'EADDRINUSE' ? 'it is in use by another program' : cause.message
        reject(
          new BeaconError('BEACON_SERVER', `the beacon cannot listen on ${init.host}:${init.port}: ${why}`, {
            cause,
            fields: { port: init.port },
          }),
        )
      })
      server.#server.listen(init.port, init.host, resolve)
    })
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://${this.#init.host}:${this.port}`
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  /** The newest round that is out; 0 before the first. */
  latest(): bigint {
    const { genesisTime, period } = this.#init.info
    const seconds = Math.floor(this.#now() / 1000) - genesisTime
    return seconds < 0 ? 0n : BigInt(Math.floor(seconds / period)) + 1n
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const { status, body, maxAgeSecs } = this.#answer(request.method ?? '', request.url ?? '')
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': maxAgeSecs === undefined ? 'no-cache' : `public, max-age=${maxAgeSecs}`,
      'Access-Control-Allow-Origin': '*',
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  #answer(method: string, url: string): Answer {
    if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'only GET is answered')
    if (url.length > MAX_URL) return refuse(414, 'the address is too long')
    const { info, beaconId } = this.#init
    const path = (url.split('?')[0] as string).replace(/\/+$/, '')
    if (path === '/chains') return found([info.hash])
    // The network's hash may stand in front of everything.
    const rest = path.startsWith(`/${info.hash}/`) ? path.slice(info.hash.length + 1) : path
    if (rest === '/info') return { ...found(drandInfoJson(info, beaconId)), maxAgeSecs: 3600 }
    if (rest === '/health') return this.#health()
    if (rest === '/public/latest') return this.#round(this.latest())
    const named = /^\/public\/(\d{1,16})$/.exec(rest)
    if (named !== null) return this.#round(BigInt(named[1] as string))
    return refuse(404, 'there is nothing at this address')
  }

  #health(): Answer {
    const latest = Number(this.latest())
    return found({ current: latest, expected: latest })
  }

  #round(round: bigint): Answer {
    // Lotus and drand's clients ask for round 0 when they mean the newest one.
    const wanted = round === 0n ? this.latest() : round
    if (wanted === 0n || wanted > this.latest() || wanted > MAX_ROUND) return refuse(404, 'the round is not out yet')
    let body = this.#rounds.get(wanted)
    if (body === undefined) {
      const signature = drandSign(SERVED_SCHEME, this.#init.secretKey, wanted)
      body = JSON.stringify({
        round: Number(wanted),
        randomness: createHash('sha256').update(signature).digest('hex'),
        signature: Buffer.from(signature).toString('hex'),
      })
      this.#rounds.set(wanted, body)
    }
    return { status: 200, body, ...(round === wanted ? { maxAgeSecs: 31_536_000 } : {}) }
  }
}

function found(value: unknown): Answer {
  return { status: 200, body: JSON.stringify(value) }
}

function refuse(status: number, error: string): Answer {
  return { status, body: JSON.stringify({ error }) }
}
