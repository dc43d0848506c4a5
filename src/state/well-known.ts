import { Address } from '../types/address.ts'

/** Singleton actors (go-state-types builtin/singletons.go). */
export const SYSTEM_ACTOR = Address.fromId(0n)
export const INIT_ACTOR = Address.fromId(1n)
export const REWARD_ACTOR = Address.fromId(2n)
export const CRON_ACTOR = Address.fromId(3n)
export const POWER_ACTOR = Address.fromId(4n)
export const MARKET_ACTOR = Address.fromId(5n)
export const VERIFREG_ACTOR = Address.fromId(6n)
export const DATACAP_ACTOR = Address.fromId(7n)
export const EAM_ACTOR = Address.fromId(10n)
/** The mining reserve (f090). */
export const RESERVE_ACTOR = Address.fromId(90n)
export const BURNT_FUNDS_ACTOR = Address.fromId(99n)
/** Holder of the SAFT allocations on mainnet (Lotus chain/actors/builtin: SaftAddress). */
export const SAFT_ACTOR = Address.fromId(122n)
