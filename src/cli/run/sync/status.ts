import type { Context } from '../../context.ts'
import { goDurationText } from '../../go-duration.ts'
import { type ActiveSyncJson, Stage, type SyncStateJson, stageName, unixMs } from '../../net-wire.ts'
import type { TipsetJson } from '../../wire.ts'

const cids = (tipset: TipsetJson | null): string => `[${(tipset?.Cids ?? []).map((c) => c['/']).join(' ')}]`

export async function status({ node, out }: Context): Promise<void> {
  const state = await node.call<SyncStateJson>('SyncState')
  out.answer(state, () => {
    out.line('sync status:')
    for (const sync of state.ActiveSyncs ?? []) {
      const { Base, Target, Stage: stage, Height, Message } = sync
      out.line(`worker ${sync.WorkerID}:`)
      out.line(`\tBase:\t${cids(Base)}`)
      out.line(`\tTarget:\t${cids(Target)} (${Target?.Height ?? 0})`)
      out.line(`\tHeight diff:\t${Target === null ? 0 : Target.Height - (Base?.Height ?? 0)}`)
      out.line(`\tStage: ${stageName(stage)}`)
      out.line(`\tHeight: ${Height}`)
      const elapsed = elapsedMs(sync)
      if (elapsed !== undefined) out.line(`\tElapsed: ${goDurationText(Math.round(elapsed * 1e6))}`)
      if (stage === Stage.error) out.line(`\tError: ${Message}`)
    }
  })
}

function elapsedMs({ Start, End }: ActiveSyncJson): number | undefined {
  const start = unixMs(Start)
  return start === undefined ? undefined : (unixMs(End) ?? Date.now()) - start
}
