import { decode } from '../codec/codec.ts'
import { CodecError } from '../codec/errors.ts'
import { bytes } from '../codec/primitives.ts'
import { Lru } from '../lib/lru.ts'
import { baseFeeMaxChangeDenom, blockGasLimit, blockGasTarget } from '../networks/constants.ts'
import { revertText } from '../types/eth/revert.ts'
import { exitCodeText } from '../types/exit-code.ts'
import type { Message, SignedMessage } from '../types/message.ts'
import type { TokenAmount } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import { callMessage } from './call.ts'
import { StateError } from './errors.ts'
import type { StateManager } from './state-manager.ts'

/** Least premium that is proposed, attoFIL per unit of gas. */
const MIN_PREMIUM = 100_000n
/** Epochs that a premium may be asked for. */
const MAX_EPOCHS = 128n
const SYS_OUT_OF_GAS = 7
const SYS_SENDER_INVALID = 1

/**
 * Fee cap for a message that may wait for `epochs` epochs in which the base fee rises as fast as it can.
 * Source: Lotus node/impl/gasutils, GasEstimateFeeCap; its floating point is part of the answer.
 */
export function estimateFeeCap(base: Tipset, premium: TokenAmount, epochs: bigint): TokenAmount {
  const factor = (1 + 1 / Number(baseFeeMaxChangeDenom)) ** Number(epochs)
  const rise = BigInt(Math.floor(Math.min(factor * 256, Number.MAX_SAFE_INTEGER)))
  return (base.first.parentBaseFee * rise) / 256n + premium
}

interface Offer {
  readonly premium: TokenAmount
  readonly limit: bigint
}

/** Offers of the tipsets that were asked for last, by tipset; Lotus keeps 50 too. */
export type OfferCache = Lru<string, readonly Offer[]>
export function offerCache(): OfferCache {
  return new Lru(2 * Number(MAX_EPOCHS) + 50)
}

/**
 * A premium with which a message should be taken within `epochs` epochs, from what the tipsets of twice as many epochs paid.
 * @param noise about 1: keeps the messages of many senders from offering all the same
 */
export function estimatePremium(sm: StateManager, cache: OfferCache, base: Tipset, epochs: bigint, noise: number): TokenAmount {
  const asked = epochs < 1n ? 1n : epochs > MAX_EPOCHS ? MAX_EPOCHS : epochs
  const offers: Offer[] = []
  let blocks = 0
  let at = base
  for (let i = 0n; i < asked * 2n && at.height > 0; i++) {
    at = sm.chain.parent(at)
    blocks += at.blocks.length
    offers.push(...offersOf(sm, cache, at))
  }
  let premium = medianPremium(offers, blocks)
  if (premium < MIN_PREMIUM) premium = asked === 1n ? 2n * MIN_PREMIUM : asked === 2n ? (3n * MIN_PREMIUM) / 2n : MIN_PREMIUM
  const scale = 2 ** 32
  return (premium * (BigInt(Math.floor(noise * scale)) + 1n)) / BigInt(scale)
}

function offersOf(sm: StateManager, cache: OfferCache, tipset: Tipset): readonly Offer[] {
  const known = cache.get(tipset.key.id)
  if (known !== undefined) return known
  const offers = tipset.height === 0 ? [] : sm.chain.messagesForTipset(tipset).map(offerOf)
  cache.set(tipset.key.id, offers)
  return offers
}

function offerOf(m: Message | SignedMessage): Offer {
  const { gasPremium, gasLimit } = 'signature' in m ? m.message : m
  return { premium: gasPremium, limit: gasLimit }
}

/** The premium at 52.5 % of the gas that the blocks were meant to hold, counted from the highest (Lotus medianGasPremium). */
export function medianPremium(offers: readonly Offer[], blocks: number): TokenAmount {
  const sorted = [...offers].sort((a, b) => (a.premium > b.premium ? -1 : a.premium < b.premium ? 1 : 0))
  const capacity = blockGasTarget * BigInt(blocks)
  let left = capacity / 2n + capacity / 40n
  let last = 0n
  let before = 0n
  for (const { premium, limit } of sorted) {
    before = last
    last = premium
    left -= limit
    if (left < 0n) break
  }
  return before === 0n ? last : (last + before) / 2n
}

/** The gas that a message takes, or why it fails; `data` is what a contract reverts with. */
export type GasLimitEstimate =
  | { readonly gas: bigint }
  | { readonly failure: 'out-of-gas' }
  | { readonly failure: 'reverted' | 'sender'; readonly message: string; readonly data: Uint8Array }

/**
 * Gas that a message takes on top of a tipset, its messages, and those of the sender that wait before it (Lotus
 * gasutils.GasEstimateGasLimit).
 * @throws StateError STATE_ACTOR_NOT_FOUND
 */
export function estimateGasLimit(
  sm: StateManager,
  given: Message,
  before: readonly SignedMessage[],
  base: Tipset,
): GasLimitEstimate {
  const message: Message = { ...given, gasLimit: blockGasLimit, gasFeeCap: 0n, gasPremium: 0n }
  // A tipset at an expensive upgrade gives way to its parent.
  for (let tipset = base; ; tipset = sm.chain.parent(tipset)) {
    try {
      const { receipt, result } = callMessage(sm, message, tipset, { before, prior: 'all', withGas: true })
      const { exitCode } = receipt
      if (exitCode === 0) return { gas: transitional(sm, tipset, given, receipt.gasUsed) }
      if (exitCode === SYS_OUT_OF_GAS) return { failure: 'out-of-gas' }
      return failed(exitCode, result.failureInfo, receipt.return)
    } catch (error) {
      if (!(error instanceof StateError) || error.code !== 'STATE_EXPENSIVE_FORK') throw error
    }
  }
}

function failed(exitCode: number, info: string | undefined, returned: Uint8Array): GasLimitEstimate {
  const vmError = `${info === undefined || info === '' ? 'unknown error' : info} (RetCode=${exitCode})`
  let reason = ''
  let data: Uint8Array = new Uint8Array(0)
  try {
    data = decode(bytes, returned)
    reason = `, revert reason=[${data.length === 0 ? 'none' : revertText(data)}]`
  } catch (error) {
    // What is returned is no byte string: it was no contract.
    if (!(error instanceof CodecError)) throw error
  }
  const message = `message execution failed (exit=[${exitCodeText(exitCode)}]${reason}, vm error=[${vmError}])`
  return { failure: exitCode === SYS_SENDER_INVALID ? 'sender' : 'reverted', message, data }
}

/** Factors (of 1024) by which messages to miners became dearer with Hygge, by method. */
const HYGGE_FACTORS: Readonly<Record<string, number>> = {
  3: 1.92,
  4: 1.72,
  6: 1.06,
  7: 1.2,
  16: 1.19,
  18: 1.73,
  23: 1.73,
  26: 1.15,
  27: 1.18,
}

/** More gas in the 20 epochs before Hygge, after which the same message takes more (FIP-0057). */
function transitional(sm: StateManager, tipset: Tipset, m: Message, gasUsed: bigint): bigint {
  const { hygge } = sm.network.upgrades
  if (tipset.height > hygge || hygge - tipset.height > 20) return gasUsed
  let factor = 1
  if (m.method === 0n) factor = 3
  else {
    const actor = sm.parentState(tipset).getActor(m.to)
    if (actor !== undefined && sm.registry.kindOf(actor.code) === 'storageminer') factor = HYGGE_FACTORS[m.method.toString()] ?? 1
  }
  return (gasUsed * BigInt(Math.floor(factor * 1024))) >> 10n
}

/** A sender's messages that run before one of a nonce; what has that nonce is what the message would replace. */
export function messagesBefore(pending: readonly SignedMessage[], nonce: bigint): SignedMessage[] {
  const at = pending.findIndex((m) => m.message.nonce === nonce)
  return at < 0 ? [...pending] : pending.slice(0, at)
}
