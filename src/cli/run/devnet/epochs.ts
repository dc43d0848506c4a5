import { chainNotify } from '../../../api/methods/chain.ts'
import type { NodeApi } from '../../node-api.ts'
import type { Link } from '../../wire.ts'

interface Header {
  readonly Miner: string
  readonly Timestamp: number
  readonly ElectionProof: { readonly WinCount: number } | null
}
export interface ShownTipset {
  readonly Cids: readonly Link[]
  readonly Blocks: readonly Header[]
  readonly Height: number
}

/** One line about an epoch: its height, blocks and who won them, messages, time. */
export function epochLine(tipset: ShownTipset, messages: number): string {
  const { Height, Blocks } = tipset
  const winners = Blocks.map(({ Miner, ElectionProof }) => {
    const wins = ElectionProof?.WinCount ?? 0
    return wins > 1 ? `${Miner} (${wins} wins)` : Miner
  })
  const time = new Date((Blocks[0]?.Timestamp ?? 0) * 1000).toISOString().slice(11, 19)
  return [
    `epoch ${String(Height).padEnd(6)}`,
    count(Blocks.length, 'block').padEnd(9),
    count(messages, 'message').padEnd(12),
    `won by ${winners.join(', ')}`.padEnd(24),
    time,
  ].join('  ')
}

/** A line for epochs in which nobody made a block; empty where there are none. */
export function nullLine(from: number, to: number): string | undefined {
  if (from > to) return undefined
  return from === to ? `epoch ${from}: no block` : `epochs ${from} to ${to}: no blocks`
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}

/** Prints a line for each epoch that the head moves on by, until the signal fires. */
export async function showEpochs(node: NodeApi, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  let last: number | undefined
  for await (const changes of node.stream(chainNotify, [])) {
    if (signal.aborted) return
    for (const change of changes) {
      if (change.type === 'revert') {
        last = undefined
        continue
      }
      const { height } = change.val
      if (change.type === 'current') {
        last = height
        continue
      }
      const none = last === undefined ? undefined : nullLine(last + 1, height - 1)
      if (none !== undefined) print(none)
      last = height
      const key = change.val.cids.map((c) => ({ '/': c.toString() }))
      const [tipset, messages] = await Promise.all([
        node.call<ShownTipset>('ChainGetTipSet', key),
        node.call<readonly unknown[] | null>('ChainGetMessagesInTipset', key),
      ])
      print(epochLine(tipset, messages?.length ?? 0))
    }
  }
}
