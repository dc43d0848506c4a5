/** Layer 9: what makes a miner of the parts, in plain order. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Api } from '../api/api.ts'
import { type Clock, clockBehind, systemClock } from '../lib/clock.ts'
import { NodeError } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { CountedProver } from '../miner/counted-prover.ts'
import { MinerError } from '../miner/errors.ts'
import { FakeProver } from '../miner/fake-prover.ts'
import { FullNodeWatch } from '../miner/full-node-watch.ts'
import { HeadFollower } from '../miner/head-follower.ts'
import { loadMiningParams } from '../miner/mining-params.ts'
import { LocalProver, type LocalProverInit } from '../miner/prover.ts'
import type { Prover } from '../miner/proving.ts'
import { servedActors } from '../miner/served-actors.ts'
import { SectorIndex } from '../miner/storage/sector-index.ts'
import { SectorStore } from '../miner/storage/sector-store.ts'
import { waitForSync } from '../miner/wait-sync.ts'
import type { WindowPostScheduler } from '../miner/wdpost/scheduler.ts'
import type { BoundHandler } from '../rpc/router.ts'
import type { Route, RpcServer } from '../rpc/server.ts'
import { MetadataStore } from '../store/metadata.ts'
import { Repo } from '../store/repo.ts'
import { type Address, Protocol } from '../types/address.ts'
import { TipsetKey } from '../types/tipset.ts'
import { startBlockProduction } from './block-production.ts'
import { type Closers, startInOrder, stoppedBy } from './closers.ts'
import { Journal } from './journal.ts'
import { loadMinerConfig, type StorageMinerConfig } from './miner-config.ts'
import { minerHandlers } from './miner-handlers.ts'
import type { MinerNodeOptions } from './miner-options.ts'
import { provingHandlers } from './proving-handlers.ts'
import { useProvingParameters } from './proving-parameters.ts'
import { serveMinerApi } from './serve-miner-api.ts'
import { storageHandlers } from './storage-handlers.ts'
import { recordWindowPosts, startWindowPosts } from './window-post.ts'
import { workerHandlers } from './worker-handlers.ts'

const log = getLogger('miner')

/** What a miner works with but does not make itself. */
export interface MinerNodeComponents {
  /** The full node's API: a client of one in another process, or of the one in this. */
  readonly api: Api
  /** The time of the network; this machine's, less what the network stood still, where it is not given. */
  readonly clock?: Clock
  /** What proves sectors; this process, out of its storage paths, where it is not given. */
  readonly prover?: Prover
}

/** A running miner. It ends by `close`, by the signal it was started with, or when a client asks for it; `closed` tells when it has. */
export class MinerNode {
  readonly repo: Repo
  readonly config: StorageMinerConfig
  /** The miner actors that it serves; the first one is what ActorAddress answers. */
  readonly actors: readonly Address[]
  readonly server: RpcServer
  /** By the key of the actor's id address; none where this process makes no window PoSts. */
  readonly windowPosts: ReadonlyMap<string, WindowPostScheduler>
  /** Settles when everything is closed; rejects when that failed. */
  readonly closed: Promise<void>
  readonly #stopping: AbortController

  constructor(parts: Pick<MinerNode, 'repo' | 'config' | 'actors' | 'server' | 'windowPosts'> & MinerEnd) {
    this.repo = parts.repo
    this.config = parts.config
    this.actors = parts.actors
    this.server = parts.server
    this.windowPosts = parts.windowPosts
    this.#stopping = parts.stopping
    this.closed = parts.closers.closedAfter(parts.stopping.signal)
  }

  /** Takes no more calls, lets a block that is being made be sent, brings everything to the disk. */
  close(): Promise<void> {
    this.#stopping.abort(new NodeError('NODE_STOPPING', 'the miner is stopping'))
    return this.closed
  }
}

interface MinerEnd {
  readonly closers: Closers
  readonly stopping: AbortController
}

/**
 * Starts a miner: repo, full node, parts, API, in this order. What was opened is closed again when a step fails.
 * @throws RepoError REPO_FORMAT, REPO_LOCKED; MinerError MINER_REPO, MINER_FULL_NODE; what the full node answers
 */
export async function startMinerNode(options: MinerNodeOptions, components: MinerNodeComponents): Promise<MinerNode> {
  return startInOrder('miner', (closers) => start(options, components, closers))
}

async function start(options: MinerNodeOptions, components: MinerNodeComponents, closers: Closers): Promise<MinerNode> {
  const { api } = components
  const stopping = stoppedBy(options.signal)
  const { signal } = stopping
  const startTime = new Date((components.clock ?? systemClock).now())

  const repo = await Repo.open(options.repoPath, { kind: 'miner' })
  await repo.lock()
  closers.push(() => repo.release())
  const config = await loadMinerConfig(repo, options)
  const metadata = await MetadataStore.open(repo.paths.metadata)
  closers.push(() => metadata.close())
  const served = servedActors(metadata)
  if (served.length === 0)
    throw new MinerError('MINER_REPO', `the repository ${repo.path} was not set up for a miner`, {
      hint: 'Run nelumbo miner init --actor <address>.',
    })

  const journal = await Journal.open(repo.paths.journal)
  closers.push(() => journal.close())
  const params = await loadMiningParams(api, options.network, signal)
  const clock = components.clock ?? clockBehind(Number(params.pausedSecs) * 1000)
  if (!options.noSync) {
    await repo.setWait('sync')
    await waitForSync({ api, clock }, Number(params.blockDelaySecs), signal)
    await repo.setWait(undefined)
  }
  const actors = await idAddresses(api, served, signal)
  // Connections are looked after in this machine's time, whatever the network's is.
  const watch = new FullNodeWatch({ api, clock: systemClock })
  closers.push(() => watch.close())

  const storage = new SectorStore({ index: new SectorIndex(), paths: repo })
  closers.push(async () => storage.close())
  await storage.open()
  const prover = new CountedProver(
    components.prover ?? (params.proofs === 'fake' ? new FakeProver() : new LocalProver({ store: storage }, proverInit(config))),
  )
  const heads = new HeadFollower({ api, clock: systemClock })
  closers.push(() => heads.close())
  const { DisableWinningPoSt, DisableWindowPoSt, EnableMining } = config.Subsystems
  if (components.prover === undefined && params.proofs === 'real' && EnableMining && !(DisableWinningPoSt && DisableWindowPoSt)) {
    await repo.setWait('parameters')
    await useProvingParameters(
      { network: options.network?.proofParameters, configured: options.proofParameters, told: params.parameters },
      await sectorSizes(api, actors, signal),
      {
        trust: options.trustParameters ?? false,
        cacheDir: options.cacheDir ?? join(homedir(), '.cache', 'nelumbo'),
        ...(options.gateways === undefined ? {} : { gateways: options.gateways }),
        signal,
      },
    )
    await repo.setWait(undefined)
  }
  const windowPosts =
    DisableWindowPoSt || !EnableMining
      ? undefined
      : await startWindowPosts(
          { api, heads, prover, records: metadata, journal: recordWindowPosts(journal, params.addressPrefix) },
          {
            actors,
            config,
            proofs: params.proofs,
            ...(options.recoveringSectorLimit === undefined ? {} : { recoveringSectorLimit: options.recoveringSectorLimit }),
          },
        )
  if (windowPosts !== undefined) closers.push(() => windowPosts.close())
  heads.start()

  const scheduler = windowPosts?.byActor.values().next().value
  const winning = EnableMining && !DisableWinningPoSt
  const production = await startBlockProduction(
    { api, prover, records: metadata, clock },
    {
      actors,
      params,
      enabled: winning,
      acceptUnknownPast: options.acceptUnknownPast ?? false,
      warmUp: options.warmUp ?? true,
    },
  )
  closers.push(() => production.close())
  const handlers: BoundHandler[] = [
    ...minerHandlers({ api, actors, config }),
    ...provingHandlers({ api, prover, scheduler }),
    ...workerHandlers({
      prover,
      tasks: [...(windowPosts === undefined ? [] : ['window' as const]), ...(winning ? ['winning' as const] : [])],
    }),
    ...production.handlers,
    ...storageHandlers({ store: storage }),
  ]
  const routes: Route[] = []
  const network = {
    name: params.networkName,
    blockDelaySecs: Number(params.blockDelaySecs),
    addressPrefix: params.addressPrefix,
  }
  const server = await serveMinerApi({ repo, config, handlers, routes, network, startTime, stopping }, options)
  closers.push(() => server.close())
  log.info('the miner is ready', { actors: actors.map((a) => a.toString(params.addressPrefix)), api: server.multiaddr })
  return new MinerNode({ repo, config, actors, server, windowPosts: windowPosts?.byActor ?? new Map(), closers, stopping })
}

function proverInit({ Proving }: StorageMinerConfig): LocalProverInit {
  return {
    parallelLimit: Proving.ParallelCheckLimit,
    singleTimeoutMs: Proving.SingleCheckTimeout,
    partitionTimeoutMs: Proving.PartitionCheckTimeout,
  }
}

async function sectorSizes(api: Pick<Api, 'stateMinerInfo'>, actors: readonly Address[], signal: AbortSignal): Promise<number[]> {
  const infos = await Promise.all(actors.map((actor) => api.stateMinerInfo([actor, TipsetKey.empty], { signal })))
  return [...new Set(infos.map((info) => Number(info.sectorSize)))]
}

/** Blocks and messages name miners by their ids. */
function idAddresses(api: Pick<Api, 'stateLookupId'>, actors: readonly Address[], signal: AbortSignal): Promise<Address[]> {
  return Promise.all(
    actors.map(async (a) => (a.protocol === Protocol.id ? a : api.stateLookupId([a, TipsetKey.empty], { signal }))),
  )
}
