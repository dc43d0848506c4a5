import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { CliError, failed } from '../../errors.ts'
import { goDurationText } from '../../go-duration.ts'
import { peersOf } from '../../peer-arg.ts'

type PingFlags = {
  readonly count: { readonly kind: 'int'; readonly default: 10 }
  readonly interval: { readonly kind: 'duration'; readonly default: '1s' }
}

export async function ping(context: Context<PingFlags>): Promise<void> {
  const { node, flags, out, signal } = context
  const [peer] = await peersOf(context as unknown as Context, '<peer>')
  if (peer === undefined) return
  await node.call('NetConnect', peer)
  if (!out.wantsJson) out.line(`PING ${peer.ID}`)
  const times: bigint[] = []
  for (let i = 0; i < flags.count && !signal.aborted; i++) {
    const start = performance.now()
    try {
      const nanoseconds = BigInt(await node.call<number | bigint>('NetPing', peer.ID))
      times.push(nanoseconds)
      if (!out.wantsJson) out.line(`Pong received: time=${goDurationText(nanoseconds)}`)
    } catch (error) {
      // Anything but the daemon's own answer ends the command.
      if (signal.aborted || !(error instanceof CliError) || error.code !== 'CLI_RPC') throw error
      out.note(`Ping failed: ${error.message}`)
    }
    if (i + 1 < flags.count) await sleep(Math.max(0, flags.interval - (performance.now() - start)), undefined, { signal })
  }
  if (times.length === 0) throw failed(en.errors.noPong(peer.ID))
  const average = times.reduce((sum, time) => sum + time, 0n) / BigInt(times.length)
  out.answer({ ID: peer.ID, Times: times, Average: average }, () => out.line(`Average latency: ${goDurationText(average)}`))
}
