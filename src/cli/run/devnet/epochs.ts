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

/** After this long the epoch is shown although no later one has come: blocks of an epoch come within a moment of each other. */
const QUIET_MS = 1000

/** What is told of a change of the head. */
export interface EpochChange {
  readonly type: 'current' | 'apply' | 'revert'
  readonly height: number
}

/**
 * Gathers changes of the head so that each epoch is shown once, with all of its blocks: the head moves to a tipset with more
 * blocks of the same epoch as they come.
 */
export class EpochLines<T extends EpochChange> {
  readonly #show: (change: T, emptyFrom: number) => void
  readonly #quietMs: number
  #waiting: T | undefined
  #timer: NodeJS.Timeout | undefined
  /** The newest epoch that was shown, or that the head was at in the beginning. */
  #shown: number | undefined

  /** @param show is given an epoch's last change, and the first of the epochs without a block before it */
  constructor(show: (change: T, emptyFrom: number) => void, quietMs: number = QUIET_MS) {
    this.#show = show
    this.#quietMs = quietMs
  }

  take(change: T): void {
    if (change.type === 'current') this.#shown = change.height
    if (change.type !== 'apply') return
    if (this.#waiting !== undefined && this.#waiting.height !== change.height) this.flush()
    this.#waiting = change
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.flush(), this.#quietMs)
    this.#timer.unref()
  }

  /** Shows what waits. */
  flush(): void {
    clearTimeout(this.#timer)
    const change = this.#waiting
    this.#waiting = undefined
    if (change === undefined) return
    const before = this.#shown
    this.#shown = Math.max(change.height, before ?? 0)
    this.#show(change, before === undefined ? change.height : before + 1)
  }
}

/** Prints a line for each epoch that the head moves on by, until the signal fires. */
export async function showEpochs(node: NodeApi, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  let last = Promise.resolve()
  const lines = new EpochLines<EpochChange & { readonly key: readonly Link[] }>((change, emptyFrom) => {
    const none = nullLine(emptyFrom, change.height - 1)
    const asked = Promise.all([
      node.call<ShownTipset>('ChainGetTipSet', change.key),
      node.call<readonly unknown[] | null>('ChainGetMessagesInTipset', change.key),
    ])
    asked.catch(() => {})
    // In the order of the epochs, however long each answer takes.
    last = last.then(async () => {
      const [tipset, messages] = await asked
      if (none !== undefined) print(none)
      print(epochLine(tipset, messages?.length ?? 0))
    })
    last.catch(() => {})
  })
  for await (const changes of node.stream(chainNotify, [])) {
    if (signal.aborted) return
    for (const { type, val } of changes) {
      const key = val.cids.map((c) => ({ '/': c.toString() }))
      lines.take({ type: type as EpochChange['type'], height: val.height, key })
    }
  }
}
