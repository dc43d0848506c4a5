/** What `NetService` is made of and told, and what it tells. */
import type { BlockMsg } from '../types/block.ts'
import type { CID } from '../types/cid.ts'
import type { SignedMessage } from '../types/message.ts'
import type { TokenAmount } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import type { CompactedMessages } from '../types/wire/chain-exchange.ts'
import type { HelloMessage } from '../types/wire/hello.ts'
import type { BitswapClientInit } from './bitswap/client.ts'
import type { BlockSource } from './bitswap/server.ts'
import type { ExchangeServerInit } from './exchange/server.ts'
import type { ChainSource } from './exchange/source.ts'
import type { BlockListStore } from './gater.ts'
import type { PeerBook } from './peer-manager.ts'
import type { GossipOrigin, Judged } from './pubsub/pubsub.ts'
import type { Verdict } from './pubsub/verdict.ts'

export interface NetComponents {
  /** This node's heaviest tipset and its weight: what hello tells. */
  readonly head: () => Promise<{ readonly tipset: Tipset; readonly weight: TokenAmount }>
  /** CID of the genesis block; peers with another are turned away. */
  readonly genesis: CID
  /** The chain as served to others. */
  readonly chain: ChainSource
  /** Blocks as served to others over bitswap. */
  readonly blocks: BlockSource
  readonly validateBlock: (block: BlockMsg, from: GossipOrigin) => Promise<Verdict>
  readonly validateMessage: (message: SignedMessage, from: GossipOrigin) => Promise<Verdict>
  /** Compares messages with the roots in their tipset's headers; throws when they differ. */
  readonly checkMessages?: (tipset: Tipset, messages: CompactedMessages) => void | Promise<void>
  readonly blockLists?: BlockListStore | undefined
  readonly peerBook?: PeerBook | undefined
}

export interface NetInit {
  /** The network's name in topics and the DHT: `testnetnet` for mainnet. */
  readonly p2pName: string
  /** libp2p's protobuf form of the host's private key. */
  readonly privateKey: Uint8Array
  readonly userAgent: string
  readonly version: string
  readonly listen: readonly string[]
  readonly announce?: readonly string[]
  readonly noAnnounce?: readonly string[]
  readonly bootstrapPeers: readonly string[]
  /** Peer ids whose connections are never cut for their number. */
  readonly protectedPeers?: readonly string[]
  /** Connections that are aimed at, and above which they are cut. */
  readonly connLow?: number
  readonly connHigh?: number
  readonly connGraceMs?: number
  readonly inboundPerSecond?: number
  /** Time that a connection has for its handshakes, ms. */
  readonly maxPendingMs?: number
  readonly minPeers?: number
  readonly maxPeers?: number
  readonly dht?: boolean
  readonly publicAddressesOnly?: boolean
  readonly autonat?: boolean
  readonly portMapping?: boolean
  readonly bootstrapper?: boolean
  readonly directPeers?: readonly string[]
  readonly ipColocationWhitelist?: readonly string[]
  /** Topics beside blocks and messages that may be joined (F3's). */
  readonly extraTopics?: readonly string[]
  /** Milliseconds between gossip heartbeats; 1000 but in tests. */
  readonly heartbeatMs?: number
  readonly bitswap?: BitswapClientInit
  readonly exchangeServer?: ExchangeServerInit
  /** Time between looks at peers, connections and scores, ms. */
  readonly checkEveryMs?: number
}

export interface NetEvents {
  /** A peer on our chain told its head. */
  hello: [peer: string, hello: HelloMessage]
  /** A new block that the validator accepted, our own among them (`local`); its messages may have to be fetched. */
  block: [block: BlockMsg, from: GossipOrigin]
  message: [message: SignedMessage, from: GossipOrigin]
  /** Something of gossip, our own messages among it, got its verdict. */
  judged: [judged: Judged]
  /** The last connection to a peer is gone. */
  disconnect: [peer: string]
}
