/**
 * A worker thread of the node: it has the stores open beside the main thread, executes tipsets and answers queries.
 * Everything in it is synchronous; the main thread's event loop stays free.
 */
import { workerData } from 'node:worker_threads'
import { type ActorBundle, ActorRegistry } from '../actors/manifest.ts'
import { answerQuery } from '../api/method.ts'
import { EntryVerifier } from '../beacon/verify-entry.ts'
import { decode } from '../codec/codec.ts'
import type { JsonContext } from '../codec/json.ts'
import type { PartTimes } from '../consensus/checks.ts'
import type { ConsensusEnv } from '../consensus/env.ts'
import { BlockError, type Verdict } from '../consensus/errors.ts'
import { validateGossipBlock } from '../consensus/validate-gossip.ts'
import { type BlockResult, validateWay } from '../consensus/validate-way.ts'
import { tipsetWeight } from '../consensus/weight.ts'
import { type ClockWire, readClock } from '../lib/clock.ts'
import { errorMessage, NodeError } from '../lib/errors.ts'
import { serveWorker, type WorkerContext } from '../lib/worker-pool.ts'
import { BatchVerifier } from '../native/verifier.ts'
import type { Network } from '../networks/types.ts'
import type { BoundQuery } from '../rpc/handlers/env.ts'
import { QueryEnv } from '../rpc/handlers/env.ts'
import { queryHandlers } from '../rpc/handlers/index.ts'
import { StateManager } from '../state/state-manager.ts'
import { type ValidateProgress, validateChain } from '../state/validate-chain.ts'
import { BufferedBlockstore } from '../store/buffered-blockstore.ts'
import { ChainReader } from '../store/chain-reader.ts'
import { LevelBlockstore } from '../store/level-blockstore.ts'
import { MetadataStore } from '../store/metadata.ts'
import { Address } from '../types/address.ts'
import { blockMsg } from '../types/block.ts'
import { CID } from '../types/cid.ts'
import type { FullBlock } from '../types/full-block.ts'
import { TipsetKey } from '../types/tipset.ts'
import { gasQueries } from './gas-queries.ts'
import { answerCreateBlock, answerMiningBase, type CreatedBlock, type MiningBaseCall } from './mining-work.ts'
import { poolQueries } from './pool-queries.ts'
import { searchForWait, type WaitSearch } from './wait-message.ts'

/** What a worker is started with; survives the structured clone (CIDs travel as text). */
export interface ChainWorkerData {
  readonly chainPath: string
  readonly metadataPath: string
  readonly network: Omit<Network, 'genesisCid'>
  readonly genesis: readonly string[]
  readonly clock: ClockWire
  readonly bundles: readonly { readonly version: number; readonly entries: readonly (readonly [string, string])[] }[]
}

/** The outcome of a block's validation as it leaves the worker. */
export interface WireBlockResult {
  readonly times: PartTimes
  readonly failure?: { readonly code: string; readonly message: string; readonly permanent: boolean; readonly verdict: Verdict }
}

export interface GossipVerdict {
  readonly verdict: Verdict | 'accept'
  readonly code?: string
  readonly message?: string
}

export interface QueryCall {
  readonly id: string
  readonly params: unknown
  readonly head: readonly string[]
}

const data = workerData as ChainWorkerData
const network: Network = { ...data.network, genesisCid: undefined }
const json: JsonContext = { addressPrefix: network.addressPrefix }

const blocks = await LevelBlockstore.open({ path: data.chainPath, attached: true })
const metadata = await MetadataStore.open(data.metadataPath)
const store = new BufferedBlockstore(blocks)
const registry = new ActorRegistry(data.bundles as readonly ActorBundle[])
const chain: ChainReader = new ChainReader(store, {
  senders: {
    resolveFrom: network.upgrades.hyperdrive + 1,
    resolve: (root, address) => Address.fromId(state.requireId(state.stateTree(root), address)),
  },
})
const state: StateManager = new StateManager({
  network,
  store,
  sink: store,
  chain,
  registry,
  genesis: chain.tipset(keyOf(data.genesis)),
  known: {
    get: (key) => metadata.tipsetState(key),
    put: (key, value) => metadata.putTipsetState(key, value),
    migration: (nv, root) => metadata.migration(nv, root),
    putMigration: (nv, root, result) => metadata.putMigration(nv, root, result),
  },
})
const handlers: ReadonlyMap<string, BoundQuery> = new Map(queryHandlers.map((q) => [q.def.id, q]))

const poolAnswers = poolQueries(state)

const proofs = new BatchVerifier()
const now = readClock(data.clock)
const consensus: ConsensusEnv = {
  state,
  verifier: new EntryVerifier((round) => proofs.drandVerify(round)),
  proofs,
  now: () => Math.floor(now() / 1000),
}

function fullBlock(cid: string): FullBlock {
  const header = chain.block(CID.parse(cid))
  const { bls, secp } = chain.messages(header)
  return { header, bls, secp }
}

function wireResult({ error, times }: BlockResult): WireBlockResult {
  if (error === undefined) return { times }
  const known = error instanceof BlockError
  return {
    times,
    failure: {
      code: error instanceof NodeError ? error.code : 'VALIDATION_FAILED',
      message: errorMessage(error),
      permanent: known && error.permanent,
      verdict: known ? error.verdict : 'ignore',
    },
  }
}

function keyOf(cids: readonly string[]): TipsetKey {
  return new TipsetKey(cids.map((c) => CID.parse(c)))
}

serveWorker({
  /** Re-executes a chain from genesis to a head; the roots must be those of the headers. */
  validate({ head }: { head: readonly string[] }, context: WorkerContext) {
    return validateChain(state, chain.tipset(keyOf(head)), {
      signal: context.signal,
      flush: () => store.flush(),
      onProgress: (p: ValidateProgress) => context.progress(p),
    })
  },

  /** Computes the state after a tipset, from what is known or by executing it. */
  async tipsetState({ tipset, head }: { tipset: readonly string[]; head: readonly string[] }) {
    const result = state.tipsetState(chain.tipset(keyOf(tipset)), chain.tipset(keyOf(head)))
    await store.flush()
    return { stateRoot: result.stateRoot.toString(), receiptsRoot: result.receiptsRoot.toString() }
  },

  /**
   * Validates tipsets that follow from one another, whose messages are in the store, up to the first that is bad.
   * Answers with a result for each block of each tipset that was looked at.
   */
  async validateWay({ way }: { way: readonly (readonly string[])[] }, { signal }: WorkerContext): Promise<WireBlockResult[][]> {
    const tipsets = way.map((cids) => cids.map(fullBlock))
    const results = await validateWay(consensus, tipsets, signal)
    await store.flush()
    return results.map((blocks) => blocks.map(wireResult))
  },

  weigh({ tipset }: { tipset: readonly string[] }): bigint {
    return tipsetWeight(store, registry, chain.tipset(keyOf(tipset)))
  },

  /** What is to be done with a block from gossip; the chain of the head is what it is judged by. */
  async gossipVerdict({ block, head }: { block: Uint8Array; head: readonly string[] }): Promise<GossipVerdict> {
    try {
      await validateGossipBlock(consensus, decode(blockMsg, block), chain.tipset(keyOf(head)))
      return { verdict: 'accept' }
    } catch (error) {
      if (!(error instanceof BlockError)) throw error
      return { verdict: error.verdict, code: error.code, message: error.message }
    }
  },

  ...poolAnswers,
  ...gasQueries(state),
  findMessage: (search: WaitSearch) => searchForWait(state, search),

  /** As `poolSenders`, keeping what it took to compute the state. */
  async poolSenders(args: Parameters<typeof poolAnswers.poolSenders>[0]) {
    const found = poolAnswers.poolSenders(args)
    // So that the other threads find the state and need not compute it.
    await Promise.all([store.flush(), metadata.settled()])
    return found
  },

  miningBase(call: MiningBaseCall): string {
    return answerMiningBase(state, json, call)
  },

  async createBlock({ template }: { template: Uint8Array }): Promise<CreatedBlock> {
    const made = answerCreateBlock(state, store, template)
    await store.flush()
    // The miner's record of the block is synced; what the block names must not be lost before it.
    await blocks.sync()
    return made
  },

  beaconEntry({ epoch, base }: { epoch: number; base: readonly string[] }) {
    return state.randomness(chain.tipset(keyOf(base))).beaconEntry(epoch)
  },

  /** Answers one API query with the JSON text of its result. */
  async query({ id, params, head }: QueryCall) {
    const bound = handlers.get(id)
    if (bound === undefined) throw new NodeError('API_METHOD_NOT_FOUND', `method '${id}' not found`, { rpcCode: -32601 })
    try {
      return await answerQuery(bound.def, bound.handle, params, new QueryEnv(state, chain.tipset(keyOf(head))), json)
    } finally {
      await store.flush()
    }
  },

  ready() {},

  async close() {
    await store.flush()
    await blocks.close()
    await metadata.close()
  },
})
