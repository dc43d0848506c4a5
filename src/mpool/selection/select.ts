/** Choosing messages for a block: pure functions over what is pending. Floating point is at home here: nothing of it is consensus. */
import { blockGasLimit, blockMessageLimit } from '../../networks/constants.ts'
import { GREEDY_QUALITY, LEAST_GAS, MAX_BLOCKS } from '../limits.ts'
import type { PooledMessage } from '../pooled-message.ts'
import { BlockFilling, pushDown } from './block.ts'
import { byEffective, byPerformance, type MessageChain, messageChains, type SenderState } from './chains.ts'
import { blockProbabilities } from './probabilities.ts'

export interface SelectionInput {
  /** Messages by sender, each list by nonce. */
  readonly pending: ReadonlyMap<string, readonly PooledMessage[]>
  /** The senders in the state that the block is built on; one that is not there sends nothing. */
  readonly senders: ReadonlyMap<string, SenderState>
  /** Senders whose messages come first, whatever they pay (but never below the base fee). */
  readonly priority: readonly string[]
  /** attoFIL per unit of gas, of the block that is built. */
  readonly baseFee: bigint
  /** Least gas limit of a message by the bytes that it takes on chain. */
  readonly minGas: (length: number) => bigint
  /** Share of other tickets that are worse than the block's, 0 to 1. */
  readonly quality: number
  /** From 0 up to, but not, 1. */
  readonly random: () => number
}

/** Messages for a block in an order that keeps nonces (Lotus chain/messagepool/selection.go). */
export function selectMessages(input: SelectionInput): PooledMessage[] {
  const block = new BlockFilling()
  const chainsOf = (sender: string): MessageChain[] => {
    const state = input.senders.get(sender)
    const messages = input.pending.get(sender)
    return state === undefined || messages === undefined ? [] : messageChains(messages, state, input.baseFee, input.minGas)
  }
  const priority = new Set(input.priority)
  block.addGreedily([...priority].flatMap(chainsOf))
  if (!block.full) {
    const chains: MessageChain[] = []
    for (const sender of input.pending.keys()) if (!priority.has(sender)) chains.push(...chainsOf(sender))
    if (input.quality > GREEDY_QUALITY) block.addGreedily(chains)
    else addOptimally(block, chains, input)
  }
  return block.messages.slice(0, blockMessageLimit)
}

/**
 * Fills a block that others may come before: a chain counts by what it pays times the chance that no block before ours takes
 * it, where the best chains go to the first block, the next to the second, and so on.
 */
function addOptimally(block: BlockFilling, chains: MessageChain[], { quality, random }: SelectionInput): void {
  chains.sort(byPerformance)
  if (chains[0] === undefined || chains[0].performance < 0) return
  assignPlaces(chains, blockProbabilities(quality))
  chains.sort(byEffective)
  const edge = mergeWhole(block, chains)
  packTail(block, chains, edge)
  fillRandomly(block, chains, random)
}

function assignPlaces(chains: readonly MessageChain[], chances: readonly number[]): void {
  let at = 0
  for (let place = 0; place < MAX_BLOCKS; place++) {
    // A whole block's gas, also where priority messages took some of ours: this is about what others do.
    let gas = Number(blockGasLimit)
    let messages = blockMessageLimit
    while (at < chains.length && gas >= LEAST_GAS && messages > 0) {
      const chain = chains[at++] as MessageChain
      chain.setProbability(chances[place] as number)
      gas -= chain.gasLimit
      messages -= chain.messages.length
    }
  }
  for (; at < chains.length; at++) (chains[at] as MessageChain).setHopeless()
}

/** Adds chains as long as they fit whole. @returns the index of the first that does not */
function mergeWhole(block: BlockFilling, chains: MessageChain[]): number {
  for (let i = 0; i < chains.length; i++) {
    const chain = chains[i] as MessageChain
    if (chain.performance < 0) return chains.length
    if (chain.merged) continue
    if (!block.tryToAddWithDeps(chain)) return i
    const raised: MessageChain[] = []
    let next = chain.next
    if (next !== undefined && next.effective > 0) {
      // What it depended on is in the block: it counts for itself from now on.
      next.effective += next.parentOffset
      raised.push(next)
      for (next = next.next; next !== undefined && next.effective > 0; next = next.next) {
        next.updateEffective()
        raised.push(next)
      }
    }
    reorder(chains, i + 1, raised)
  }
  return chains.length
}

/** Puts chains whose worth has changed to their new places behind `from`; all others are in order. */
function reorder(chains: MessageChain[], from: number, changed: readonly MessageChain[]): void {
  for (const chain of changed) {
    const at = chains.indexOf(chain, from)
    if (at < 0) continue
    chains.splice(at, 1)
    let low = from
    let high = chains.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (byEffective(chains[middle] as MessageChain, chain) <= 0) low = middle + 1
      else high = middle
    }
    chains.splice(low, 0, chain)
  }
}

/** What no longer fits whole is cut, and goes to where it then belongs. */
function packTail(block: BlockFilling, chains: MessageChain[], edge: number): void {
  let at = edge
  while (block.gasLeft >= LEAST_GAS && at < chains.length) {
    const chain = chains[at] as MessageChain
    if (!chain.valid || chain.merged) {
      at++
      continue
    }
    block.trim(chain)
    if (chain.valid) pushDown(chains, at, byEffective)
    if (!addFrom(block, chains, at)) return
  }
}

/** @returns whether a chain was cut, so that it is worth another look */
function addFrom(block: BlockFilling, chains: readonly MessageChain[], from: number): boolean {
  for (let i = from; i < chains.length; i++) {
    const chain = chains[i] as MessageChain
    if (!chain.valid || chain.merged) continue
    if (chain.performance < 0) return false
    if (!block.tryToAddWithDeps(chain)) return true
  }
  return false
}

/** Room that is left goes to any chains that pay: other producers then choose others. */
function fillRandomly(block: BlockFilling, chains: MessageChain[], random: () => number): void {
  if (block.full) return
  for (let i = chains.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const other = chains[j] as MessageChain
    chains[j] = chains[i] as MessageChain
    chains[i] = other
  }
  for (const chain of chains) {
    if (block.full) return
    if (chain.merged || !chain.valid || chain.performance < 0) continue
    // The first try cuts a chain that is too long.
    if (!block.tryToAddWithDeps(chain) && chain.valid) block.tryToAddWithDeps(chain)
  }
}
