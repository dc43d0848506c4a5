import { Address } from '../types/address.ts'

/** The singleton actors (go-state-types builtin/singletons.go). */
export const SYSTEM_ACTOR: Address = Address.fromId(0n)
export const INIT_ACTOR: Address = Address.fromId(1n)
export const REWARD_ACTOR: Address = Address.fromId(2n)
export const CRON_ACTOR: Address = Address.fromId(3n)
export const POWER_ACTOR: Address = Address.fromId(4n)
export const MARKET_ACTOR: Address = Address.fromId(5n)
export const VERIFREG_ACTOR: Address = Address.fromId(6n)
export const DATACAP_ACTOR: Address = Address.fromId(7n)
export const EAM_ACTOR: Address = Address.fromId(10n)
export const BURNT_FUNDS_ACTOR: Address = Address.fromId(99n)
/** What other actors than singletons are numbered from. */
export const FIRST_USER_ID = 100n
