import { invalidParams } from '../api/errors.ts'
import type { AnyMethod } from '../api/method.ts'
import * as m from '../api/methods/sync.ts'
import type { ActiveSync } from '../api/types/sync.ts'
import { NodeError } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { Lru } from '../lib/lru.ts'
import { SlashError, type SlashFilter } from '../miner/mining/slash-filter.ts'
import type { NetService } from '../net/service.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import { type Blockstore, MissingBlockError } from '../store/blockstore.ts'
import type { HeadChange } from '../store/chain-reader.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { StoreError } from '../store/errors.ts'
import { SyncError } from '../sync/errors.ts'
import { MAX_MESSAGES, messageBlocks, storeFullBlock } from '../sync/message-store.ts'
import { type SyncReport, syncStages } from '../sync/state.ts'
import type { Syncer } from '../sync/syncer.ts'
import { type BlockHeader, type BlockMsg, blockCid } from '../types/block.ts'
import { type CID, cidKey } from '../types/cid.ts'
import type { FullBlock } from '../types/full-block.ts'
import type { Message, SignedMessage } from '../types/message.ts'
import { type Tipset, TipsetKey } from '../types/tipset.ts'
import type { ChainPool } from './chain-pool.ts'
import { IncomingBlocks } from './incoming-blocks.ts'

const log = getLogger('node')

/** Blocks of gossip that are remembered, so that a submitted one is not published again. */
const SEEN_BLOCKS = 1024

export interface SyncHandlersComponents {
  readonly chain: ChainStore
  /** Undefined, as `pool`, for a node without a chain. */
  readonly syncer: Syncer | undefined
  readonly store: Blockstore
  readonly pool: Pick<ChainPool, 'validateWay'> | undefined
  /** Undefined for a node that talks to no peer. */
  readonly net: NetService | undefined
  /** Remembers submitted blocks and refuses those that their miner would be punished for. */
  readonly slashFilter?: Pick<SlashFilter, 'pass'>
}

/** Methods about the syncer (Lotus node/impl/full/sync.go). */
export function syncHandlers(components: SyncHandlersComponents): readonly BoundHandler[] {
  const { chain, syncer, store, pool, net, slashFilter } = components
  if (syncer === undefined || pool === undefined) return refusals()
  const tipsetOf = (key: TipsetKey): Tipset => (key.isEmpty ? chain.requireHead() : chain.reader.tipset(key))
  const incoming = new IncomingBlocks()
  const seen = new Lru<string, true>(SEEN_BLOCKS)
  net?.events.on('block', ({ header }) => {
    seen.set(cidKey(blockCid(header)), true)
    incoming.push(header)
  })
  let applied = 0n
  chain.onHeadChange((changes) => {
    applied += appliedMessages(chain, changes)
  })

  return [
    bind(m.syncState, () => ({ activeSyncs: syncer.reports.all().map((r) => activeSync(chain, r)), vmApplied: applied })),
    bind(m.syncSubmitBlock, async ([block], { signal }) => {
      const height = parentHeight(chain, block)
      if (slashFilter !== undefined) await passFilter(slashFilter, block.header, height)
      const full = withMessages(chain, block)
      await storeFullBlock(store, full)
      const cid = blockCid(block.header)
      try {
        await syncer.sync(new TipsetKey([cid]), block.header.height, signal)
      } catch (error) {
        throw rephrased('sync to submitted block failed', error)
      }
      if (net === undefined) incoming.push(block.header)
      // One that came over gossip in the meantime is on its way to the peers already.
      else if (seen.get(cidKey(cid)) === undefined) await net.pubsub.publishBlock(block)
    }),
    bind(m.syncIncomingBlocks, (_params, { signal }) => incoming.read(signal)),
    bind(m.syncCheckpoint, async ([key], { signal }) => {
      if (key.isEmpty) throw invalidParams('a checkpoint needs the key of a tipset, not an empty one')
      log.warn('a tipset is marked as checkpoint', { tipset: key.toString() })
      await syncer.checkpoint(key, signal)
    }),
    bind(m.syncMarkBad, ([cid]) => {
      log.warn('a block is marked as bad', { block: cid.toString() })
      syncer.bad.mark(cid, 'manually marked bad')
    }),
    bind(m.syncUnmarkBad, ([cid]) => {
      log.warn('a block is no longer marked as bad', { block: cid.toString() })
      syncer.bad.unmark(cid)
    }),
    bind(m.syncUnmarkAllBad, () => {
      log.warn('no block is marked as bad any more')
      syncer.bad.clear()
    }),
    bind(m.syncCheckBad, ([cid]) => syncer.bad.get(cid)?.reason ?? ''),
    bind(m.syncValidateTipset, async ([key], { signal }) => {
      const tipset = tipsetOf(key)
      // The genesis is what everything else is measured by.
      if (chain.genesis?.equals(tipset) === true) return true
      for (const header of tipset.blocks) chain.reader.messages(header)
      const [results = []] = await pool.validateWay([tipset.key], signal)
      for (const [i, { failure }] of results.entries())
        if (failure !== undefined) throw new NodeError(failure.code, `block ${tipset.cids[i]} is not valid: ${failure.message}`)
      return true
    }),
  ]
}

/**
 * As the filter's own `pass`, with what it refuses in the log: whoever submits the block may be another machine, and the miner's
 * owner must be able to see here that two processes make blocks (Lotus SyncSubmitBlock).
 */
async function passFilter(filter: Pick<SlashFilter, 'pass'>, header: BlockHeader, parentHeight: number): Promise<void> {
  try {
    await filter.pass(header, parentHeight)
  } catch (error) {
    const { miner, height } = header
    const fields = { miner: miner.toString(), height, block: String(blockCid(header)) }
    if (error instanceof SlashError)
      log.error('a submitted block was not published: its miner would be punished for it', {
        ...fields,
        code: error.code,
        witness: String(error.witness),
      })
    else log.error('a submitted block was not published: the slash filter failed', fields, error)
    throw error
  }
}

/** For a node without a chain, which has nothing to bring forward. */
function refusals(): readonly BoundHandler[] {
  return (Object.values(m) as readonly AnyMethod[]).map((def) =>
    bind(def, () => {
      throw new NodeError(
        'NODE_NO_CHAIN',
        'there is no chain yet that could be synchronised: import a snapshot or give a genesis',
      )
    }),
  )
}

function activeSync(chain: ChainStore, report: SyncReport): ActiveSync {
  return {
    workerId: BigInt(report.workerId),
    base: known(chain, report.base),
    target: known(chain, report.target),
    stage: syncStages.indexOf(report.stage),
    height: report.height,
    start: new Date(report.start),
    end: report.end === undefined ? undefined : new Date(report.end),
    message: report.message,
  }
}

/** A tipset whose headers are in the store. */
function known(chain: ChainStore, key: TipsetKey): Tipset | null {
  try {
    return chain.reader.tipset(key)
  } catch (error) {
    if (error instanceof MissingBlockError || error instanceof StoreError) return null
    throw error
  }
}

/** Messages whose execution led to the tipsets that a head change applied: those of their parents. */
function appliedMessages(chain: ChainStore, changes: readonly HeadChange[]): bigint {
  let count = 0
  for (const { type, tipset } of changes) {
    if (type !== 'apply' || tipset.height === 0) continue
    try {
      const cids = new Set<string>()
      for (const block of chain.reader.parent(tipset).blocks) {
        const { blsCids, secpCids } = chain.reader.messageCids(block)
        for (const cid of [...blsCids, ...secpCids]) cids.add(cidKey(cid))
      }
      count += cids.size
    } catch (error) {
      // A head below which a snapshot holds no messages.
      if (!(error instanceof MissingBlockError) && !(error instanceof StoreError)) throw error
    }
  }
  return BigInt(count)
}

function parentHeight(chain: ChainStore, { header }: BlockMsg): number {
  const [parent] = header.parents
  if (parent === undefined) throw new SyncError('SYNC_HEADERS', 'the submitted block has no parents', { permanent: true })
  return within('loading parent block', () => chain.reader.block(parent)).height
}

/** The block with its messages, which must be in the store and be those that its header names. */
function withMessages(chain: ChainStore, { header, blsMessages, secpkMessages }: BlockMsg): FullBlock {
  const bls = within('failed to load bls messages', () => load(chain, blsMessages, isUnsigned))
  const secp = within('failed to load secpk message', () => load(chain, secpkMessages, isSigned))
  const full: FullBlock = { header, bls, secp }
  within('provided messages did not match block', () => messageBlocks(full))
  return full
}

function load<T extends Message | SignedMessage>(
  chain: ChainStore,
  cids: readonly CID[],
  fits: (m: Message | SignedMessage) => m is T,
): T[] {
  if (cids.length > MAX_MESSAGES)
    throw new SyncError('SYNC_HEADERS', `a list of ${cids.length} messages is longer than the ${MAX_MESSAGES} of a block`)
  return cids.map((cid) => {
    const found = chain.reader.message(cid)
    if (!fits(found)) throw new SyncError('SYNC_HEADERS', `the message ${cid} is not of the kind of its list`)
    return found
  })
}

const isSigned = (m: Message | SignedMessage): m is SignedMessage => 'signature' in m
const isUnsigned = (m: Message | SignedMessage): m is Message => !isSigned(m)

/** Says in which step of a submission something failed. */
function within<T>(step: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw rephrased(step, cause)
  }
}

function rephrased(step: string, cause: unknown): Error {
  // The cause's own text is shown after this one.
  return new NodeError(cause instanceof NodeError ? cause.code : 'SYNC_HEADERS', step, { cause })
}
