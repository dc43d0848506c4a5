import { CID } from '../types/cid.ts'
import { FIL } from '../types/scalars.ts'
import { epochsInYear, initialFilReserved } from './constants.ts'
import { drandQuicknet } from './drand.ts'
import { butterflynetF3Manifest } from './f3-manifest.ts'
import { fromFireHorse } from './modern.ts'
import type { Network } from './types.ts'

/** The test network that is begun anew for each upgrade (build/buildconstants/params_butterfly.go). */
export const butterflynet: Network = {
  name: 'butterflynet',
  stateName: 'butterflynet',
  p2pName: 'butterflynet',
  genesisCid: CID.parse('bafy2bzacebt5wxzyrgizu2uunetxtkc6aom3ult236vviv2nseiwnquu6anha'),
  genesisTimestamp: 1_777_963_020,
  genesisPath: undefined,
  genesisUrls: ['https://raw.githubusercontent.com/filecoin-project/lotus/master/build/genesis/butterflynet.car.zst'],
  genesisNetworkVersion: 28,
  upgrades: fromFireHorse,
  breezeGasTampingDuration: 120,
  tuktukPowerRampDurationEpochs: epochsInYear,
  initialFilReserved,
  teepInitialFilReserved: 1_600_000_000n * FIL,
  blockDelaySecs: 30,
  propagationDelaySecs: 6,
  equivocationDelaySecs: 2,
  chainId: 3_141_592,
  addressPrefix: 't',
  consensusMinerMinPower: 2n << 30n,
  preCommitChallengeDelay: 150,
  slashablePowerDelay: 20,
  bootstrapPeers: ['/dnsaddr/bootstrap.butterfly.fildev.network'],
  bootstrapPeerThreshold: 2,
  drand: [{ start: 0, ...drandQuicknet }],
  f3: butterflynetF3Manifest,
  bundle: 'butterflynet',
  proofs: 'real',
  proofParameters: undefined,
  actorDebugging: false,
  whitelistedBlocks: [],
}
