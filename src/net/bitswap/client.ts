import { Lru } from '../../lib/lru.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import { NetError } from '../errors.ts'
import { type BitswapMessage, emptyMessage, isChainCid } from './message.ts'
import type { Outbox } from './outbox.ts'

export interface BitswapClientComponents {
  readonly outbox: (peer: string) => Outbox
  /** Connected peers that speak bitswap, best first. */
  readonly peers: () => readonly string[]
  /** Told of peers that send what nobody asked for, over and over. */
  readonly onAbuse: (peer: string) => void
}

export interface BitswapClientInit {
  /** Time for all blocks, ms: 30 s, and 10 s more for what is on its way (Lotus waits for block time and propagation delay). */
  readonly timeoutMs?: number
  /** Time after which the next peers are asked as well, ms. */
  readonly nextPeerMs?: number
}

export interface FetchBlocksOptions {
  readonly signal?: AbortSignal | undefined
  /** Peers to ask first: who sent the block that names these messages has them. */
  readonly prefer?: readonly string[]
}

/** Blocks asked for at once; a peer takes 1024 wants. */
const WANTS_AT_ONCE = 512
/** Blocks that one call may ask for: those of a full block of messages, with room. */
const MAX_FETCH = 20_000
/** Peers that are asked in each further step. */
const PEERS_PER_STEP = 2
/** Blocks that nobody asked for after which a peer is reported. Late duplicates do not count. */
const MAX_UNASKED = 256

interface Session {
  readonly wanted: Map<string, CID>
  readonly got: Map<string, Uint8Array>
  /** Peers that were asked, with what they still hold as our want, and what of it they have said to lack. */
  readonly asked: Map<string, { readonly wants: Set<string>; readonly denied: Set<string> }>
  /** Asks further peers now. */
  askMore(): void
  done(): void
}

/** Fetches blocks from peers; each is known by its hash, so any peer may give it. */
export class BitswapClient {
  readonly #c: BitswapClientComponents
  readonly #timeoutMs: number
  readonly #nextPeerMs: number
  readonly #sessions = new Set<Session>()
  readonly #recent = new Lru<string, true>(16_384)
  readonly #unasked = new Lru<string, number>(1024)

  constructor(components: BitswapClientComponents, init: BitswapClientInit = {}) {
    this.#c = components
    this.#timeoutMs = init.timeoutMs ?? 40_000
    this.#nextPeerMs = init.nextPeerMs ?? 500
  }

  /**
   * Fetches all of the blocks, by `cidKey`.
   * @throws NetError NET_BLOCKS_MISSING when some did not come in time
   */
  async fetch(cids: readonly CID[], options: FetchBlocksOptions = {}): Promise<Map<string, Uint8Array>> {
    const unique = new Map<string, CID>()
    for (const c of cids) {
      if (!isChainCid(c)) throw new NetError('NET_PROTOCOL', `${c} names no block of a chain`)
      unique.set(cidKey(c), c)
    }
    if (unique.size > MAX_FETCH) throw new NetError('NET_TOO_LARGE', `${unique.size} blocks at once are more than ${MAX_FETCH}`)
    const out = new Map<string, Uint8Array>()
    const deadline = performance.now() + this.#timeoutMs
    const all = [...unique]
    for (let at = 0; at < all.length; at += WANTS_AT_ONCE) {
      const part = await this.#fetchPart(new Map(all.slice(at, at + WANTS_AT_ONCE)), deadline, options)
      for (const [k, v] of part) out.set(k, v)
    }
    return out
  }

  #fetchPart(wanted: Map<string, CID>, deadline: number, options: FetchBlocksOptions): Promise<Map<string, Uint8Array>> {
    return new Promise((resolve, reject) => {
      const prefer = options.prefer ?? []
      const session: Session = {
        wanted,
        got: new Map(),
        asked: new Map(),
        askMore: () => this.#askMore(session, prefer),
        done: () => end(),
      }
      const end = (error?: Error): void => {
        this.#sessions.delete(session)
        clearTimeout(late)
        clearInterval(more)
        options.signal?.removeEventListener('abort', onAbort)
        this.#cancel(session)
        if (error === undefined) resolve(session.got)
        else reject(error)
      }
      const onAbort = (): void => end(options.signal?.reason as Error)
      const late = setTimeout(
        () =>
          end(new NetError('NET_BLOCKS_MISSING', `${wanted.size} blocks did not come in time from ${session.asked.size} peers`)),
        Math.max(0, deadline - performance.now()),
      )
      const more = setInterval(() => session.askMore(), this.#nextPeerMs)
      if (options.signal?.aborted) {
        onAbort()
        return
      }
      options.signal?.addEventListener('abort', onAbort, { once: true })
      this.#sessions.add(session)
      session.askMore()
    })
  }

  #askMore(session: Session, prefer: readonly string[]): void {
    const connected = this.#c.peers()
    const candidates = [...prefer.filter((p) => connected.includes(p)), ...connected]
    let left = session.asked.size === 0 && candidates.length > 0 && prefer.includes(candidates[0] as string) ? 1 : PEERS_PER_STEP
    for (const peer of candidates) {
      if (left === 0) return
      if (session.asked.has(peer)) continue
      const wants = [...session.wanted.values()].map((cid) => ({ cid, cancel: false, have: false, sendDontHave: true }))
      session.asked.set(peer, { wants: new Set(session.wanted.keys()), denied: new Set() })
      if (this.#c.outbox(peer).send({ ...emptyMessage, wants })) left--
    }
  }

  /** Takes back what did not come. Peers that said no remember the want too, and would send the block when they get it. */
  #cancel(session: Session): void {
    for (const [peer, { wants: open }] of session.asked) {
      const wants = [...open].flatMap((key) => {
        const cid = session.wanted.get(key)
        return cid === undefined ? [] : [{ cid, cancel: true, have: false, sendDontHave: false }]
      })
      if (wants.length > 0) this.#c.outbox(peer).send({ ...emptyMessage, wants })
    }
  }

  /** Takes the blocks and presences of a message. @returns blocks that were asked for */
  receive(peer: string, message: BitswapMessage): { readonly cid: CID; readonly data: Uint8Array }[] {
    const spare = new Map<string, CID[]>()
    const wanted = message.blocks.filter((block) => this.#deliver(peer, block.cid, block.data, spare))
    // Others that were asked for the same are told to spare it.
    for (const [other, cids] of spare) {
      const wants = cids.map((cid) => ({ cid, cancel: true, have: false, sendDontHave: false }))
      this.#c.outbox(other).send({ ...emptyMessage, wants })
    }
    const denied = new Set<Session>()
    for (const cid of message.dontHave) this.#denied(peer, cidKey(cid), denied)
    for (const session of [...this.#sessions]) {
      if (session.wanted.size === 0) session.done()
      else if (denied.has(session)) session.askMore()
    }
    return wanted
  }

  #deliver(peer: string, cid: CID, data: Uint8Array, spare: Map<string, CID[]>): boolean {
    const key = cidKey(cid)
    let asked = false
    for (const session of this.#sessions) {
      if (!session.wanted.delete(key)) continue
      asked = true
      session.got.set(key, data)
      for (const [other, { wants }] of session.asked) {
        if (!wants.delete(key) || other === peer) continue
        const cids = spare.get(other)
        if (cids === undefined) spare.set(other, [cid])
        else cids.push(cid)
      }
    }
    if (asked) this.#recent.set(key, true)
    else if (this.#recent.get(key) === undefined) this.#countUnasked(peer)
    return asked
  }

  #countUnasked(peer: string): void {
    const n = (this.#unasked.get(peer) ?? 0) + 1
    this.#unasked.set(peer, n)
    if (n < MAX_UNASKED) return
    this.#unasked.delete(peer)
    this.#c.onAbuse(peer)
  }

  /** Notes the sessions in which nobody is left who might still send the block. */
  #denied(peer: string, key: string, stuck: Set<Session>): void {
    for (const session of this.#sessions) {
      const asked = session.asked.get(peer)
      if (asked === undefined || !asked.wants.has(key)) continue
      asked.denied.add(key)
      if (![...session.asked.values()].some((a) => a.wants.has(key) && !a.denied.has(key))) stuck.add(session)
    }
  }

  /** The peer is gone: what it was asked for is asked of others. */
  disconnected(peer: string): void {
    this.#unasked.delete(peer)
    for (const session of this.#sessions) if (session.asked.delete(peer)) session.askMore()
  }
}
