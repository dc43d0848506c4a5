import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import { Slice } from '../time-slice.ts'
import { type BitswapMessage, emptyMessage, isChainCid, MAX_WANTS, type Want } from './message.ts'
import type { Outbox } from './outbox.ts'

const log = getLogger('bitswap')

/** Where blocks come from; undefined for those that the node lacks. */
export interface BlockSource {
  get(cid: CID): Promise<Uint8Array | undefined> | Uint8Array | undefined
}

export interface BitswapServerComponents {
  readonly source: BlockSource
  readonly outbox: (peer: string) => Outbox
}

/** Messages of one peer that may wait to be worked on; more is a flood. */
const MAX_WAITING = 16
/** Size from which on a message is sent rather than filled further. */
const FULL_MESSAGE = 512 * 1024
/** A block up to this size is sent where only "have" was asked: it saves the peer a round trip (boxo does the same). */
const SMALL_BLOCK = 1024
/** How long a want that could not be met is remembered, ms. */
const OPEN_WANT_MS = 60_000

interface OpenWant {
  readonly want: Want
  readonly expires: number
}

interface PeerLedger {
  /** Wants that the node could not meet yet, oldest first. */
  readonly open: Map<string, OpenWant>
  readonly waiting: BitswapMessage[]
  running: boolean
}

/** Answers the wants of peers out of the store, and those it could not meet when their blocks arrive. */
export class BitswapServer {
  readonly #c: BitswapServerComponents
  readonly #ledgers = new Map<string, PeerLedger>()

  constructor(components: BitswapServerComponents) {
    this.#c = components
  }

  /** Wants that are remembered, of all peers. */
  get openWants(): number {
    let n = 0
    for (const l of this.#ledgers.values()) n += l.open.size
    return n
  }

  /** Takes a message; false when the peer sends more than it lets us answer. */
  receive(peer: string, message: BitswapMessage): boolean {
    let ledger = this.#ledgers.get(peer)
    if (ledger === undefined) {
      ledger = { open: new Map(), waiting: [], running: false }
      this.#ledgers.set(peer, ledger)
    }
    if (ledger.waiting.length >= MAX_WAITING) return false
    ledger.waiting.push(message)
    if (!ledger.running) void this.#run(peer, ledger)
    return true
  }

  forget(peer: string): void {
    this.#ledgers.delete(peer)
  }

  /** Tells of blocks that have just come: peers that asked for them get them. */
  announce(blocks: readonly { readonly cid: CID; readonly data: Uint8Array }[]): void {
    const now = performance.now()
    for (const [peer, ledger] of this.#ledgers) {
      if (ledger.open.size === 0) continue
      const reply = new Reply(this.#c.outbox(peer))
      for (const block of blocks) {
        const key = cidKey(block.cid)
        const open = ledger.open.get(key)
        if (open === undefined) continue
        ledger.open.delete(key)
        if (open.expires < now) continue
        if (open.want.have && block.data.length > SMALL_BLOCK) reply.have(block.cid)
        else reply.block(block.cid, block.data)
      }
      reply.flush()
    }
  }

  async #run(peer: string, ledger: PeerLedger): Promise<void> {
    ledger.running = true
    try {
      for (let m = ledger.waiting.shift(); m !== undefined; m = ledger.waiting.shift()) await this.#answer(peer, ledger, m)
    } catch (error) {
      log.warn('answering a bitswap message failed', { peer, reason: errorMessage(error) }, error)
      ledger.waiting.length = 0
    } finally {
      ledger.running = false
    }
  }

  async #answer(peer: string, ledger: PeerLedger, message: BitswapMessage): Promise<void> {
    if (message.full) ledger.open.clear()
    const outbox = this.#c.outbox(peer)
    const reply = new Reply(outbox)
    const slice = new Slice('serving')
    for (const want of message.wants) {
      const key = cidKey(want.cid)
      if (want.cancel) {
        ledger.open.delete(key)
        continue
      }
      const data = isChainCid(want.cid) ? await this.#c.source.get(want.cid) : undefined
      if (data === undefined) {
        if (want.sendDontHave && outbox.hasPresence) reply.dontHave(want.cid)
        if (isChainCid(want.cid)) remember(ledger, key, want)
      } else if (want.have && data.length > SMALL_BLOCK) reply.have(want.cid)
      else reply.block(want.cid, data)
      if (reply.isFull) {
        // What a peer does not take is not gathered for it.
        reply.flush()
        await outbox.drained()
      }
      if (slice.isOver) await slice.pause()
    }
    reply.flush()
  }
}

function remember(ledger: PeerLedger, key: string, want: Want): void {
  ledger.open.delete(key)
  ledger.open.set(key, { want, expires: performance.now() + OPEN_WANT_MS })
  if (ledger.open.size > MAX_WANTS) ledger.open.delete(ledger.open.keys().next().value as string)
}

/** Gathers answers into messages of moderate size. */
class Reply {
  readonly #outbox: Outbox
  #blocks: { cid: CID; data: Uint8Array }[] = []
  #have: CID[] = []
  #dontHave: CID[] = []
  #bytes = 0

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  get isFull(): boolean {
    return this.#bytes >= FULL_MESSAGE
  }

  block(cid: CID, data: Uint8Array): void {
    this.#blocks.push({ cid, data })
    this.#bytes += data.length + 64
  }

  have(cid: CID): void {
    this.#have.push(cid)
    this.#bytes += 64
  }

  dontHave(cid: CID): void {
    this.#dontHave.push(cid)
    this.#bytes += 64
  }

  flush(): void {
    if (this.#bytes === 0) return
    this.#outbox.send({ ...emptyMessage, blocks: this.#blocks, have: this.#have, dontHave: this.#dontHave })
    this.#blocks = []
    this.#have = []
    this.#dontHave = []
    this.#bytes = 0
  }
}
