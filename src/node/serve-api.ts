import { existsSync } from 'node:fs'
import { allPermissions } from '../api/method.ts'
import type { BeaconSchedule } from '../beacon/schedule.ts'
import type { JsonContext } from '../codec/json.ts'
import type { Clock } from '../lib/clock.ts'
import { NodeError } from '../lib/errors.ts'
import { SlashFilter } from '../miner/mining/slash-filter.ts'
import type { NetService } from '../net/service.ts'
import type { Network } from '../networks/types.ts'
import { loadOrCreateSecret, TokenAuth } from '../rpc/auth.ts'
import { commonHandlers } from '../rpc/handlers/common.ts'
import { LocalClient } from '../rpc/local-client.ts'
import { makeRouter } from '../rpc/router.ts'
import { RpcServer } from '../rpc/server.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { FullNodeConfig } from '../store/config/full-node.ts'
import type { LevelBlockstore } from '../store/level-blockstore.ts'
import type { MetadataStore } from '../store/metadata.ts'
import type { Repo } from '../store/repo.ts'
import type { Syncer } from '../sync/syncer.ts'
import type { LocalWallet } from '../wallet/local-wallet.ts'
import type { Signer } from '../wallet/signer.ts'
import { absentHandlers } from './absent-handlers.ts'
import { chainHandlers } from './chain-handlers.ts'
import type { ChainPool } from './chain-pool.ts'
import { listenAddress } from './config.ts'
import { Health } from './health.ts'
import { marketHandlers } from './market-handlers.ts'
import { metricsRoute, type NodeMetrics } from './metrics.ts'
import { miningHandlers } from './mining-handlers.ts'
import { type Mpool, mpoolHandlers } from './mpool-handlers.ts'
import { netHandlers } from './net-handlers.ts'
import { noChain } from './no-chain.ts'
import type { FullNodeOptions } from './options.ts'
import { statusHandlers } from './status-handlers.ts'
import { syncHandlers } from './sync-handlers.ts'
import { nodeVersion, userAgent } from './version.ts'
import { keyResolver, walletHandlers } from './wallet-handlers.ts'

export interface ApiComponents {
  readonly repo: Repo
  readonly config: FullNodeConfig
  readonly network: Network
  readonly clock: Clock
  readonly chain: ChainStore
  readonly store: LevelBlockstore
  readonly metadata: MetadataStore
  /** Undefined, as `mpool` and `syncer`, for a node without a chain. */
  readonly pool: ChainPool | undefined
  readonly mpool: Mpool | undefined
  readonly syncer: Syncer | undefined
  /** Undefined for a node that talks to no peer. */
  readonly net: NetService | undefined
  readonly peerId: string
  /** Undefined where it is switched off. */
  readonly wallet: LocalWallet | undefined
  /** Undefined for a node without a chain. */
  readonly beacon: BeaconSchedule | undefined
  /** All keys of the node. */
  readonly signer: Signer
  readonly metrics: NodeMetrics
  readonly startTime: Date
  /** Aborted to stop the node. */
  readonly stopping: AbortController
}

/** Puts all handlers on one port, and leaves token and address in the repo; a miner in this process needs no port. */
export async function serveApi(
  c: ApiComponents,
  options: Pick<FullNodeOptions, 'apiHost' | 'apiPort' | 'apiMaxRequestBytes'>,
): Promise<{ readonly server: RpcServer; readonly local: LocalClient }> {
  const queries = c.pool ?? noChain(c.network)
  const json: JsonContext = { addressPrefix: c.network.addressPrefix }
  const listen = listenAddress(c.config.API.ListenAddress)
  const { secret, created } = await loadOrCreateSecret(c.repo.keystore)
  const auth = new TokenAuth(secret)
  const handlers = [
    ...commonHandlers(
      {
        auth,
        peerId: () => c.peerId,
        alerts: () => [],
        shutdown: () => c.stopping.abort(new NodeError('NODE_STOPPING', 'a client asked the node to stop')),
        closing: c.stopping.signal,
      },
      {
        version: `${nodeVersion}+${c.network.name}`,
        agent: userAgent,
        blockDelay: c.network.blockDelaySecs,
        startTime: c.startTime,
      },
    ),
    ...absentHandlers(),
    ...chainHandlers({ ...c, pool: queries }),
    ...statusHandlers(c),
    ...marketHandlers(c.mpool),
    ...mpoolHandlers({ ...c, addressPrefix: c.network.addressPrefix }),
    ...miningHandlers(c),
    ...netHandlers(c),
    ...syncHandlers({ ...c, slashFilter: new SlashFilter({ records: c.metadata }) }),
    ...walletHandlers({ ...c, resolve: keyResolver(queries, c.network) }),
  ]
  const health = new Health({ chain: c.chain, network: c.network, net: c.net, clock: c.clock })
  c.stopping.signal.addEventListener('abort', health.close, { once: true })
  const router = makeRouter(handlers, queries, json)
  const server = await RpcServer.listen(
    {
      router,
      auth,
      observer: c.metrics.observer,
      health,
      routes: [metricsRoute(c.metrics.registry)],
    },
    {
      host: options.apiHost ?? listen.host,
      port: options.apiPort ?? listen.port,
      limits: {
        requestTimeoutMs: c.config.API.Timeout,
        ...(options.apiMaxRequestBytes ? { maxRequestBytes: options.apiMaxRequestBytes } : {}),
      },
    },
  )
  if (created || !existsSync(c.repo.paths.token)) await c.repo.setApiToken(auth.create(allPermissions))
  await c.repo.setApiEndpoint(server.multiaddr)
  return { server, local: new LocalClient({ router, closing: c.stopping.signal }, { json }) }
}
