import { bigInt, int64, safeInt, uint64 } from '../codec/primitives.ts'

/** Height of the chain, in block delays since genesis. Negative values occur as "never" and in look-backs. */
export type ChainEpoch = number
/** The number behind an f0 address. */
export type ActorId = bigint
/** Sector number within a miner, up to 2^63-1. */
export type SectorNumber = bigint
/** attoFIL (10^-18 FIL). */
export type TokenAmount = bigint
/** Bytes; power is measured in them. */
export type StoragePower = bigint

export const epoch = safeInt
export const actorId = uint64
export const sectorNumber = uint64
export const tokenAmount = bigInt
export const storagePower = bigInt
export const gas = int64

/** 10^18 attoFIL. */
export const FIL = 1_000_000_000_000_000_000n

/** `12.5 FIL`, as Lotus prints amounts: no trailing zeros, no exponent. */
export function formatFil(amount: TokenAmount): string {
  return `${formatDecimals(amount, 18)} FIL`
}

function formatDecimals(amount: bigint, decimals: number): string {
  const negative = amount < 0n
  const digits = (negative ? -amount : amount).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, -decimals)
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return (negative ? '-' : '') + (fraction === '' ? whole : `${whole}.${fraction}`)
}
