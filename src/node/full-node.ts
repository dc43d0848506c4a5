/** Layer 9: what makes a node of the parts, in plain order. */
import type { ActorBundle } from '../actors/manifest.ts'
import type { Api } from '../api/api.ts'
import { clockBehind, type SharedClock } from '../lib/clock.ts'
import { NodeError } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { NetService } from '../net/service.ts'
import { bundleCatalog } from '../networks/bundles.ts'
import { actorsVersion, networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import type { RpcServer } from '../rpc/server.ts'
import { PreMigrations } from '../state/pre-migrations.ts'
import { UpgradeSchedule } from '../state/upgrades.ts'
import { BundleStore } from '../store/bundle-store.ts'
import { ChainReader } from '../store/chain-reader.ts'
import { ChainStore } from '../store/chain-store.ts'
import { LevelBlockstore } from '../store/level-blockstore.ts'
import { MetadataStore } from '../store/metadata.ts'
import { Repo } from '../store/repo.ts'
import { SyncError } from '../sync/errors.ts'
import { type ChainSource, Syncer } from '../sync/syncer.ts'
import type { Message } from '../types/message.ts'
import { LocalWallet } from '../wallet/local-wallet.ts'
import { MultiSigner } from '../wallet/multi-signer.ts'
import { type Signer, signMessage } from '../wallet/signer.ts'
import { ensureBundles } from './bundles.ts'
import { ChainPool, compileActors } from './chain-pool.ts'
import { type Closers, startInOrder, stoppedBy } from './closers.ts'
import { loadConfig } from './config.ts'
import { defaultConfigText } from './config-text.ts'
import { startFaultReporter } from './fault-reporter/start.ts'
import { ensureGenesis } from './genesis.ts'
import { loadOrCreateHostKey } from './host-key.ts'
import { importChain, removeChain, validateImport } from './import-chain.ts'
import { Journal } from './journal.ts'
import { nodeMetrics } from './metrics.ts'
import { beaconOf } from './mining-handlers.ts'
import { joinMessagesNearHead, startMpool } from './mpool.ts'
import { countedPool } from './mpool-metrics.ts'
import { blameClaim, createNet, exchangeSource, follow } from './net-link.ts'
import { countNet, countSync } from './net-metrics.ts'
import { noChainText } from './no-chain.ts'
import type { FullNodeOptions, ValidationResult } from './options.ts'
import { useVerifyingKeys } from './proof-parameters.ts'
import { serveApi } from './serve-api.ts'
import { PoolValidator } from './validator.ts'

const log = getLogger('node')

/** Parts that may be given instead of what the node would make itself. */
export interface FullNodeComponents {
  /** Where headers and messages come from; peers, where it is not given. */
  readonly source?: ChainSource
  /** The time of the network; this machine's, less what the network stood still, where it is not given. */
  readonly clock?: SharedClock
}

/** The source of a node that talks to nobody. */
const nobody: ChainSource = {
  headers: () => Promise.reject(new SyncError('SYNC_UNAVAILABLE', 'the node has no peers')),
  messages: () => Promise.reject(new SyncError('SYNC_UNAVAILABLE', 'the node has no peers')),
}

interface NodeParts {
  readonly clock: SharedClock
  readonly repo: Repo
  readonly network: Network
  readonly chain: ChainStore
  readonly validation: ValidationResult | undefined
  readonly server: RpcServer | undefined
  readonly api: Api | undefined
  readonly syncer: Syncer | undefined
  readonly net: NetService | undefined
  readonly closers: Closers
  readonly stopping: AbortController
}

/** A running node. It ends by `close`, by the signal it was started with, or when a client asks for it; `closed` tells when it has. */
export class FullNode {
  /** The time of the network, for what runs beside the node. */
  readonly clock: SharedClock
  readonly repo: Repo
  readonly network: Network
  readonly chain: ChainStore
  /** Set when the node was started to validate a chain. */
  readonly validation: ValidationResult | undefined
  /** Undefined for a node that only imported. */
  readonly server: RpcServer | undefined
  /** What it answers, for the parts of this process, with all permissions; undefined as `server`. */
  readonly api: Api | undefined
  /** Undefined for a node without a chain. */
  readonly syncer: Syncer | undefined
  /** Undefined for a node that talks to no peer. */
  readonly net: NetService | undefined
  /** Settles when everything is on the disk and closed; rejects when that failed. */
  readonly closed: Promise<void>
  readonly #stopping: AbortController

  constructor(parts: NodeParts) {
    this.clock = parts.clock
    this.repo = parts.repo
    this.network = parts.network
    this.chain = parts.chain
    this.validation = parts.validation
    this.server = parts.server
    this.api = parts.api
    this.syncer = parts.syncer
    this.net = parts.net
    this.#stopping = parts.stopping
    this.closed = parts.closers.closedAfter(parts.stopping.signal)
  }

  /** Stops taking calls, ends what runs, brings everything to the disk. */
  close(): Promise<void> {
    this.#stopping.abort(new NodeError('NODE_STOPPING', 'the node is stopping'))
    return this.closed
  }
}

/**
 * Starts a node: repo, stores, genesis, actors, import, threads, API, in this order. What was opened is closed again when a
 * step fails. With `haltAfterImport` the node that is returned is closing already.
 */
export async function startFullNode(options: FullNodeOptions, components: FullNodeComponents = {}): Promise<FullNode> {
  return startInOrder('node', (closers) => start(options, components, closers))
}

async function start(options: FullNodeOptions, components: FullNodeComponents, closers: Closers): Promise<FullNode> {
  const { network } = options
  const clock = components.clock ?? clockBehind((network.pausedSecs ?? 0) * 1000)
  const stopping = stoppedBy(options.signal)
  const { signal } = stopping
  const startTime = new Date()

  const repo = await Repo.open(options.repoPath, { create: true, defaultConfig: defaultConfigText({ comments: true }) })
  await repo.lock()
  closers.push(() => repo.release())
  const config = await loadConfig(repo, options)
  if (options.removeExistingChain) await removeChain(repo)

  const store = await LevelBlockstore.open({ path: repo.paths.chain, cacheBytes: config.Chainstore.Caches.IndexBytes })
  closers.push(() => store.close())
  const metadata = await MetadataStore.open(repo.paths.metadata)
  closers.push(() => metadata.close())
  const chain = await ChainStore.open({ store, metadata, reader: new ChainReader(store) })
  closers.push(() => chain.close())
  await useVerifyingKeys(network, options.proofParameters, signal)
  ChainPool.configure({ queryThreads: options.queryThreads, blockCacheBytes: config.Chainstore.Caches.BlockBytes })

  await ensureGenesis({ store, chain, repo }, network, {
    ...(options.genesisPath === undefined ? {} : { path: options.genesisPath }),
    // A chain that is about to be imported brings its genesis.
    download: options.import === undefined,
    signal,
  })
  const bundleFolders = {
    folder: repo.paths.bundles,
    ...(options.bundlesDir === undefined ? {} : { localFolders: [options.bundlesDir] }),
  }
  const catalog = bundleCatalog(network)
  const bundles = new BundleStore({ catalog }, bundleFolders)
  const localBundles = new BundleStore({ catalog }, { ...bundleFolders, downloads: false })
  const validating = options.import?.mode === 'validate'
  const compiling = new AbortController()
  closers.push(async () => compiling.abort())
  let compiled: Promise<void> | undefined
  const actorsFor = async (epoch: number): Promise<ActorBundle[]> => {
    const known = await ensureBundles({ bundles, localBundles, store, network }, epoch, { all: validating, signal })
    if (validating || !options.haltAfterImport) compiled = compileInBackground(network, epoch, known, store, compiling.signal)
    return known
  }
  let known: ActorBundle[] | undefined
  if (validating) known = await actorsFor(1)
  else if (chain.head !== undefined && options.import === undefined) known = await actorsFor(chain.head.height + 1)

  if (options.import !== undefined) {
    await importChain(options, { store, metadata, chain }, signal)
    // A snapshot brings its own height, with other actors than those of genesis.
    known ??= await actorsFor(chain.requireHead().height + 1)
  }
  const { genesis } = chain
  const pool =
    genesis === undefined
      ? undefined
      : new ChainPool(
          {
            chainPath: repo.paths.chain,
            metadataPath: repo.paths.metadata,
            network,
            genesis,
            clock,
            bundles: known ?? [],
            ...(options.queryThreads === undefined ? {} : { queryThreads: options.queryThreads }),
          },
          () => chain.requireHead(),
        )
  if (pool !== undefined) closers.push(() => pool.close())

  const validation =
    validating && pool !== undefined ? await validateImport(options, chain.requireHead(), pool, compiled, signal) : undefined
  if (options.haltAfterImport) {
    const node = new FullNode({
      clock,
      repo,
      network,
      chain,
      validation,
      server: undefined,
      api: undefined,
      syncer: undefined,
      net: undefined,
      closers,
      stopping,
    })
    void node.close()
    return node
  }

  const preMigrations = new PreMigrations({ upgrades: new UpgradeSchedule(network), store })
  const forget = chain.onHeadChange((_changes, head) => preMigrations.onHead(head.height))
  closers.push(() => {
    forget()
    return preMigrations.close()
  })
  if (chain.head !== undefined) preMigrations.onHead(chain.head.height)

  const journal = await Journal.open(repo.paths.journal)
  journal.follow(chain)
  closers.push(() => journal.close())
  const metrics = nodeMetrics({ chain, stores: [store, metadata], network, clock })
  closers.push(async () => metrics.close())
  const { peerId, privateKey } = await loadOrCreateHostKey(repo.keystore)
  const wallet = config.Wallet.DisableLocal ? undefined : await LocalWallet.open({ keystore: repo.keystore }, network)
  if (wallet !== undefined) closers.push(() => wallet.close())
  const signer: Signer = wallet ?? new MultiSigner([])
  const sign = (message: Message) => signMessage(signer, message, network)
  let net: NetService | undefined
  const mpool =
    pool === undefined
      ? undefined
      : await startMpool({ network, clock, chain, store, metadata, pool, config, sign, net: () => net })
  if (mpool !== undefined) closers.push(() => mpool.close())
  const counted = mpool === undefined ? undefined : countedPool(metrics.registry, mpool.pool)
  if (pool !== undefined && counted !== undefined && options.p2p !== undefined) {
    const parts = { network, chain, store, metadata, pool, mpool: counted, privateKey, config }
    net = await createNet(parts, options.p2p)
    pool.warmUp()
  }
  const syncer =
    pool === undefined
      ? undefined
      : new Syncer({
          chain,
          store,
          metadata,
          source: components.source ?? (net === undefined ? nobody : exchangeSource(net.exchange)),
          validator: new PoolValidator({ pool, registry: metrics.registry }),
          now: () => clock.now(),
          onBadClaim: (peer, error) => (net === undefined ? undefined : blameClaim(net, peer, error)),
        })
  if (net !== undefined) countNet(metrics.registry, net)
  if (syncer !== undefined) countSync(metrics.registry, syncer.reports)
  syncer?.start()
  if (syncer !== undefined) closers.push(() => syncer.close())
  if (net !== undefined && mpool !== undefined && syncer !== undefined) {
    follow(net, syncer, store)
    closers.push(() => net.stop())
    await net.start()
    const stopJoining = joinMessagesNearHead(chain, network, { net, clock, republisher: mpool.republisher })
    closers.push(async () => stopJoining())
  }

  const keys = { wallet, signer, beacon: beaconOf(network, genesis, clock) }
  const api = {
    repo,
    config,
    network,
    clock,
    chain,
    store,
    metadata,
    pool,
    mpool,
    syncer,
    net,
    ...keys,
    peerId,
    metrics,
    startTime,
    stopping,
  }
  const { server, local } = await serveApi(api, options)
  closers.push(() => server.close())
  if (config.FaultReporter.EnableConsensusFaultReporter && syncer !== undefined)
    closers.push(await startFaultReporter({ api: local.api, clock, repoPath: repo.path }, config.FaultReporter, network))
  log.info('the node is ready', { network: network.name, api: server.multiaddr, head: chain.head?.height ?? 'none' })
  if (genesis === undefined) log.warn(noChainText(network))
  return new FullNode({ clock, repo, network, chain, validation, server, api: local.api, syncer, net, closers, stopping })
}

/** The first execution needs the actors compiled; that takes seconds, so it begins now. A failure shows there. */
function compileInBackground(
  network: Network,
  epoch: number,
  known: readonly ActorBundle[],
  store: LevelBlockstore,
  signal: AbortSignal,
): Promise<void> {
  const nv = networkVersion(network, epoch)
  const bundle = known.find((b) => b.version === actorsVersion(nv))
  if (bundle === undefined) return Promise.resolve()
  return compileActors(nv, bundle, (cid) => store.getBytes(cid), signal).catch((error: unknown) => {
    log.warn('the actors could not be compiled ahead', { networkVersion: nv }, error)
  })
}
