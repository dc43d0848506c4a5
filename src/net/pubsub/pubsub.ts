/** Gossip of blocks and messages over libp2p's gossipsub: decoding, verdicts, publishing, scores. */

import type { GossipSub, Message, TopicValidatorResult } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import { type Codec, decode, decodeFirst, encode } from '../../codec/codec.ts'
import { CodecError } from '../../codec/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { Lru } from '../../lib/lru.ts'
import { blockMessageLimit } from '../../networks/constants.ts'
import { type BlockMsg, blockCid, blockMsg } from '../../types/block.ts'
import { cidKey } from '../../types/cid.ts'
import { type SignedMessage, signedMessage } from '../../types/message.ts'
import { NetError } from '../errors.ts'
import { blocksTopic, messagesTopic } from './options.ts'
import { MAX_PEERS_PER_IP } from './score-params.ts'
import { ValidationGate } from './validation-gate.ts'
import type { Verdict } from './verdict.ts'

const log = getLogger('pubsub')

/** Blocks that are remembered as seen (Lotus chain/sub blockReceiptCache). */
const SEEN_BLOCKS = 8192
/** Peers whose rejected messages are counted. */
const COUNTED_PEERS = 4096

/** Whom a message came from; `local` for messages of this node itself, `peer` being its own id then. */
export interface GossipOrigin {
  readonly peer: string
  readonly local: boolean
}

export interface PubsubComponents {
  readonly gossip: GossipSub
  readonly self: PeerId
  /** May throw, with the reason, for a block of this node itself, as `validateMessage`. */
  readonly validateBlock: (block: BlockMsg, from: GossipOrigin) => Promise<Verdict>
  readonly validateMessage: (message: SignedMessage, from: GossipOrigin) => Promise<Verdict>
  /** Told of each block that was accepted, once. It must not throw. */
  readonly onBlock: (block: BlockMsg, from: GossipOrigin) => void
  readonly onMessage: (message: SignedMessage, from: GossipOrigin) => void
  /** Told of each verdict, and how long it took. */
  readonly onJudged?: (judged: Judged) => void
  /** Told when a peer's messages were rejected more than `blacklistAfter` times. */
  readonly blacklist: (peer: string) => void
}

/** What became of a message of gossip. */
export interface Judged {
  readonly topic: string
  readonly local: boolean
  readonly verdict: Verdict
  readonly ms: number
}

export interface PubsubInit {
  readonly p2pName: string
  /** Rejected messages of a peer after which it is blacklisted (Lotus: 10). */
  readonly blacklistAfter?: number
}

/** A topic that is neither blocks nor messages: bytes and a verdict on them. */
export interface RawTopic {
  readonly validate: (data: Uint8Array, from: GossipOrigin) => Promise<Verdict>
  readonly onData: (data: Uint8Array, from: GossipOrigin) => void
}

/** What a peer's score is made of (go-libp2p-pubsub PeerScoreSnapshot). Times in ms. */
export interface PeerScore {
  readonly peer: string
  readonly score: number
  readonly topics: ReadonlyMap<
    string,
    {
      readonly timeInMesh: number
      readonly firstMessageDeliveries: number
      readonly meshMessageDeliveries: number
      readonly invalidMessageDeliveries: number
    }
  >
  readonly appSpecificScore: number
  readonly ipColocationFactor: number
  readonly behaviourPenalty: number
}

/** The parts of gossipsub's class that its interface does not name. */
interface ScoredGossip {
  getScore(peer: string): number
  dumpPeerScoreStats(): Record<
    string,
    {
      readonly topics: Record<
        string,
        { meshTime: number; firstMessageDeliveries: number; meshMessageDeliveries: number; invalidMessageDeliveries: number }
      >
      readonly behaviourPenalty: number
      readonly knownIPs: ReadonlySet<string>
    }
  >
}

export class Pubsub {
  readonly #c: PubsubComponents
  readonly #self: string
  readonly #gate = new ValidationGate()
  readonly #seenBlocks = new Lru<string, true>(SEEN_BLOCKS)
  readonly #rejected = new Lru<string, number>(COUNTED_PEERS)
  readonly #blacklistAfter: number
  readonly #validators = new Map<string, (data: Uint8Array, from: GossipOrigin) => Promise<Verdict>>()
  readonly blocksTopic: string
  readonly messagesTopic: string

  constructor(components: PubsubComponents, init: PubsubInit) {
    this.#c = components
    this.#self = components.self.toString()
    this.#blacklistAfter = init.blacklistAfter ?? 10
    this.blocksTopic = blocksTopic(init.p2pName)
    this.messagesTopic = messagesTopic(init.p2pName)
    this.#install(this.blocksTopic, (data, from) => this.#block(data, from))
    this.#install(this.messagesTopic, (data, from) => this.#message(data, from))
  }

  /** Validations that run, and messages dropped because too many did. */
  get load(): { readonly pending: number; readonly dropped: number } {
    return { pending: this.#gate.pending, dropped: this.#gate.dropped }
  }

  joinBlocks(): void {
    this.#c.gossip.subscribe(this.blocksTopic)
  }

  /** To be called when the node is near the head: before, it cannot judge messages. */
  joinMessages(): void {
    this.#c.gossip.subscribe(this.messagesTopic)
  }

  leaveMessages(): void {
    this.#c.gossip.unsubscribe(this.messagesTopic)
  }

  /** Joins a topic of the list that the host was made with. */
  joinRaw(topic: string, raw: RawTopic): void {
    this.#install(topic, async (data, from) => {
      const verdict = await raw.validate(data, from)
      if (verdict === 'accept') queueMicrotask(() => raw.onData(data, from))
      return verdict
    })
    this.#c.gossip.subscribe(topic)
  }

  leave(topic: string): void {
    this.#c.gossip.unsubscribe(topic)
    this.#validators.delete(topic)
    this.#c.gossip.topicValidators.delete(topic)
  }

  /** Peers that are known to have joined a topic. */
  subscribers(topic: string): readonly string[] {
    return this.#c.gossip.getSubscribers(topic).map(String)
  }

  /** @throws NetError NET_PUBLISH when the validators do not accept it */
  publishBlock(block: BlockMsg): Promise<number> {
    return this.publishRaw(this.blocksTopic, encode(blockMsg, block))
  }

  /** @throws NetError NET_PUBLISH when the validators do not accept it */
  publishMessage(message: SignedMessage): Promise<number> {
    return this.publishRaw(this.messagesTopic, encode(signedMessage, message))
  }

  /**
   * Publishes after the same checks that messages of others pass.
   * @returns the number of peers that it was sent to
   * @throws NetError NET_PUBLISH
   */
  async publishRaw(topic: string, data: Uint8Array): Promise<number> {
    const validate = this.#validators.get(topic)
    if (validate === undefined) throw new NetError('NET_PUBLISH', `the topic ${topic} has not been joined`)
    const started = performance.now()
    const judged = (verdict: Verdict): void =>
      this.#c.onJudged?.({ topic, local: true, verdict, ms: performance.now() - started })
    const verdict = await validate(data, { peer: this.#self, local: true }).catch((error: unknown) => {
      judged('reject')
      throw error
    })
    judged(verdict)
    if (verdict !== 'accept')
      throw new NetError('NET_PUBLISH', `a message for ${topic} was not published: its check said "${verdict}"`)
    const { recipients } = await this.#c.gossip.publish(topic, data)
    return recipients.length
  }

  scoreOf(peer: string): number {
    return (this.#c.gossip as unknown as ScoredGossip).getScore(peer)
  }

  /** Scores of all peers that gossip knows, highest first. */
  scores(appScore: (peer: string) => number): PeerScore[] {
    const gossip = this.#c.gossip as unknown as ScoredGossip
    const all = Object.entries(gossip.dumpPeerScoreStats())
    const perIp = new Map<string, number>()
    for (const [, { knownIPs }] of all) for (const ip of knownIPs) perIp.set(ip, (perIp.get(ip) ?? 0) + 1)
    return all
      .map(([peer, stats]) => ({
        peer,
        score: gossip.getScore(peer),
        topics: new Map(
          Object.entries(stats.topics).map(([topic, s]) => [
            topic,
            {
              timeInMesh: s.meshTime,
              firstMessageDeliveries: s.firstMessageDeliveries,
              meshMessageDeliveries: s.meshMessageDeliveries,
              invalidMessageDeliveries: s.invalidMessageDeliveries,
            },
          ]),
        ),
        appSpecificScore: appScore(peer),
        ipColocationFactor: [...stats.knownIPs].reduce(
          (sum, ip) => sum + Math.max(0, (perIp.get(ip) ?? 0) - MAX_PEERS_PER_IP) ** 2,
          0,
        ),
        behaviourPenalty: stats.behaviourPenalty,
      }))
      .sort((a, b) => b.score - a.score)
  }

  #install(topic: string, validate: (data: Uint8Array, from: GossipOrigin) => Promise<Verdict>): void {
    this.#validators.set(topic, validate)
    this.#c.gossip.topicValidators.set(topic, async (peerId: PeerId, message: Message) => {
      const peer = peerId.toString()
      const started = performance.now()
      const verdict = await this.#gate.run(peer, () => this.#judge(topic, validate, message.data, peer))
      this.#c.onJudged?.({ topic, local: false, verdict, ms: performance.now() - started })
      if (verdict === 'reject') this.#countRejected(peer)
      return verdict as TopicValidatorResult
    })
  }

  /** A check that throws is a fault of ours, or an input that we did not foresee: nothing is passed on, nobody is blamed. */
  async #judge(
    topic: string,
    validate: (data: Uint8Array, from: GossipOrigin) => Promise<Verdict>,
    data: Uint8Array,
    peer: string,
  ): Promise<Verdict> {
    try {
      return await validate(data, { peer, local: false })
    } catch (error) {
      log.error('the check of a message from gossip failed', { topic, peer }, error)
      return 'ignore'
    }
  }

  #countRejected(peer: string): void {
    const n = (this.#rejected.get(peer) ?? 0) + 1
    this.#rejected.set(peer, n)
    if (n > this.#blacklistAfter) {
      this.#rejected.delete(peer)
      log.warn('a peer is blacklisted for invalid messages', { peer, messages: n })
      this.#c.blacklist(peer)
    }
  }

  async #block(data: Uint8Array, from: GossipOrigin): Promise<Verdict> {
    const block = decodeOrUndefined(blockMsg as Codec<BlockMsg>, data)
    if (block === undefined) return 'reject'
    if (block.blsMessages.length + block.secpkMessages.length > blockMessageLimit) return 'reject'
    const verdict = await this.#c.validateBlock(block, from)
    if (verdict !== 'accept') return verdict
    const key = cidKey(blockCid(block.header))
    if (this.#seenBlocks.get(key) !== undefined) return 'ignore'
    this.#seenBlocks.set(key, true)
    queueMicrotask(() => this.#c.onBlock(block, from))
    return 'accept'
  }

  async #message(data: Uint8Array, from: GossipOrigin): Promise<Verdict> {
    // Lotus accepts and passes on a message with bytes after it (chain/types/signedmessage.go); its peers are not to blame for that.
    const message = decodeOrUndefined(signedMessage, data, decodeFirst)
    if (message === undefined) return 'reject'
    const verdict = await this.#c.validateMessage(message, from)
    if (verdict === 'accept') queueMicrotask(() => this.#c.onMessage(message, from))
    return verdict
  }
}

function decodeOrUndefined<T>(codec: Codec<T>, data: Uint8Array, read: typeof decode = decode): T | undefined {
  try {
    return read(codec, data)
  } catch (error) {
    if (error instanceof CodecError || error instanceof RangeError) return undefined
    throw error
  }
}
