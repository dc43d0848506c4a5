import { availableParallelism } from 'node:os'
import type { ActorBundle } from '../actors/manifest.ts'
import type { CallContext } from '../api/method.ts'
import { encode } from '../codec/codec.ts'
import type { SharedClock } from '../lib/clock.ts'
import { getLogger } from '../lib/log.ts'
import { WorkerPool, WorkerThread } from '../lib/worker-pool.ts'
import { configureEngine, preloadActors, setBlockCacheBytes } from '../native/fvm.ts'
import type { Network } from '../networks/types.ts'
import type { QueryPool } from '../rpc/router.ts'
import { type BeaconEntry, type BlockMsg, blockMsg } from '../types/block.ts'
import { type CID, CID as Cid } from '../types/cid.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import type { ChainWorkerData, GossipVerdict, QueryCall, WireBlockResult } from './chain-worker.ts'
import type { GasQueries } from './gas-queries.ts'
import type { CreatedBlock, MiningBaseCall } from './mining-work.ts'
import type { PoolQueries } from './pool-queries.ts'
import type { WaitSearch } from './wait-message.ts'

const log = getLogger('node')

/** Native stack of a worker: the FVM nests calls up to 1,024 deep. */
const STACK_MB = 64
/**
 * Threads for what cannot wait behind a long query: blocks of gossip, the weight of the head, what a miner asks for. Two, as a block
 * that is created may have its parents executed; the second starts when it is needed.
 */
const URGENT_THREADS = 2

export interface ChainPoolInit {
  readonly chainPath: string
  readonly metadataPath: string
  readonly network: Network
  readonly genesis: Tipset
  readonly clock: SharedClock
  readonly bundles: readonly ActorBundle[]
  readonly queryThreads?: number
}

/** What answers about the chain. */
export type ChainQueries = Pick<ChainPool, 'call' | 'beaconEntry' | 'findMessage'>

/** The node's worker threads: one that follows the chain, and some that answer queries. */
export class ChainPool implements QueryPool {
  readonly #queries: WorkerPool
  readonly #data: ChainWorkerData
  #follower: WorkerThread | undefined
  readonly #head: () => Tipset

  constructor(init: ChainPoolInit, head: () => Tipset) {
    const threads = Math.max(1, init.queryThreads ?? availableParallelism())
    const { genesisCid: _, ...network } = init.network
    this.#head = head
    this.#data = {
      chainPath: init.chainPath,
      metadataPath: init.metadataPath,
      network,
      genesis: init.genesis.cids.map(String),
      clock: init.clock.wire,
      bundles: init.bundles.map((b) => ({
        version: b.version,
        entries: b.entries.map(([name, code]) => [name, String(code)] as const),
      })),
    }
    this.#queries = new WorkerPool({ size: threads, urgent: URGENT_THREADS }, (urgent) =>
      this.#startThread(urgent ? 'urgent' : 'query'),
    )
  }

  /**
   * Process-wide settings of the FVM; before any machine is made.
   * @param options.blockCacheBytes for blocks that machines read again, of all threads together; 256 MiB where nothing is said
   */
  static configure(options: { readonly queryThreads?: number | undefined; readonly blockCacheBytes?: number } = {}): void {
    const { queryThreads = availableParallelism(), blockCacheBytes } = options
    // A machine holds an engine while it lives: one for each thread, that of the chain among them, and one to spare so that none
    // ever waits for another.
    configureEngine({ concurrency: Math.max(1, queryThreads) + URGENT_THREADS + 2 })
    if (blockCacheBytes !== undefined) setBlockCacheBytes(blockCacheBytes)
  }

  #startThread(name: string): WorkerThread {
    return new WorkerThread(new URL('./chain-worker.ts', import.meta.url), {
      name: `chain-${name}`,
      workerData: this.#data,
      resourceLimits: { stackSizeMb: STACK_MB },
    })
  }

  get #chainThread(): WorkerThread {
    if (this.#follower === undefined || this.#follower.stopped) this.#follower = this.#startThread('follow')
    return this.#follower
  }

  /**
   * Starts the threads that a node with peers needs before anything else, so that the first block does not wait for them. A
   * thread that cannot start shows with its first call.
   */
  warmUp(): void {
    for (const ready of [this.#chainThread.call('ready', undefined), this.#queries.call('ready', undefined, { urgent: true })])
      ready.catch((error: unknown) => log.debug('a thread did not start', {}, error))
  }

  /** Answers an API query; the text is the JSON of its result. */
  call(id: string, params: unknown, { signal }: Pick<CallContext, 'signal'>): Promise<string> {
    const call: QueryCall = { id, params, head: this.#head().cids.map(String) }
    return this.#queries.call('query', call, { signal }) as Promise<string>
  }

  /** The beacon entry that counts for an epoch of the chain that ends in `base`. */
  beaconEntry(epoch: number, base: Tipset, signal: AbortSignal): Promise<BeaconEntry> {
    return this.#queries.call('beaconEntry', { epoch, base: base.cids.map(String) }, { signal }) as Promise<BeaconEntry>
  }

  /** JSON text of MinerGetBaseInfo's result. */
  miningBase(call: MiningBaseCall, signal: AbortSignal): Promise<string> {
    return this.#queries.call('miningBase', call, { signal, urgent: true }) as Promise<string>
  }

  /** A block without its signature, whose messages are in the store. */
  createBlock(template: Uint8Array, signal: AbortSignal): Promise<CreatedBlock> {
    return this.#queries.call('createBlock', { template }, { signal, urgent: true }) as Promise<CreatedBlock>
  }

  /** Validates tipsets that follow from one another, up to the first bad one; their messages must be in the store. */
  validateWay(way: readonly TipsetKey[], signal: AbortSignal): Promise<WireBlockResult[][]> {
    const args = { way: way.map((key) => key.cids.map(String)) }
    return this.#chainThread.call('validateWay', args, { signal }) as Promise<WireBlockResult[][]>
  }

  /** Weight of the chain that ends in a tipset whose parents were executed. */
  weigh(tipset: Tipset, signal: AbortSignal): Promise<bigint> {
    return this.#chainThread.call('weigh', { tipset: tipset.cids.map(String) }, { signal }) as Promise<bigint>
  }

  /** As `weigh` for the head, beside what the chain's own thread does. */
  headWeight(head: Tipset): Promise<bigint> {
    return this.#queries.call('weigh', { tipset: head.cids.map(String) }, { urgent: true }) as Promise<bigint>
  }

  /** What is to be done with a block from gossip, and why. */
  gossipVerdict(block: BlockMsg): Promise<GossipVerdict> {
    const args = { block: encode(blockMsg, block), head: this.#head().cids.map(String) }
    return this.#queries.call('gossipVerdict', args, { urgent: true }) as Promise<GossipVerdict>
  }

  /** Where a message was executed, as JSON text; see wait-message.ts. */
  findMessage(search: WaitSearch, signal: AbortSignal): Promise<string | undefined> {
    return this.#queries.call('findMessage', search, { signal }) as Promise<string | undefined>
  }

  /**
   * Asks for the message pool; see pool-queries.ts.
   * @param urgent false for what may execute a tipset
   */
  pool<M extends keyof PoolQueries>(
    method: M,
    args: Parameters<PoolQueries[M]>[0],
    urgent = true,
  ): Promise<ReturnType<PoolQueries[M]>> {
    return this.#queries.call(method, args, { urgent }) as Promise<ReturnType<PoolQueries[M]>>
  }

  /** Asks for estimates of gas; see gas-queries.ts. */
  gas<M extends keyof GasQueries>(
    method: M,
    args: Parameters<GasQueries[M]>[0],
    signal?: AbortSignal,
  ): Promise<ReturnType<GasQueries[M]>> {
    const options = signal === undefined ? {} : { signal }
    return this.#queries.call(method, args, options) as Promise<ReturnType<GasQueries[M]>>
  }

  /** Re-executes the chain up to `head`; see validateChain. */
  validate(
    head: Tipset,
    options: { signal?: AbortSignal; onProgress?: (p: { height: number; headHeight: number; tipsets: number }) => void },
  ): Promise<{ readonly tipsets: number }> {
    return this.#chainThread.call('validate', { head: head.cids.map(String) }, options) as Promise<{ tipsets: number }>
  }

  /** State and receipts after a tipset of the chain that ends in the head. */
  async tipsetState(tipset: Tipset, signal?: AbortSignal): Promise<{ readonly stateRoot: CID; readonly receiptsRoot: CID }> {
    const args = { tipset: tipset.cids.map(String), head: this.#head().cids.map(String) }
    const out = (await this.#chainThread.call('tipsetState', args, signal === undefined ? {} : { signal })) as Record<
      string,
      string
    >
    return { stateRoot: Cid.parse(out.stateRoot as string), receiptsRoot: Cid.parse(out.receiptsRoot as string) }
  }

  async close(): Promise<void> {
    await Promise.all([this.#queries.close(), this.#follower?.close()])
  }
}

/**
 * Compiles the actors of a network version on a background thread; the first execution would wait for it otherwise. One after
 * the other, so that a node that has to stop need not wait for all of them and an execution in between gets its turn.
 */
export async function compileActors(
  networkVersion: number,
  bundle: ActorBundle,
  getBlock: (cid: Uint8Array) => Uint8Array | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const [, code] of bundle.entries) {
    if (signal.aborted) return
    await preloadActors(networkVersion, [(typeof code === 'string' ? Cid.parse(code) : code).bytes], getBlock)
  }
}
