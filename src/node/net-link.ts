import { decode } from '../codec/codec.ts'
import { getLogger } from '../lib/log.ts'
import type { MessagePool } from '../mpool/message-pool.ts'
import { NetError } from '../net/errors.ts'
import type { ExchangeClient } from '../net/exchange/client.ts'
import { fullBlocks } from '../net/exchange/full-blocks.ts'
import { readerSource } from '../net/exchange/source.ts'
import type { GossipOrigin } from '../net/pubsub/pubsub.ts'
import type { Verdict } from '../net/pubsub/verdict.ts'
import { NetService } from '../net/service.ts'
import type { Network } from '../networks/types.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { FullNodeConfig } from '../store/config/full-node.ts'
import type { LevelBlockstore } from '../store/level-blockstore.ts'
import type { MetadataStore } from '../store/metadata.ts'
import { isUnavailable } from '../sync/errors.ts'
import { messageBlocks } from '../sync/message-store.ts'
import type { ChainSource, Syncer } from '../sync/syncer.ts'
import { type BlockMsg, blockCid } from '../types/block.ts'
import { type CID, cidKey } from '../types/cid.ts'
import type { FullBlock } from '../types/full-block.ts'
import { message, signedMessage } from '../types/message.ts'
import { type Tipset, TipsetKey } from '../types/tipset.ts'
import type { CompactedMessages } from '../types/wire/chain-exchange.ts'
import type { ChainPool } from './chain-pool.ts'
import { blockListStore, peerBook } from './net-records.ts'
import type { P2pOptions } from './options.ts'
import { nodeVersion, userAgent } from './version.ts'

const log = getLogger('node')

/** New blocks that are worked on at a time; what is more is only noted as a target. */
const MAX_BLOCKS_AT_ONCE = 64

export interface NetLinkComponents {
  readonly network: Network
  readonly chain: ChainStore
  readonly store: LevelBlockstore
  readonly metadata: MetadataStore
  readonly pool: ChainPool
  readonly mpool: Pick<MessagePool, 'add' | 'checkOwn'>
  /** The host's private key in libp2p's protobuf form. */
  readonly privateKey: Uint8Array
  readonly config: Pick<FullNodeConfig, 'Libp2p' | 'Pubsub'>
}

/** The network as this node joins it: it serves the node's chain, and judges gossip by it. Nothing is open yet. */
export async function createNet(c: NetLinkComponents, options: P2pOptions): Promise<NetService> {
  const { network, chain, store, metadata, pool, mpool, config } = c
  const { Libp2p, Pubsub } = config
  // Only a network that the world can join has a use for addresses that the world can reach.
  const isPublic = network.bootstrapPeers.length > 0
  const bootstrapPeers = Libp2p.BootstrapPeers.length > 0 ? Libp2p.BootstrapPeers : network.bootstrapPeers
  return NetService.create(
    {
      head: headWithWeight(chain, pool),
      genesis: chain.genesis?.cids[0] as CID,
      chain: readerSource(chain.reader),
      blocks: { get: (cid) => store.get(cid) },
      validateBlock: (block, from) => judgeBlock(pool, block, from),
      validateMessage: (message, from) => (from.local ? mpool.checkOwn(message) : mpool.add(message)),
      checkMessages: (tipset, messages) => {
        for (const block of fullBlocks(tipset, messages)) messageBlocks(block)
      },
      blockLists: blockListStore(metadata),
      peerBook: peerBook(metadata),
    },
    {
      p2pName: network.p2pName,
      privateKey: c.privateKey,
      userAgent,
      version: nodeVersion,
      listen: Libp2p.ListenAddresses,
      announce: Libp2p.AnnounceAddresses,
      noAnnounce: Libp2p.NoAnnounceAddresses,
      bootstrapPeers: options.bootstrap ? bootstrapPeers : [],
      protectedPeers: Libp2p.ProtectedPeers,
      connLow: Libp2p.ConnMgrLow,
      connHigh: Libp2p.ConnMgrHigh,
      connGraceMs: Libp2p.ConnMgrGrace,
      publicAddressesOnly: isPublic,
      autonat: isPublic && options.bootstrap,
      portMapping: isPublic && options.bootstrap && !Libp2p.DisableNatPortMap,
      bootstrapper: options.bootstrapper || Pubsub.Bootstrapper,
      directPeers: Pubsub.DirectPeers,
      ipColocationWhitelist: Pubsub.IPColocationWhitelist,
    },
  )
}

/** The head with its weight, which is computed once for each head. */
function headWithWeight(chain: ChainStore, pool: ChainPool): () => Promise<{ tipset: Tipset; weight: bigint }> {
  let last: { readonly key: string; readonly weight: Promise<bigint> } | undefined
  return async () => {
    const tipset = chain.requireHead()
    if (last?.key !== tipset.key.id) {
      const weight = pool.headWeight(tipset)
      last = { key: tipset.key.id, weight }
      weight.catch(() => {
        last = undefined
      })
    }
    return { tipset, weight: await last.weight }
  }
}

/** Headers and messages by chain exchange. */
export function exchangeSource(exchange: ExchangeClient): ChainSource {
  return {
    headers: (key, count, signal, prefer) => exchange.headers(key, count, { signal, prefer }),
    messages: async (tipsets, signal) => {
      // Peers answer newest first.
      const newestFirst = [...tipsets].reverse()
      const messages = await exchange.messages(newestFirst, { signal })
      return newestFirst.map((t, i) => fullBlocks(t, messages[i] as CompactedMessages)).reverse()
    },
  }
}

/** Holds a peer to the head that it claimed, unless it has gone: then nobody could ask it. */
export function blameClaim(net: NetService, peer: string, error: Error): void {
  if (net.exchange.peers.has(peer)) net.report(peer, isUnavailable(error) ? 'unfounded' : 'wrong', error.message)
}

/** Passes on to the syncer what peers tell of the chain. */
export function follow(net: NetService, syncer: Syncer, store: LevelBlockstore): void {
  net.events.on('hello', (peer, { heaviestTipSet, heaviestTipSetHeight, heaviestTipSetWeight }) => {
    const claim = { key: new TipsetKey(heaviestTipSet), height: heaviestTipSetHeight, weight: heaviestTipSetWeight }
    syncer.heard(claim, peer)
  })
  let working = 0
  net.events.on('block', (block, from) => {
    if (from.local) return
    const cid = blockCid(block.header)
    // A block whose parents are not here yet is but a sign of how far the chain has come.
    if (working >= MAX_BLOCKS_AT_ONCE || !block.header.parents.every((p) => store.has(p))) {
      const { height, parentWeight } = block.header
      syncer.heard({ key: new TipsetKey([cid]), height, weight: parentWeight })
      return
    }
    working++
    gather(net, store, block, from)
      .then((full) => syncer.submit(full))
      .catch((error: unknown) => log.info('a new block was not taken', { block: String(cid), peer: from.peer }, error))
      .finally(() => {
        working--
      })
  })
}

/** The block's messages out of the store, and by bitswap those that it lacks. @throws NetError NET_BLOCKS_MISSING */
async function gather(net: NetService, store: LevelBlockstore, block: BlockMsg, from: GossipOrigin): Promise<FullBlock> {
  const found = new Map<string, Uint8Array>()
  const lacking: CID[] = []
  for (const cid of [...block.blsMessages, ...block.secpkMessages]) {
    const data = store.get(cid)
    if (data === undefined) lacking.push(cid)
    else found.set(cidKey(cid), data)
  }
  const fetched = lacking.length === 0 ? undefined : await net.bitswap.fetch(lacking, { prefer: [from.peer] })
  const dataOf = (cid: CID): Uint8Array => (found.get(cidKey(cid)) ?? fetched?.get(cidKey(cid))) as Uint8Array
  return {
    header: block.header,
    bls: block.blsMessages.map((cid) => decode(message, dataOf(cid))),
    secp: block.secpkMessages.map((cid) => decode(signedMessage, dataOf(cid))),
  }
}

/** @throws NetError NET_PUBLISH with the reason for a block of this node that others would not take: its miner must learn of it */
async function judgeBlock(pool: ChainPool, block: BlockMsg, from: GossipOrigin): Promise<Verdict> {
  const { verdict, code, message } = await pool.gossipVerdict(block)
  if (verdict === 'accept') return verdict
  if (from.local) throw new NetError('NET_PUBLISH', `the block was not published: ${message}`, { fields: { code } })
  log.debug('a block from gossip was not accepted', { height: block.header.height, verdict, code, message })
  return verdict
}
