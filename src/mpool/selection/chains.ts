import { blockGasLimit, blockMessageLimit } from '../../networks/constants.ts'
import type { SignatureType } from '../../types/signature.ts'
import type { PooledMessage } from '../pooled-message.ts'
import { gasPerformance, gasReward } from './performance.ts'

const BLOCK_GAS = Number(blockGasLimit)

/** What selection needs to know of a sender in the state that the block is built on. */
export interface SenderState {
  readonly nonce: bigint
  /** attoFIL */
  readonly balance: bigint
}

/**
 * Messages of one sender that follow from one another and are best taken together: of its chains each performs worse than the
 * one before it, which must be in the block first.
 */
export class MessageChain {
  messages: PooledMessage[]
  /** attoFIL */
  reward: bigint
  gasLimit: number
  /** Reward per unit of gas, and what of it can be hoped for at the place that the block will have. */
  performance: number
  effective = 0
  /** Chance that the chain's messages are not taken by a block before ours. */
  probability = 0
  /** What the chain would perform better without the one before it. */
  parentOffset = 0
  valid = true
  merged = false
  next: MessageChain | undefined
  prev: MessageChain | undefined
  readonly signatureType: SignatureType
  readonly #baseFee: bigint

  constructor(message: PooledMessage, baseFee: bigint) {
    this.messages = [message]
    this.reward = gasReward(message.signed.message, baseFee)
    this.gasLimit = Number(message.signed.message.gasLimit)
    this.performance = gasPerformance(this.reward, this.gasLimit)
    this.signatureType = message.signed.signature.type
    this.#baseFee = baseFee
  }

  /** Takes in the chain that follows. */
  absorb(other: MessageChain): void {
    this.messages.push(...other.messages)
    this.reward += other.reward
    this.gasLimit += other.gasLimit
    this.performance = gasPerformance(this.reward, this.gasLimit)
    other.valid = false
  }

  setProbability(chance: number): void {
    this.probability = chance
    this.updateEffective()
  }

  updateEffective(): void {
    let effective = this.performance * this.probability
    if (effective > 0 && this.prev !== undefined) {
      const { effective: before, gasLimit } = this.prev
      const together = (effective * this.gasLimit + before * gasLimit) / (this.gasLimit + gasLimit)
      this.parentOffset = effective - together
      effective = together
    }
    this.effective = effective
  }

  /** For a chain that no block of the tipset has room for. */
  setHopeless(): void {
    this.effective = this.performance < 0 ? this.performance : 0
  }

  /** Drops messages from the end until the rest fits and pays; what follows can then not be taken any more. */
  trim(gasLimit: number, messageLimit: number): void {
    let last = this.messages.length - 1
    while (last >= 0 && (this.gasLimit > gasLimit || this.performance < 0 || last >= messageLimit)) {
      const { message } = (this.messages[last] as PooledMessage).signed
      this.reward -= gasReward(message, this.#baseFee)
      this.gasLimit -= Number(message.gasLimit)
      if (this.gasLimit > 0) {
        this.performance = gasPerformance(this.reward, this.gasLimit)
        if (this.probability !== 0) this.updateEffective()
      } else {
        this.performance = 0
        this.effective = 0
      }
      last--
    }
    this.messages.length = last + 1
    if (last < 0) this.valid = false
    this.#cutNext()
  }

  invalidate(): void {
    this.valid = false
    this.messages = []
    this.#cutNext()
  }

  #cutNext(): void {
    this.next?.invalidate()
    this.next = undefined
  }
}

/** The better chain first. */
export function byPerformance(a: MessageChain, b: MessageChain): number {
  return b.performance - a.performance || compare(b.reward, a.reward)
}

export function byEffective(a: MessageChain, b: MessageChain): number {
  return Number(a.performance < 0) - Number(b.performance < 0) || b.effective - a.effective || byPerformance(a, b)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * The chains of one sender: its messages from its next nonce on, without gaps, as many as its balance pays for and a block has
 * gas for (Lotus chain/messagepool/selection.go, createMessageChains).
 * @param messages of the sender, by nonce
 * @param minGas least gas of a message by the bytes that it takes on chain
 */
export function messageChains(
  messages: readonly PooledMessage[],
  sender: SenderState,
  baseFee: bigint,
  minGas: (length: number) => bigint,
): MessageChain[] {
  const chains: MessageChain[] = []
  for (const m of includable(messages, sender, minGas)) {
    const chain = new MessageChain(m, baseFee)
    const last = chains.at(-1)
    // A message that does not lower the performance belongs to the chain before it.
    if (last !== undefined && joined(last, chain) >= last.performance) last.absorb(chain)
    else chains.push(chain)
  }
  return linked(mergeRising(chains))
}

function joined(a: MessageChain, b: MessageChain): number {
  return gasPerformance(a.reward + b.reward, a.gasLimit + b.gasLimit)
}

function includable(
  messages: readonly PooledMessage[],
  sender: SenderState,
  minGas: (length: number) => bigint,
): PooledMessage[] {
  let { nonce, balance } = sender
  let gas = 0
  const out: PooledMessage[] = []
  for (const m of messages) {
    const { message } = m.signed
    if (message.nonce < nonce) continue
    if (message.nonce !== nonce) break
    nonce++
    if (message.gasLimit < minGas(m.chainLength)) break
    gas += Number(message.gasLimit)
    if (gas > BLOCK_GAS) break
    if (balance < m.requiredFunds) break
    balance -= m.requiredFunds + message.value
    out.push(m)
    if (out.length === blockMessageLimit) break
  }
  return out
}

/** Joins neighbours until each chain performs better than the next. */
function mergeRising(given: MessageChain[]): MessageChain[] {
  let chains = given
  for (;;) {
    for (let i = chains.length - 1; i > 0; i--) {
      const before = chains[i - 1] as MessageChain
      const chain = chains[i] as MessageChain
      if (chain.performance >= before.performance) before.absorb(chain)
    }
    const left = chains.filter((c) => c.valid)
    if (left.length === chains.length) return chains
    chains = left
  }
}

function linked(chains: MessageChain[]): MessageChain[] {
  for (const [i, chain] of chains.entries()) {
    chain.prev = chains[i - 1]
    chain.next = chains[i + 1]
  }
  return chains
}
