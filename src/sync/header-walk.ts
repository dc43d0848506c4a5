import { encode } from '../codec/codec.ts'
import { finality } from '../networks/constants.ts'
import type { Blockstore } from '../store/blockstore.ts'
import { MissingBlockError } from '../store/blockstore.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { StoreError } from '../store/errors.ts'
import { blockHeader } from '../types/block.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import type { BadBlocks } from './bad-blocks.ts'
import { SyncError } from './errors.ts'
import type { ValidatedBlocks } from './validated.ts'

/** Headers that are asked for at a time (Lotus chain/sync.go). */
const WINDOW = 500

/** Where headers come from. */
export interface HeaderSource {
  /**
   * Up to `count` tipsets from `key` backwards, `key`'s own first.
   * @param prefer peers to be asked first: those that claim to have them
   * @throws when nobody has them
   */
  headers(key: TipsetKey, count: number, signal: AbortSignal, prefer?: readonly string[]): Promise<readonly Tipset[]>
}

export interface WalkComponents {
  readonly chain: ChainStore
  readonly store: Blockstore
  readonly source: HeaderSource
  readonly bad: BadBlocks
  readonly validated: ValidatedBlocks
}

export interface HeaderWay {
  /** The validated tipset that the way starts from. */
  readonly base: Tipset
  /** Keys from the one after the base to the target. */
  readonly keys: readonly TipsetKey[]
}

export interface WalkOptions {
  readonly signal: AbortSignal
  readonly onHeight?: (height: ChainEpoch) => void
  /** Peers that claim to have the target. */
  readonly claimants?: ReadonlySet<string>
  /** Whether the way may pass beside the checkpoint: for a target that is to be the next one. */
  readonly ignoreCheckpoint?: boolean
}

/**
 * Goes back from a target to a tipset that was validated here, storing headers on the way.
 * @throws SyncError
 */
export async function walkBack(c: WalkComponents, target: TipsetKey, options: WalkOptions): Promise<HeaderWay> {
  const pin = options.ignoreCheckpoint === true ? undefined : c.chain.checkpoint
  const keys: TipsetKey[] = []
  let above: Tipset | undefined
  let next = target
  for (;;) {
    options.signal.throwIfAborted()
    const known = stored(c, next)
    const window = known === undefined ? await fetch(c, next, options) : [known]
    for (const tipset of window) {
      refuseBad(c, tipset, keys)
      if (above !== undefined) checkLink(above, tipset)
      if (isValidated(c, tipset)) {
        refuseOldFork(c, tipset, keys, pin)
        return { base: tipset, keys: keys.reverse() }
      }
      if (tipset.height === 0) {
        throw new SyncError('SYNC_GENESIS', `the chain begins with ${tipset.key}, ours with ${c.chain.genesis?.key}`, {
          permanent: true,
        })
      }
      refuseBelowLimits(c, tipset, pin)
      keys.push(tipset.key)
      above = tipset
      next = tipset.parents
      options.onHeight?.(tipset.height)
    }
  }
}

function stored(c: WalkComponents, key: TipsetKey): Tipset | undefined {
  try {
    return c.chain.reader.tipset(key)
  } catch (error) {
    if (error instanceof MissingBlockError || error instanceof StoreError) return undefined
    throw error
  }
}

async function fetch(c: WalkComponents, key: TipsetKey, options: WalkOptions): Promise<readonly Tipset[]> {
  const tipsets = await c.source.headers(key, WINDOW, options.signal, [...(options.claimants ?? [])])
  if (tipsets.length === 0) throw new SyncError('SYNC_UNAVAILABLE', `nobody has the tipset ${key}`)
  let wanted = key
  for (const t of tipsets) {
    if (!t.key.equals(wanted)) throw new SyncError('SYNC_HEADERS', `asked for the tipset ${wanted}, was given ${t.key}`)
    wanted = t.parents
  }
  const blocks = tipsets.flatMap((t) =>
    t.blocks.map((header, i) => ({ cid: t.cids[i] as (typeof t.cids)[number], data: encode(blockHeader, header) })),
  )
  await c.store.putMany(blocks)
  return tipsets
}

function isValidated(c: WalkComponents, tipset: Tipset): boolean {
  if (c.chain.genesis?.equals(tipset) === true || c.chain.head?.equals(tipset) === true) return true
  if (c.validated.hasAll(tipset.key)) return true
  const head = c.chain.head
  // What stands on the chain that we follow was validated or taken from a trusted snapshot.
  return head !== undefined && c.chain.reader.isAncestor(tipset, head)
}

function refuseBad(c: WalkComponents, tipset: Tipset, above: readonly TipsetKey[]): void {
  const found = c.bad.firstOf(tipset.cids)
  if (found === undefined) return
  for (const key of above) for (const cid of key.cids) c.bad.markLinked(cid, found.cid)
  throw new SyncError('SYNC_BAD_BLOCK', `the chain leads through the bad block ${found.cid}: ${found.bad.reason}`, {
    permanent: true,
  })
}

function checkLink(above: Tipset, below: Tipset): void {
  if (above.height <= below.height) {
    throw new SyncError('SYNC_HEADERS', `the tipset at height ${above.height} has a parent at height ${below.height}`, {
      permanent: true,
    })
  }
}

/** A walk that has passed both finality and the checkpoint without meeting our chain need not go on. */
function refuseBelowLimits(c: WalkComponents, tipset: Tipset, pin: Tipset | undefined): void {
  if (pin !== undefined && tipset.height <= pin.height) {
    throw new SyncError('SYNC_CHECKPOINT', `the chain passes height ${pin.height} beside the checkpoint ${pin.key}`, {
      permanent: true,
    })
  }
  const head = c.chain.head
  if (head !== undefined && tipset.height < head.height - finality) throw tooLong(head.height - tipset.height)
}

function refuseOldFork(c: WalkComponents, base: Tipset, keys: readonly TipsetKey[], pin: Tipset | undefined): void {
  const head = c.chain.head
  if (head === undefined || keys.length === 0) return
  const fork = c.chain.reader.commonAncestor(base, head)
  if (fork.height < head.height - finality) throw tooLong(head.height - fork.height)
  if (pin !== undefined && !base.equals(pin) && !c.chain.reader.isAncestor(pin, base)) {
    throw new SyncError('SYNC_CHECKPOINT', `the chain does not go through the checkpoint ${pin.key}`, { permanent: true })
  }
}

function tooLong(epochs: number): SyncError {
  return new SyncError(
    'SYNC_FORK_TOO_LONG',
    `the chain leaves ours ${epochs} epochs below the head, more than the ${finality} of finality`,
  )
}
