import { as, list, optional, record, type Shape } from '../../codec/combinators.ts'
import { bool, safeUint, text, uint64 } from '../../codec/primitives.ts'
import { epoch, storagePower, tokenAmount } from '../../types/scalars.ts'
import { anyJson, time } from './shape.ts'

/** Upgrade epochs under Lotus's names (api.ForkUpgradeParams): the last epoch of the version before. */
export const forkUpgradeParams = record('ForkUpgradeParams', {
  upgradeSmokeHeight: epoch,
  upgradeBreezeHeight: epoch,
  upgradeIgnitionHeight: epoch,
  upgradeLiftoffHeight: epoch,
  upgradeAssemblyHeight: epoch,
  upgradeRefuelHeight: epoch,
  upgradeTapeHeight: epoch,
  upgradeKumquatHeight: epoch,
  breezeGasTampingDuration: epoch,
  upgradeCalicoHeight: epoch,
  upgradePersianHeight: epoch,
  upgradeOrangeHeight: epoch,
  upgradeClausHeight: epoch,
  upgradeTrustHeight: epoch,
  upgradeNorwegianHeight: epoch,
  upgradeTurboHeight: epoch,
  upgradeHyperdriveHeight: epoch,
  upgradeChocolateHeight: epoch,
  upgradeOhSnapHeight: epoch,
  upgradeSkyrHeight: epoch,
  upgradeSharkHeight: epoch,
  upgradeHyggeHeight: epoch,
  upgradeLightningHeight: epoch,
  upgradeThunderHeight: epoch,
  upgradeWatermelonHeight: epoch,
  upgradeDragonHeight: epoch,
  upgradePhoenixHeight: epoch,
  upgradeWaffleHeight: epoch,
  upgradeTuktukHeight: epoch,
  upgradeTeepHeight: epoch,
  upgradeTockHeight: epoch,
  upgradeGoldenWeekHeight: epoch,
  upgradeFireHorseHeight: epoch,
  upgradeXxHeight: epoch,
})
export type ForkUpgradeParams = Shape<typeof forkUpgradeParams.fields>

/** `genesisTimestamp` in Unix seconds. */
export const networkParams = record('NetworkParams', {
  networkName: text,
  blockDelaySecs: uint64,
  consensusMinerMinPower: storagePower,
  preCommitChallengeDelay: epoch,
  forkUpgradeParams,
  eip155ChainId: as('Eip155ChainID', safeUint),
  genesisTimestamp: uint64,
})
export type NetworkParams = Shape<typeof networkParams.fields>

/** All in attoFIL. */
export const circulatingSupply = record('CirculatingSupply', {
  filVested: tokenAmount,
  filMined: tokenAmount,
  filBurnt: tokenAmount,
  filLocked: tokenAmount,
  filCirculating: tokenAmount,
  filReserveDisbursed: tokenAmount,
})
export type CirculatingSupply = Shape<typeof circulatingSupply.fields>

/** `apiVersion` packs major, minor and patch into one byte each; `blockDelay` in seconds. */
export const apiVersionInfo = record('APIVersion', {
  version: text,
  apiVersion: as('APIVersion', safeUint),
  blockDelay: uint64,
  agent: text,
})

/** `type` is "raised" or "resolved". */
const alertEvent = record('AlertEvent', { type: text, message: anyJson, time })
export const alert = record('Alert', {
  type: record('AlertType', { system: text, subsystem: text }),
  active: bool,
  lastActive: optional(alertEvent),
  lastResolved: optional(alertEvent),
})
export const alerts = list(alert, { emptyJson: 'null' })

/** Lotus's API version numbers (api/version.go): major, minor, patch in one byte each. */
export const FULL_API_V0 = 0x010500
export const FULL_API_V1 = 0x020300
