import type { PooledMessage } from './pooled-message.ts'
import { byPerformance, messageChains, type SenderState } from './selection/chains.ts'

export interface PruneInput {
  readonly pending: ReadonlyMap<string, readonly PooledMessage[]>
  readonly senders: ReadonlyMap<string, SenderState>
  /** Senders that lose nothing: priority addresses and those of this node's clients. */
  readonly protect: ReadonlySet<string>
  /** The least base fee that a message must be able to pay to be worth keeping. */
  readonly baseFee: bigint
  readonly minGas: (length: number) => bigint
  /** Messages to be left. */
  readonly keep: number
}

/** The messages to be dropped: all but the best chains that there is room for (Lotus chain/messagepool/pruning.go). */
export function messagesToPrune(input: PruneInput): PooledMessage[] {
  let kept = 0
  const candidates: (readonly PooledMessage[])[] = []
  const chains = [...input.pending].flatMap(([sender, messages]) => {
    if (input.protect.has(sender)) {
      kept += messages.length
      return []
    }
    candidates.push(messages)
    const state = input.senders.get(sender)
    return state === undefined ? [] : messageChains(messages, state, input.baseFee, input.minGas)
  })
  chains.sort(byPerformance)
  const good = new Set<PooledMessage>()
  for (const chain of chains) {
    for (const m of chain.messages) {
      if (kept >= input.keep) break
      good.add(m)
      kept++
    }
  }
  return candidates.flatMap((messages) => messages.filter((m) => !good.has(m)))
}
