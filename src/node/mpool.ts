import type { Clock } from '../lib/clock.ts'
import { NodeError } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { MessagePool } from '../mpool/message-pool.ts'
import { MessageSigner } from '../mpool/message-signer.ts'
import { Republisher } from '../mpool/republisher.ts'
import type { NetService } from '../net/service.ts'
import type { Network } from '../networks/types.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { FullNodeConfig } from '../store/config/full-node.ts'
import type { LevelBlockstore } from '../store/level-blockstore.ts'
import type { MetadataStore } from '../store/metadata.ts'
import type { Message, SignedMessage } from '../types/message.ts'
import type { Tipset } from '../types/tipset.ts'
import type { ChainPool } from './chain-pool.ts'
import { GasEstimator } from './gas-estimator.ts'
import { makeFundManager } from './market-handlers.ts'
import type { Mpool } from './mpool-handlers.ts'
import { WorkerPoolChain } from './pool-chain.ts'

const log = getLogger('mpool')

/** Epochs that the head may lag behind the clock when the node joins the topic of messages (Lotus LOTUS_MSGS_SYNC_EPOCHS). */
const TOPIC_LAG = 10
/** Milliseconds from joining the topic to sending out our own messages: by then peers have joined us there. */
const FIRST_REPUBLISH_MS = 10_000
/** Gossip knows messages again for two minutes: sent sooner they would go nowhere. */
const SEEN_SECS = 120

export interface MpoolComponents {
  readonly network: Network
  readonly clock: Clock
  readonly chain: ChainStore
  readonly store: LevelBlockstore
  readonly metadata: MetadataStore
  readonly pool: ChainPool
  readonly config: Pick<FullNodeConfig, 'Fees'>
  /** Signs with the key of the message's sender; without it the node sends only what others signed. */
  readonly sign?: (message: Message) => Promise<SignedMessage>
  /** The network once there is one; undefined for a node that talks to no peer. */
  readonly net: () => NetService | undefined
}

/** The message pool with all that works with it, following the head. */
export async function startMpool(c: MpoolComponents): Promise<Mpool & { close(): Promise<void> }> {
  const { network, chain, store, metadata, config } = c
  const pool = MessagePool.open(
    {
      chain: new WorkerPoolChain(c.pool, network),
      store,
      metadata,
      publish: async (message) => c.net()?.pubsub.publishMessage(message),
      now: () => c.clock.now(),
    },
    { head: chain.requireHead(), addressPrefix: network.addressPrefix },
  )
  const forget = chain.onHeadChange((changes, head) => pool.onHeadChange(changes, head))
  await pool.loadLocal()
  const republisher = new Republisher({ pool }, { intervalMs: republishMs(network) })
  const gas = new GasEstimator({
    workers: c.pool,
    mpool: pool,
    addressPrefix: network.addressPrefix,
    defaultMaxFee: config.Fees.DefaultMaxFee,
  })
  const signer = new MessageSigner(
    { pool, metadata, sign: c.sign ?? noWallet, fill: (message, spec) => gas.fill(message, spec, chain.requireHead()) },
    { addressPrefix: network.addressPrefix },
  )
  const funds = makeFundManager({ ...c, workers: c.pool, signer, addressPrefix: network.addressPrefix })
  await funds.start()
  return {
    pool,
    gas,
    signer,
    republisher,
    funds,
    async close() {
      await funds.close()
      forget()
      await republisher.close()
      await pool.close()
    },
  }
}

function noWallet(message: Message): Promise<SignedMessage> {
  return Promise.reject(
    new NodeError(
      'NODE_NO_WALLET',
      `this node holds no keys, so that it cannot sign for ${message.from}: sign the message elsewhere`,
    ),
  )
}

/** Ten epochs and the time that a block takes to spread, as in Lotus: 310 s on mainnet. */
function republishMs({ blockDelaySecs, propagationDelaySecs }: Network): number {
  return Math.max(10 * blockDelaySecs + propagationDelaySecs, SEEN_SECS + propagationDelaySecs) * 1000
}

/** Joins the topic of messages when the head is near the clock: before, the node cannot judge them. */
export function joinMessagesNearHead(
  chain: ChainStore,
  network: Pick<Network, 'blockDelaySecs'>,
  { net, clock, republisher }: { readonly net: NetService; readonly clock: Clock; readonly republisher: Republisher },
): () => void {
  const near = (head: Tipset): boolean => {
    const lag = clock.now() / 1000 - Number(head.minTimestamp)
    return lag < TOPIC_LAG * network.blockDelaySecs
  }
  let forget = (): void => {}
  let soon: NodeJS.Timeout | undefined
  const look = (head: Tipset): void => {
    if (!near(head)) return
    forget()
    net.pubsub.joinMessages()
    // What was taken over before the last end may never have been seen by anybody.
    soon = setTimeout(() => republisher.start(), FIRST_REPUBLISH_MS).unref()
    log.info('the head is near the clock: messages of other nodes are heard from now on', { head: head.height })
  }
  forget = chain.onHeadChange((_changes, head) => look(head))
  if (chain.head !== undefined) look(chain.head)
  return () => {
    forget()
    clearTimeout(soon)
  }
}
