import { CID } from '../types/cid.ts'
import { epochsInDay, epochsInYear, initialFilReserved } from './constants.ts'
import { drandIncentinet, drandMainnet, drandQuicknet } from './drand.ts'
import { mainnetF3Manifest } from './f3-manifest.ts'
import type { Network } from './types.ts'

const smoke = 51_000
const lightning = 2_809_800
const dragon = 3_855_360
const phoenix = dragon + 120
const teep = 4_878_840

/** Filecoin's main network (build/buildconstants/params_mainnet.go). */
export const mainnet: Network = {
  name: 'mainnet',
  stateName: 'mainnet',
  // The first incentivised test network became mainnet and kept its name on the wire.
  p2pName: 'testnetnet',
  genesisCid: CID.parse('bafy2bzacecnamqgqmifpluoeldx7zzglxcljo6oja4vrmtj7432rphldpdmm2'),
  genesisTimestamp: 1_598_306_400,
  genesisPath: undefined,
  genesisUrls: ['https://raw.githubusercontent.com/filecoin-project/lotus/master/build/genesis/mainnet.car.zst'],
  genesisNetworkVersion: 0,
  upgrades: {
    breeze: 41_280,
    smoke,
    ignition: 94_000,
    refuel: 130_800,
    assembly: 138_720,
    tape: 140_760,
    liftoff: 148_888,
    kumquat: 170_000,
    calico: 265_200,
    persian: 265_200 + 120 * 60,
    orange: 336_458,
    claus: 343_200,
    trust: 550_321,
    norwegian: 665_280,
    turbo: 712_320,
    hyperdrive: 892_800,
    chocolate: 1_231_620,
    ohSnap: 1_594_680,
    skyr: 1_960_320,
    shark: 2_383_680,
    hygge: 2_683_348,
    lightning,
    thunder: lightning + 21 * epochsInDay,
    watermelon: 3_469_380,
    watermelonFix: -1,
    watermelonFix2: -2,
    dragon,
    phoenix,
    dragonFix: -3,
    waffle: 4_154_640,
    tuktuk: 4_461_240,
    teep,
    tock: teep + 90 * epochsInDay,
    tockFix: -1,
    goldenWeek: 5_348_280,
    fireHorse: 6_052_800,
    solstice: 9_999_999_999,
  },
  breezeGasTampingDuration: 120,
  tuktukPowerRampDurationEpochs: epochsInYear,
  initialFilReserved,
  teepInitialFilReserved: initialFilReserved,
  blockDelaySecs: 30,
  propagationDelaySecs: 10,
  equivocationDelaySecs: 2,
  chainId: 314,
  addressPrefix: 'f',
  consensusMinerMinPower: 10n << 40n,
  preCommitChallengeDelay: 150,
  slashablePowerDelay: 20,
  bootstrapPeers: [
    '/dns/bootstrap.filecoin.chain.love/tcp/1235/p2p/12D3KooWBF8cpp65hp2u9LK5mh19x67ftAam84z9LsfaquTDSBpt',
    '/dnsaddr/bootstrap-mainnet.chainsafe-fil.io',
  ],
  bootstrapPeerThreshold: 4,
  drand: [
    { start: 0, ...drandIncentinet },
    { start: smoke, ...drandMainnet },
    { start: phoenix, ...drandQuicknet },
  ],
  f3: mainnetF3Manifest,
  bundle: 'mainnet',
  proofs: 'real',
  proofParameters: undefined,
  actorDebugging: false,
  whitelistedBlocks: ['bafy2bzaceapyg2uyzk7vueh3xccxkuwbz3nxewjyguoxvhx77malc2lzn2ybi'],
}
