import type { ChainEpoch } from '../types/scalars.ts'
import type { UpgradeName } from './upgrades.ts'

/** A height that no chain reaches: the upgrade is not planned. */
export const unplanned: ChainEpoch = 999_999_999_999_999

/**
 * Upgrades of a network that begins at nv28: everything older is in force from genesis. The negative numbers are Lotus's
 * (build/buildconstants/params_butterfly.go); clients see them in StateGetNetworkParams.
 */
export const fromFireHorse: Readonly<Record<UpgradeName, ChainEpoch>> = {
  breeze: -1,
  smoke: -2,
  ignition: -3,
  refuel: -4,
  assembly: -5,
  tape: -6,
  liftoff: -7,
  kumquat: -8,
  calico: -9,
  persian: -10,
  orange: -12,
  claus: -11,
  trust: -13,
  norwegian: -14,
  turbo: -15,
  hyperdrive: -16,
  chocolate: -17,
  ohSnap: -18,
  skyr: -19,
  shark: -20,
  hygge: -21,
  lightning: -22,
  thunder: -23,
  watermelon: -24,
  watermelonFix: -100,
  watermelonFix2: -101,
  dragon: -25,
  phoenix: -26,
  dragonFix: -102,
  waffle: -27,
  tuktuk: -28,
  teep: -29,
  tock: -30,
  tockFix: -103,
  goldenWeek: -31,
  fireHorse: -32,
  solstice: unplanned,
}
