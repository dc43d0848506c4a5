/**
 * Layer 3. Networks as data: what differs between mainnet, calibnet, butterflynet and private networks.
 * This file holds the one ordered list of upgrades; each network gives an epoch for every name in it.
 */

/** When a pre-migration may run, in epochs before the upgrade's height (chain/consensus/filcns/upgrades.go). */
export interface PreMigrationWindow {
  readonly startWithin: number
  readonly dontStartWithin: number
  readonly stopWithin: number
}

export interface UpgradeInfo {
  readonly name: string
  /** Network version from the epoch after the height on; undefined where the height switches something else only. */
  readonly version: number | undefined
  /** Whether the state is rewritten at the height. */
  readonly migrates: boolean
  /** Whether that takes so long that explicit calls must not run it. */
  readonly expensive: boolean
  readonly preMigrations: readonly PreMigrationWindow[]
}

const early: readonly PreMigrationWindow[] = [
  { startWithin: 120, dontStartWithin: 60, stopWithin: 35 },
  { startWithin: 30, dontStartWithin: 15, stopWithin: 5 },
]
const middle: readonly PreMigrationWindow[] = [{ startWithin: 180, dontStartWithin: 60, stopWithin: 5 }]
const usual: readonly PreMigrationWindow[] = [{ startWithin: 120, dontStartWithin: 15, stopWithin: 10 }]

const plain = { migrates: false, expensive: false, preMigrations: [] } as const
const small = { migrates: true, expensive: false, preMigrations: [] } as const
const actors = (preMigrations: readonly PreMigrationWindow[]) => ({ migrates: true, expensive: true, preMigrations }) as const

/**
 * Every upgrade, in the order in which versions follow each other (not always that of the heights: calibnet ran Claus before
 * Orange). Claus and Phoenix change a rule but no version: FIP-0009 spares WindowPoSts the base fee, and drand's network is switched.
 */
export const upgrades = [
  { name: 'breeze', version: 1, ...small },
  { name: 'smoke', version: 2, ...plain },
  { name: 'ignition', version: 3, ...small },
  { name: 'refuel', version: 3, ...small },
  { name: 'assembly', version: 4, ...actors([]) },
  { name: 'tape', version: 5, ...plain },
  { name: 'liftoff', version: 5, ...small },
  { name: 'kumquat', version: 6, ...plain },
  { name: 'calico', version: 7, ...small },
  { name: 'persian', version: 8, ...plain },
  { name: 'orange', version: 9, ...plain },
  { name: 'claus', version: undefined, ...plain },
  { name: 'trust', version: 10, ...actors(early) },
  { name: 'norwegian', version: 11, ...plain },
  { name: 'turbo', version: 12, ...actors(early) },
  { name: 'hyperdrive', version: 13, ...actors(early) },
  { name: 'chocolate', version: 14, ...actors(early) },
  { name: 'ohSnap', version: 15, ...actors(middle) },
  { name: 'skyr', version: 16, ...actors(middle) },
  {
    name: 'shark',
    version: 17,
    ...actors([
      { startWithin: 240, dontStartWithin: 60, stopWithin: 20 },
      { startWithin: 15, dontStartWithin: 10, stopWithin: 5 },
    ]),
  },
  { name: 'hygge', version: 18, ...actors([{ startWithin: 60, dontStartWithin: 10, stopWithin: 5 }]) },
  { name: 'lightning', version: 19, ...actors(usual) },
  { name: 'thunder', version: 20, ...plain },
  { name: 'watermelon', version: 21, ...actors([{ startWithin: 180, dontStartWithin: 15, stopWithin: 10 }]) },
  // Calibnet ran release candidates of actors v12, v13 and v16; these replaced single actors there.
  { name: 'watermelonFix', version: 21, ...small },
  { name: 'watermelonFix2', version: 21, ...small },
  { name: 'dragon', version: 22, ...actors(usual) },
  { name: 'phoenix', version: undefined, ...plain },
  { name: 'dragonFix', version: 22, ...small },
  { name: 'waffle', version: 23, ...actors(usual) },
  { name: 'tuktuk', version: 24, ...actors(usual) },
  { name: 'teep', version: 25, ...actors(usual) },
  { name: 'tock', version: 26, ...plain },
  { name: 'tockFix', version: 26, ...small },
  { name: 'goldenWeek', version: 27, ...actors(usual) },
  { name: 'fireHorse', version: 28, ...actors(usual) },
  // Lotus calls it Xx until it is named and dated.
  { name: 'solstice', version: 29, ...actors(usual) },
] as const satisfies readonly UpgradeInfo[]

export type UpgradeName = (typeof upgrades)[number]['name']

/** Upgrades that only calibnet ran; a network file may leave them out. */
export const calibnetFixes = ['watermelonFix', 'watermelonFix2', 'dragonFix', 'tockFix'] as const satisfies readonly UpgradeName[]

/** The newest network version that any upgrade leads to. */
export const newestNetworkVersion = 29
