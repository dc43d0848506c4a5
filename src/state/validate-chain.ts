import { cidKey } from '../types/cid.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import { StateError } from './errors.ts'
import type { TipsetState } from './execute-tipset.ts'
import type { StateManager } from './state-manager.ts'

export interface ValidateProgress {
  readonly height: ChainEpoch
  readonly headHeight: ChainEpoch
  readonly tipsets: number
}

export interface ValidateOptions {
  readonly signal?: AbortSignal
  /** Brings what execution wrote to the disk. */
  readonly flush: () => Promise<void>
  readonly onProgress?: (p: ValidateProgress) => void
}

/** Between two reports, milliseconds. */
const REPORT_EVERY_MS = 250

/**
 * Re-executes every tipset from genesis to `head` and compares state and receipts with what the next header states
 * (Lotus stmgr.ValidateChain). The state after the head itself is computed and kept, but nothing states it.
 * @throws StateError STATE_MISMATCH naming height and roots
 */
export async function validateChain(
  sm: StateManager,
  head: Tipset,
  options: ValidateOptions,
): Promise<{ readonly tipsets: number }> {
  const way = await keysToGenesis(sm, head, options.signal)
  let state: TipsetState | undefined
  let done = 0
  let reported = Date.now()
  let writing: Promise<void> = Promise.resolve()
  for (const key of way) {
    options.signal?.throwIfAborted()
    const tipset = sm.chain.tipset(key)
    if (state !== undefined) compare(tipset, state)
    state = sm.execute(tipset)
    done++
    // One write runs beside the execution of the next tipset; more would only take memory.
    await writing
    writing = options.flush()
    const now = Date.now()
    if (now - reported >= REPORT_EVERY_MS) {
      reported = now
      options.onProgress?.({ height: tipset.height, headHeight: head.height, tipsets: done })
      // Aborts arrive as messages: let them in.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await writing
  options.onProgress?.({ height: head.height, headHeight: head.height, tipsets: done })
  return { tipsets: done }
}

async function keysToGenesis(sm: StateManager, head: Tipset, signal: AbortSignal | undefined): Promise<TipsetKey[]> {
  const keys: TipsetKey[] = []
  let at = head
  for (;;) {
    keys.push(at.key)
    if (at.height === 0) break
    at = sm.chain.tipset(at.parents)
    if (keys.length % 1000 === 0) {
      signal?.throwIfAborted()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return keys.reverse()
}

function compare(next: Tipset, state: TipsetState): void {
  const wrong = (what: string, made: unknown, stated: unknown): never => {
    throw new StateError(
      'STATE_MISMATCH',
      `executing the parent of the tipset at height ${next.height} gives the ${what} ${made}, its header states ${stated}`,
      {
        fields: { height: next.height },
      },
    )
  }
  if (cidKey(next.parentStateRoot) !== cidKey(state.stateRoot)) wrong('state root', state.stateRoot, next.parentStateRoot)
  const stated = next.first.parentMessageReceipts
  if (cidKey(stated) !== cidKey(state.receiptsRoot)) wrong('receipts root', state.receiptsRoot, stated)
}
