import { Address } from '../types/address.ts'

/** Actors that only supply and upgrades know by their ids; the singletons stand in src/actors/well-known.ts. */
/** The mining reserve (f090). */
export const RESERVE_ACTOR = Address.fromId(90n)
/** Holder of the SAFT allocations on mainnet (Lotus chain/actors/builtin: SaftAddress). */
export const SAFT_ACTOR = Address.fromId(122n)
