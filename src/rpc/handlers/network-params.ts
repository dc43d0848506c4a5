import type { NetworkParams } from '../../api/types/network.ts'
import type { Network } from '../../networks/types.ts'

/**
 * What StateGetNetworkParams answers (Lotus node/impl/full/state.go).
 * @param genesisTimestamp Unix seconds of the genesis block
 */
export function networkParams(network: Network, genesisTimestamp: bigint): NetworkParams {
  const u = network.upgrades
  return {
    networkName: network.stateName,
    blockDelaySecs: BigInt(network.blockDelaySecs),
    consensusMinerMinPower: network.consensusMinerMinPower,
    preCommitChallengeDelay: network.preCommitChallengeDelay,
    forkUpgradeParams: {
      upgradeSmokeHeight: u.smoke,
      upgradeBreezeHeight: u.breeze,
      upgradeIgnitionHeight: u.ignition,
      upgradeLiftoffHeight: u.liftoff,
      upgradeAssemblyHeight: u.assembly,
      upgradeRefuelHeight: u.refuel,
      upgradeTapeHeight: u.tape,
      upgradeKumquatHeight: u.kumquat,
      breezeGasTampingDuration: network.breezeGasTampingDuration,
      upgradeCalicoHeight: u.calico,
      upgradePersianHeight: u.persian,
      upgradeOrangeHeight: u.orange,
      upgradeClausHeight: u.claus,
      upgradeTrustHeight: u.trust,
      upgradeNorwegianHeight: u.norwegian,
      upgradeTurboHeight: u.turbo,
      upgradeHyperdriveHeight: u.hyperdrive,
      upgradeChocolateHeight: u.chocolate,
      upgradeOhSnapHeight: u.ohSnap,
      upgradeSkyrHeight: u.skyr,
      upgradeSharkHeight: u.shark,
      upgradeHyggeHeight: u.hygge,
      upgradeLightningHeight: u.lightning,
      upgradeThunderHeight: u.thunder,
      upgradeWatermelonHeight: u.watermelon,
      upgradeDragonHeight: u.dragon,
      upgradePhoenixHeight: u.phoenix,
      upgradeWaffleHeight: u.waffle,
      upgradeTuktukHeight: u.tuktuk,
      upgradeTeepHeight: u.teep,
      upgradeTockHeight: u.tock,
      upgradeGoldenWeekHeight: u.goldenWeek,
      upgradeFireHorseHeight: u.fireHorse,
      upgradeXxHeight: u.solstice,
    },
    eip155ChainId: network.chainId,
    genesisTimestamp,
  }
}
