import { CID } from '../types/cid.ts'
import { FIL } from '../types/scalars.ts'
import { epochsInDay, epochsInHour, initialFilReserved } from './constants.ts'
import { drandMainnet, drandQuicknet } from './drand.ts'
import { calibnetF3Manifest } from './f3-manifest.ts'
import type { Network } from './types.ts'

const lightning = 489_094
const dragon = 1_427_974
const phoenix = dragon + 120
const teep = 2_523_454

/** The public test network with 32 GiB sectors (build/buildconstants/params_calibnet.go). */
export const calibnet: Network = {
  name: 'calibnet',
  stateName: 'calibrationnet',
  p2pName: 'calibrationnet',
  genesisCid: CID.parse('bafy2bzacecyaggy24wol5ruvs6qm73gjibs2l2iyhcqmvi7r7a4ph7zx3yqd4'),
  genesisTimestamp: 1_667_326_380,
  genesisPath: undefined,
  genesisUrls: ['https://raw.githubusercontent.com/filecoin-project/lotus/master/build/genesis/calibnet.car.zst'],
  genesisNetworkVersion: 0,
  upgrades: {
    breeze: -1,
    smoke: -2,
    ignition: -3,
    refuel: -4,
    assembly: 30,
    tape: 60,
    liftoff: -5,
    kumquat: 90,
    calico: 120,
    persian: 120 + epochsInHour,
    orange: 300,
    claus: 270,
    trust: 330,
    norwegian: 360,
    turbo: 390,
    hyperdrive: 420,
    chocolate: 450,
    ohSnap: 480,
    skyr: 510,
    shark: 16_800,
    hygge: 322_354,
    lightning,
    thunder: lightning + 3120,
    watermelon: 1_013_134,
    watermelonFix: 1_070_494,
    watermelonFix2: 1_108_174,
    dragon,
    phoenix,
    dragonFix: 1_493_854,
    waffle: 1_779_094,
    tuktuk: 2_078_794,
    teep,
    tock: teep + 7 * epochsInDay,
    tockFix: 2_558_014,
    goldenWeek: 3_007_294,
    fireHorse: 3_694_534,
    solstice: 999_999_999_999_999,
  },
  breezeGasTampingDuration: 120,
  tuktukPowerRampDurationEpochs: 3 * epochsInDay,
  initialFilReserved,
  teepInitialFilReserved: 1_200_000_000n * FIL,
  blockDelaySecs: 30,
  propagationDelaySecs: 10,
  equivocationDelaySecs: 2,
  chainId: 314_159,
  addressPrefix: 't',
  consensusMinerMinPower: 32n << 30n,
  preCommitChallengeDelay: 150,
  slashablePowerDelay: 20,
  bootstrapPeers: [
    '/dns/bootstrap.calibration.filecoin.chain.love/tcp/1237/p2p/12D3KooWQPYouEAsUQKzvFUA9sQ8tz4rfpqtTzh2eL6USd9bwg7x',
    '/dnsaddr/bootstrap-calibnet.chainsafe-fil.io',
  ],
  bootstrapPeerThreshold: 4,
  drand: [
    { start: 0, ...drandMainnet },
    { start: phoenix, ...drandQuicknet },
  ],
  f3: calibnetF3Manifest,
  bundle: 'calibrationnet',
  proofs: 'real',
  proofParameters: undefined,
  actorDebugging: false,
  whitelistedBlocks: [],
}
