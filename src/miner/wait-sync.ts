import type { Api } from '../api/api.ts'
import type { Clock } from '../lib/clock.ts'
import { getLogger } from '../lib/log.ts'

const log = getLogger('miner')

/** How often the head is looked at, milliseconds. */
const TICK_MS = 1000
/** How often the log says that the wait goes on, milliseconds. */
const SAY_EVERY_MS = 30_000

/** Waits until the full node's head is of the current epoch (Lotus cli/sync.go, SyncWait). */
export async function waitForSync(
  components: { readonly api: Pick<Api, 'chainHead'>; readonly clock: Clock },
  blockDelaySecs: number,
  signal: AbortSignal,
): Promise<void> {
  const { api, clock } = components
  let said = Number.NEGATIVE_INFINITY
  for (;;) {
    const head = await api.chainHead([], { signal })
    const time = head.blocks.reduce((min, b) => (b.timestamp < min ? b.timestamp : min), head.blocks[0]?.timestamp ?? 0n)
    if (clock.now() - Number(time) * 1000 < blockDelaySecs * 1000) return
    if (clock.now() - said >= SAY_EVERY_MS) {
      said = clock.now()
      log.info('waiting until the full node is in sync', { head: head.height })
    }
    await clock.sleep(TICK_MS, signal)
  }
}
