import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, NodeError } from '../../lib/errors.ts'
import type { Context } from '../context.ts'
import { en } from '../en.ts'
import { CliError, failed } from '../errors.ts'

const PAUSE_MS = 1000

export async function waitApi({
  node,
  flags,
  out,
  signal,
}: Context<{ timeout: { kind: 'duration'; default: '30s' } }>): Promise<void> {
  const end = Date.now() + flags.timeout
  for (;;) {
    try {
      await node.call('Version')
      return
    } catch (error) {
      // An API that answers with a refusal is online, and waiting would not change its mind.
      if (!(error instanceof CliError) || error.code !== 'CLI_NO_DAEMON') throw error
      out.line(en.notOnlineYet(error instanceof NodeError ? error.message : errorMessage(error)))
    }
    if (Date.now() + PAUSE_MS > end) throw failed(en.errors.timedOut('wait-api', flags.timeout / 1000))
    await sleep(PAUSE_MS, undefined, { signal })
  }
}
