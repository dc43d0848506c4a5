import { setTimeout as sleep } from 'node:timers/promises'
import { secondsBehind } from '../../chain-clock.ts'
import type { Context } from '../../context.ts'
import { Eta } from '../../eta.ts'
import { type ActiveSyncJson, Stage, type SyncStateJson, stageName } from '../../net-wire.ts'
import type { NodeApi } from '../../node-api.ts'
import type { TipsetJson } from '../../wire.ts'

const TICK_MS = 500
/** Where nothing can be drawn over, a few lines this often are enough. */
const PLAIN_EVERY_MS = 5000
const ETA_SAMPLES = 10
const LINE_UP_AND_CLEAR = '\x1b[A\r\x1b[2K'

export async function wait({ node, flags, out, signal }: Context<{ readonly watch: { readonly kind: 'bool' } }>): Promise<void> {
  const { BlockDelay } = await node.call<{ readonly BlockDelay: number }>('Version')
  const terminal = process.stdout.isTTY === true
  const eta = new Eta(ETA_SAMPLES)
  const started = performance.now()
  let first: number | undefined
  let drawn = 0
  let lastPlain = Number.NEGATIVE_INFINITY
  for (;;) {
    const state = await node.call<SyncStateJson>('SyncState')
    first ??= state.VMApplied
    const head = await node.call<TipsetJson>('ChainHead')
    const behind = await epochsBehind(node, head, BlockDelay)
    const done = behind === 0
    const now = performance.now()
    const due = terminal || now - lastPlain >= PLAIN_EVERY_MS || (done && !flags.watch)
    const sync = workingSync(state)
    if (sync === undefined && due && !done && !out.wantsJson) {
      lastPlain = now
      out.text(LINE_UP_AND_CLEAR.repeat(drawn))
      out.line(waitingText(head, behind))
      drawn = terminal ? 1 : 0
    } else if (sync !== undefined && due && !out.wantsJson) {
      lastPlain = now
      const { Base, Target, Height } = sync
      const target = Target?.Height ?? 0
      const todo = target - Height
      const messages = state.VMApplied - first
      const rate = now > started ? Math.floor((messages * 1000) / (now - started)) : 0
      const lines = [
        `Worker: ${sync.WorkerID}; Base: ${Base?.Height ?? 0}; Target: ${target} (diff: ${Target === null ? 0 : target - (Base?.Height ?? 0)})`,
        `State: ${stageName(sync.Stage)}; Current Epoch: ${Height}; Todo: ${todo}, ETA: ${eta.update(todo, now)}`,
        `Validated ${messages} messages (${rate} per second)`,
      ]
      if (!done && isOver(sync)) lines.push(waitingText(head, behind))
      out.text(LINE_UP_AND_CLEAR.repeat(drawn))
      for (const line of lines) out.line(line)
      drawn = terminal ? lines.length : 0
    }
    if (done && !flags.watch) {
      out.answer({ Height: head.Height, Cids: head.Cids }, () => out.line('\nDone!'))
      return
    }
    await sleep(TICK_MS, undefined, { signal })
  }
}

/** Epochs by which a head is behind, 0 for one of the present epoch (Lotus IsSyncDone). */
async function epochsBehind(node: NodeApi, head: TipsetJson, blockDelaySecs: number): Promise<number> {
  return Math.max(0, Math.floor((await secondsBehind(node, head, blockDelaySecs)) / blockDelaySecs))
}

function isOver({ Stage: stage }: ActiveSyncJson): boolean {
  return stage === Stage.complete || stage === Stage.idle || stage === Stage.error
}

function waitingText({ Height }: TipsetJson, behind: number): string {
  const epochs = behind === 1 ? 'an epoch' : `${behind} epochs`
  return `No sync is under way: waiting for a block of the present epoch; the head is at height ${Height}, ${epochs} behind the clock`
}

/** The last of the syncs that are under way; the last of all when none is. */
function workingSync({ ActiveSyncs }: SyncStateJson): ActiveSyncJson | undefined {
  const syncs = ActiveSyncs ?? []
  return syncs.findLast(({ Stage: stage }) => stage !== Stage.complete && stage !== Stage.idle) ?? syncs.at(-1)
}
