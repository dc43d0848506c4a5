import { divFloor, maxBigInt, minBigInt } from '../lib/integer.ts'
import type { Network } from '../networks/types.ts'
import type { ChainReader } from '../store/chain-reader.ts'
import { cidKey } from '../types/cid.ts'
import { type Message, messageCid } from '../types/message.ts'
import type { TokenAmount } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'

export const BLOCK_GAS_LIMIT = 10_000_000_000n
const BLOCK_GAS_TARGET = BLOCK_GAS_LIMIT / 2n
/** FIP-0115: the premium that counts is the one at this position when gas is ranked by premium. */
const PREMIUM_GAS_INDEX = 8_000_000_000n - 1n
const MAX_CHANGE_DENOMINATOR = 8n
const MINIMUM_BASE_FEE = 100n
/** Before Smoke (nv2) blocks were taken to hold 4/5 of what they could. */
const PACKING_EFFICIENCY = { num: 4n, denom: 5n }

/** The base fee of the tipset that follows `tipset` (Lotus chain/store/basefee.go; FIP-0115 from FireHorse on). */
export function nextBaseFee(network: Network, chain: ChainReader, tipset: Tipset): TokenAmount {
  const { breeze, smoke, fireHorse } = network.upgrades
  const height = tipset.height
  if (breeze >= 0 && height > breeze && height < breeze + network.breezeGasTampingDuration) return 100n
  if (height < fireHorse) return fromUtilisation(chain, tipset, height > smoke)
  return fromPremiums(chain, tipset)
}

function* messagesInBlockOrder(chain: ChainReader, tipset: Tipset): Generator<Message> {
  for (const block of tipset.blocks) {
    const { bls, secp } = chain.messages(block)
    yield* bls
    for (const m of secp) yield m.message
  }
}

function fromUtilisation(chain: ChainReader, tipset: Tipset, afterSmoke: boolean): TokenAmount {
  let limit = 0n
  const seen = new Set<string>()
  for (const m of messagesInBlockOrder(chain, tipset)) {
    const key = cidKey(messageCid(m))
    if (seen.has(key)) continue
    seen.add(key)
    limit += m.gasLimit
  }
  return baseFeeFromUtilisation(tipset.first.parentBaseFee, limit, BigInt(tipset.blocks.length), afterSmoke)
}

/** @param gasLimit sum of the limits of a tipset's unique messages */
export function baseFeeFromUtilisation(baseFee: TokenAmount, gasLimit: bigint, blocks: bigint, afterSmoke: boolean): TokenAmount {
  const used = afterSmoke ? gasLimit / blocks : (PACKING_EFFICIENCY.denom * gasLimit) / (blocks * PACKING_EFFICIENCY.num)
  const delta = maxBigInt(-BLOCK_GAS_TARGET, minBigInt(BLOCK_GAS_TARGET, used - BLOCK_GAS_TARGET))
  const change = divFloor(divFloor(baseFee * delta, BLOCK_GAS_TARGET), MAX_CHANGE_DENOMINATOR)
  return maxBigInt(MINIMUM_BASE_FEE, baseFee + change)
}

function fromPremiums(chain: ChainReader, tipset: Tipset): TokenAmount {
  const baseFee = tipset.first.parentBaseFee
  const seen = new Set<string>()
  const offers: { premium: bigint; limit: bigint }[] = []
  for (const m of messagesInBlockOrder(chain, tipset)) {
    // By sender as written, not resolved to an id: two forms of one sender count twice.
    const key = `${m.nonce}:${m.from.key}`
    if (seen.has(key)) continue
    seen.add(key)
    offers.push({ premium: effectivePremium(m, baseFee), limit: m.gasLimit })
  }
  return baseFeeFromPremium(baseFee, premiumAtGasIndex(offers, PREMIUM_GAS_INDEX))
}

/** What a message really pays the miner per unit of gas at a base fee. */
export function effectivePremium(m: Pick<Message, 'gasFeeCap' | 'gasPremium'>, baseFee: TokenAmount): TokenAmount {
  return minBigInt(m.gasPremium, maxBigInt(0n, m.gasFeeCap - baseFee))
}

/** The premium of the message in which unit `index` of gas lies when messages stand from the highest premium down; 0 past the last. */
export function premiumAtGasIndex(offers: readonly { premium: bigint; limit: bigint }[], index: bigint): TokenAmount {
  const sorted = [...offers].sort((a, b) => (a.premium > b.premium ? -1 : a.premium < b.premium ? 1 : 0))
  let left = index
  for (const { premium, limit } of sorted) {
    if (left < limit) return premium
    left -= limit
  }
  return 0n
}

/** FIP-0115: moves towards the premium by at most an eighth (rounded up), never under 100 attoFIL. */
export function baseFeeFromPremium(baseFee: TokenAmount, premium: TokenAmount): TokenAmount {
  const step = (baseFee + MAX_CHANGE_DENOMINATOR - 1n) / MAX_CHANGE_DENOMINATOR
  return maxBigInt(MINIMUM_BASE_FEE, baseFee + minBigInt(step, premium - step))
}
