/**
 * Layer 7: the node's side of the network. Bytes come in, typed values go out; what is valid is decided by callbacks.
 * `NetService` puts host, hello, chain exchange, gossip, bitswap and peer management together.
 */
import { EventEmitter } from 'node:events'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { multiaddrFromText, peerIdIn } from './addresses.ts'
import { Bitswap } from './bitswap/bitswap.ts'
import { Conduct, type Offence } from './conduct.ts'
import { ConnectionTrimmer } from './connection-trimmer.ts'
import { NetError } from './errors.ts'
import { ExchangeClient } from './exchange/client.ts'
import { ExchangeServer } from './exchange/server.ts'
import { Gater } from './gater.ts'
import { HelloService } from './hello.ts'
import { createHost, type Host } from './host.ts'
import { LOOPBACK } from './ip.ts'
import type { NetComponents, NetEvents, NetInit } from './net-init.ts'
import { NetView } from './net-view.ts'
import { PeerManager } from './peer-manager.ts'
import { restoreOutboundStreams } from './pubsub/outbound-streams.ts'
import { Pubsub } from './pubsub/pubsub.ts'
import { BLACKLISTED_SCORE, BOOTSTRAPPER_SCORE, scoreThresholds } from './pubsub/score-params.ts'

export type { NetComponents, NetEvents, NetInit } from './net-init.ts'

const log = getLogger('net')

/** How long a peer is turned away whose gossip score fell below the graylist, ms. */
const GRAYLIST_SHUN_MS = 10 * 60_000
/** How long a peer is turned away that was blacklisted for invalid messages, ms. */
const BLACKLIST_SHUN_MS = 3_600_000
const CHECK_MS = 5000

export class NetService {
  readonly host: Host
  readonly gater: Gater
  readonly events = new EventEmitter<NetEvents>()
  readonly exchange: ExchangeClient
  readonly exchangeServer: ExchangeServer
  readonly bitswap: Bitswap
  readonly pubsub: Pubsub
  readonly peers: PeerManager
  readonly trimmer: ConnectionTrimmer
  /** What the API tells about the network. */
  readonly view: NetView
  readonly #hello: HelloService
  readonly #conduct: Conduct
  readonly #bootstrappers: ReadonlySet<string>
  readonly #blacklisted = new Set<string>()
  readonly #isBootstrapper: boolean
  readonly #checkEveryMs: number
  #check: NodeJS.Timeout | undefined
  #stopped: Promise<void> | undefined

  private constructor(
    host: Host,
    gater: Gater,
    conduct: Conduct,
    bootstrappers: ReadonlySet<string>,
    components: NetComponents,
    init: NetInit,
  ) {
    this.host = host
    this.gater = gater
    this.#conduct = conduct
    this.#bootstrappers = bootstrappers
    this.#isBootstrapper = init.bootstrapper === true
    this.#checkEveryMs = init.checkEveryMs ?? CHECK_MS
    const { libp2p } = host
    this.exchange = new ExchangeClient({
      host,
      ...(components.checkMessages === undefined ? {} : { checkMessages: components.checkMessages }),
      onBadAnswer: (peer, error) => this.report(peer, 'wrong', error.message),
    })
    this.exchangeServer = new ExchangeServer(
      { host, source: components.chain, onAbuse: (peer, what) => this.report(peer, 'hostile', what) },
      init.exchangeServer,
    )
    this.bitswap = new Bitswap(
      { host, source: components.blocks, onAbuse: (peer, what) => this.report(peer, 'hostile', what) },
      init.bitswap,
    )
    this.pubsub = new Pubsub(
      {
        gossip: libp2p.services.pubsub,
        self: libp2p.peerId,
        validateBlock: components.validateBlock,
        validateMessage: components.validateMessage,
        onBlock: (block, from) => this.#tell('block', block, from),
        onMessage: (message, from) => this.#tell('message', message, from),
        onJudged: (judged) => this.#tell('judged', judged),
        blacklist: (peer) => {
          this.#blacklisted.add(peer)
          this.expel(peer, BLACKLIST_SHUN_MS)
        },
      },
      { p2pName: init.p2pName },
    )
    this.peers = new PeerManager(
      { libp2p, book: components.peerBook },
      {
        bootstrapPeers: init.bootstrapPeers,
        minPeers: init.minPeers ?? 12,
        maxPeers: init.maxPeers ?? 32,
        ...(init.checkEveryMs === undefined ? {} : { checkEveryMs: init.checkEveryMs }),
      },
    )
    this.trimmer = new ConnectionTrimmer(
      { connections: () => libp2p.getConnections() },
      { low: init.connLow ?? 150, high: init.connHigh ?? 180, graceMs: init.connGraceMs ?? 20_000 },
    )
    for (const peer of [...bootstrappers, ...(init.protectedPeers ?? [])]) this.trimmer.protect(peer)
    this.#hello = new HelloService({
      host,
      gater,
      head: async () => {
        const { tipset, weight } = await components.head()
        return { heaviestTipSet: [...tipset.cids], heaviestTipSetHeight: tipset.height, heaviestTipSetWeight: weight }
      },
      genesis: components.genesis,
      isPeer: (peer) => this.peers.peers.has(peer),
      onHello: (peer, hello) => {
        this.peers.add(peer)
        this.exchange.peers.add(peer)
        this.trimmer.tag(peer, 'fcpeer', 10)
        this.#tell('hello', peer, hello)
      },
      onLatency: (peer, ms) => this.peers.setLatency(peer, ms),
    })
    this.view = new NetView({ service: this, autonat: init.autonat === true })
  }

  /** Makes the network; nothing is open before `start`. @throws NetError NET_ADDRESS */
  static async create(components: NetComponents, init: NetInit): Promise<NetService> {
    const bootstrappers = new Set(init.bootstrapPeers.map((a) => peerIdIn(multiaddrFromText(a))).filter((p) => p !== undefined))
    const later: { service?: NetService } = {}
    const gater = new Gater(
      { store: components.blockLists },
      { unlimitedSubnets: [...LOOPBACK, ...(init.ipColocationWhitelist ?? [])] },
    )
    const high = init.connHigh ?? 180
    const host = await createHost(
      { gater, appScore: (peer) => later.service?.appScore(peer) ?? 0 },
      {
        privateKey: init.privateKey,
        userAgent: init.userAgent,
        version: init.version,
        listen: init.listen,
        ...(init.announce === undefined ? {} : { announce: init.announce }),
        ...(init.noAnnounce === undefined ? {} : { noAnnounce: init.noAnnounce }),
        ...(init.inboundPerSecond === undefined ? {} : { inboundPerSecond: init.inboundPerSecond }),
        ...(init.maxPendingMs === undefined ? {} : { maxPendingMs: init.maxPendingMs }),
        // The trimmer works by its two marks; this is the wall behind it.
        maxConnections: high + Math.ceil(high / 2),
        gossip: init,
        dht: init.dht ?? true,
        publicAddressesOnly: init.publicAddressesOnly ?? true,
        autonat: init.autonat ?? false,
        portMapping: init.portMapping ?? false,
      },
    )
    const conduct = new Conduct({ expel: (peer, ms) => later.service?.expel(peer, ms) })
    const service = new NetService(host, gater, conduct, bootstrappers, components, init)
    later.service = service
    return service
  }

  /**
   * Listens, connects, and joins the topic of blocks. Stops when the signal fires.
   * @throws NetError NET_ADDRESS when it cannot listen; nothing stays open then
   */
  async start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    try {
      await this.#start(options.signal)
    } catch (cause) {
      await this.stop().catch((e: unknown) => log.debug('stopping what had started failed', {}, e))
      throw new NetError('NET_ADDRESS', `the network could not be started: ${errorMessage(cause)}`, {
        cause,
        hint: 'See whether another program uses the port in Libp2p.ListenAddresses.',
      })
    }
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const { libp2p } = this.host
    await this.gater.load()
    libp2p.addEventListener('peer:connect', this.#onConnect)
    libp2p.addEventListener('peer:disconnect', this.#onDisconnect)
    await this.#hello.start()
    await this.exchangeServer.start()
    await libp2p.start()
    await this.bitswap.start()
    this.pubsub.joinBlocks()
    // A bootstrapper passes messages on without judging them against a head of its own.
    if (this.#isBootstrapper) this.pubsub.joinMessages()
    await this.peers.start()
    this.#check = setInterval(() => this.#look(), this.#checkEveryMs)
    this.#check.unref()
    signal?.addEventListener('abort', () => void this.stop(), { once: true })
    log.info('the network is up', { peer: libp2p.peerId.toString(), addresses: libp2p.getMultiaddrs().map(String).join(' ') })
    if (signal?.aborted) await this.stop()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    clearInterval(this.#check)
    const { libp2p } = this.host
    await this.peers.stop()
    await this.#hello.stop()
    await this.exchangeServer.stop()
    await this.bitswap.stop()
    libp2p.removeEventListener('peer:connect', this.#onConnect)
    await libp2p.stop()
    libp2p.removeEventListener('peer:disconnect', this.#onDisconnect)
    this.events.removeAllListeners()
  }

  get peerId(): string {
    return this.host.libp2p.peerId.toString()
  }

  /** Notes what a peer did wrong; after enough of it the peer is turned away. */
  report(peer: string, offence: Offence, what: string): void {
    this.#conduct.report(peer, offence, what)
  }

  /** Cuts the connections to a peer and turns it away for some time. */
  expel(peer: string, ms: number): void {
    this.gater.shun(peer, ms)
    // Cut, not closed in good order: who is turned away is not waited for.
    for (const c of this.host.libp2p.getConnections(peerIdFromString(peer))) {
      c.abort(new NetError('NET_UNREACHABLE', 'the peer was turned away'))
    }
  }

  /** What the node itself thinks of a peer: part of its gossip score. */
  appScore(peer: string): number {
    if (this.#blacklisted.has(peer)) return BLACKLISTED_SCORE
    const bonus = this.#bootstrappers.has(peer) && !this.#isBootstrapper ? BOOTSTRAPPER_SCORE : 0
    return bonus - this.#conduct.points(peer)
  }

  readonly #onConnect = (event: CustomEvent<PeerId>): void => this.trimmer.connected(event.detail.toString())

  readonly #onDisconnect = (event: CustomEvent<PeerId>): void => {
    const peer = event.detail.toString()
    void this.peers.remove(peer)
    this.exchange.peers.remove(peer)
    this.trimmer.disconnected(peer)
    // The gater remembers for as long as it matters.
    this.#blacklisted.delete(peer)
    this.#tell('disconnect', peer)
  }

  /** A listener that throws must not harm the protocol that the event came by. */
  #tell<K extends keyof NetEvents>(name: K, ...args: NetEvents[K]): void {
    try {
      ;(this.events as EventEmitter).emit(name, ...args)
    } catch (error) {
      log.error('handling news from the network failed', { event: name }, error)
    }
  }

  /**
   * Cuts connections that are too many or come to nothing, and those to peers whose gossip is worth nothing any more; brings back
   * the streams for gossip that have ended.
   */
  #look(): void {
    for (const id of this.host.libp2p.getPeers()) {
      const peer = id.toString()
      if (this.pubsub.scoreOf(peer) >= scoreThresholds.graylistThreshold) continue
      log.info('a peer is turned away for its gossip score', { peer, score: this.pubsub.scoreOf(peer) })
      this.expel(peer, GRAYLIST_SHUN_MS)
    }
    restoreOutboundStreams(this.host.libp2p.services.pubsub, (peer) => this.host.libp2p.getConnections(peer))
    this.#hello.look()
    void this.trimmer.trim()
  }
}
