/** Blocks by their CIDs, from and to peers: what a new block's messages come by (Lotus node/modules/chain.go). */
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import type { CID } from '../../types/cid.ts'
import { NetError } from '../errors.ts'
import type { Host } from '../host.ts'
import { BitswapClient, type BitswapClientInit, type FetchBlocksOptions } from './client.ts'
import { readFrames } from './frames.ts'
import { BITSWAP_PROTOCOLS, decodeMessage, MAX_BITSWAP_MESSAGE } from './message.ts'
import { Outbox } from './outbox.ts'
import { BitswapServer, type BlockSource } from './server.ts'

const log = getLogger('bitswap')

export interface BitswapComponents {
  readonly host: Host
  readonly source: BlockSource
  /** Told of peers that flood. */
  readonly onAbuse: (peer: string, what: string) => void
}

/** Time in which a message that has begun must arrive, ms. */
const FRAME_TIMEOUT_MS = 20_000
/** Streams that a peer may have open to us; an honest one uses one at a time. */
const MAX_STREAMS = 8

export class Bitswap {
  readonly #c: BitswapComponents
  readonly #outboxes = new Map<string, Outbox>()
  readonly #peers = new Set<string>()
  readonly #topologies: string[] = []
  readonly server: BitswapServer
  readonly #client: BitswapClient
  #stopped = false

  constructor(components: BitswapComponents, init: BitswapClientInit = {}) {
    this.#c = components
    const outbox = (peer: string): Outbox => this.#outbox(peer)
    this.server = new BitswapServer({ source: components.source, outbox })
    this.#client = new BitswapClient(
      {
        outbox,
        peers: () => [...this.#peers],
        onAbuse: (peer) => components.onAbuse(peer, 'sends blocks that nobody asked for'),
      },
      init,
    )
  }

  async start(): Promise<void> {
    const { libp2p } = this.#c.host
    await libp2p.handle([...BITSWAP_PROTOCOLS], (stream, connection) => this.#handle(stream, connection), {
      maxInboundStreams: MAX_STREAMS,
      maxOutboundStreams: 4,
    })
    const topology = {
      onConnect: (peer: PeerId) => void this.#peers.add(peer.toString()),
      // Also called when a peer says that it speaks bitswap no more. What it did is forgotten only when it is really gone:
      // else it could wipe its slate by saying so.
      onDisconnect: (peer: PeerId) => void this.#peers.delete(peer.toString()),
    }
    for (const p of BITSWAP_PROTOCOLS) this.#topologies.push(await libp2p.register(p, topology))
    libp2p.addEventListener('peer:disconnect', this.#onDisconnect)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const id of this.#topologies) this.#c.host.libp2p.unregister(id)
    this.#c.host.libp2p.removeEventListener('peer:disconnect', this.#onDisconnect)
    await this.#c.host.libp2p.unhandle([...BITSWAP_PROTOCOLS])
    for (const o of this.#outboxes.values()) o.close()
    this.#outboxes.clear()
  }

  /** Connected peers that speak bitswap. */
  get peers(): readonly string[] {
    return [...this.#peers]
  }

  /**
   * Fetches blocks, all or none.
   * @returns data by `cidKey`; each block's hash was checked
   * @throws NetError NET_BLOCKS_MISSING
   */
  fetch(cids: readonly CID[], options: FetchBlocksOptions = {}): Promise<Map<string, Uint8Array>> {
    return this.#client.fetch(cids, options)
  }

  /** Tells of new blocks in the store: peers that asked for them before get them. */
  announce(blocks: readonly { readonly cid: CID; readonly data: Uint8Array }[]): void {
    this.server.announce(blocks)
  }

  #outbox(peer: string): Outbox {
    let outbox = this.#outboxes.get(peer)
    if (outbox === undefined) {
      outbox = new Outbox(this.#c.host, peer)
      if (this.#stopped || this.#c.host.libp2p.getConnections().every((c) => c.remotePeer.toString() !== peer)) outbox.close()
      else this.#outboxes.set(peer, outbox)
    }
    return outbox
  }

  readonly #onDisconnect = (event: CustomEvent<PeerId>): void => {
    const peer = event.detail.toString()
    this.#peers.delete(peer)
    this.#outboxes.get(peer)?.close()
    this.#outboxes.delete(peer)
    this.server.forget(peer)
    this.#client.disconnected(peer)
  }

  #handle(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString()
    readFrames(stream, { maxBytes: MAX_BITSWAP_MESSAGE, timeoutMs: FRAME_TIMEOUT_MS }, (frame) => this.#receive(peer, frame))
    // The other side never reads from a stream that it opened.
    stream.addEventListener('remoteCloseWrite', () => {
      stream.close({ signal: AbortSignal.timeout(1000) }).catch((error: Error) => stream.abort(error))
    })
  }

  #receive(peer: string, frame: Uint8Array): void {
    let message: ReturnType<typeof decodeMessage>
    try {
      message = decodeMessage(frame)
    } catch (error) {
      log.debug('a bitswap message could not be read', { peer, reason: errorMessage(error) })
      throw error
    }
    const blocks = this.#client.receive(peer, message)
    if (blocks.length > 0) this.server.announce(blocks)
    if (message.wants.length === 0 && !message.full) return
    if (!this.server.receive(peer, message)) {
      this.#c.onAbuse(peer, 'sends more wants than it takes answers')
      throw new NetError('NET_PROTOCOL', 'too many bitswap messages wait to be answered')
    }
  }
}
