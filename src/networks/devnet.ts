import { FIL } from '../types/scalars.ts'
import { initialFilReserved } from './constants.ts'
import { drandQuicknet } from './drand.ts'
import { devnetF3Manifest } from './f3-manifest.ts'
import { fromFireHorse } from './modern.ts'
import type { Network } from './types.ts'

/**
 * A private network with 2 KiB sectors, as Lotus's `2k` build (build/buildconstants/params_2k.go). Who starts one replaces
 * what is its own: `{ ...devnet, name, genesisPath, drand }`. Lotus puts nv29 at height 200; here it stays unplanned,
 * because its actors are version 18's under another number.
 */
export const devnet: Network = {
  name: 'devnet',
  stateName: 'devnet',
  p2pName: 'devnet',
  genesisCid: undefined,
  genesisTimestamp: undefined,
  genesisPath: undefined,
  genesisUrls: [],
  genesisNetworkVersion: 28,
  upgrades: {
    ...fromFireHorse,
    smoke: -1,
    ignition: -2,
    refuel: -3,
    tape: -4,
    liftoff: -6,
    kumquat: -7,
    orange: -11,
    claus: -12,
  },
  breezeGasTampingDuration: 0,
  tuktukPowerRampDurationEpochs: 200,
  initialFilReserved,
  teepInitialFilReserved: 1_400_000_000n * FIL,
  blockDelaySecs: 4,
  propagationDelaySecs: 1,
  equivocationDelaySecs: 0,
  chainId: 31_415_926,
  addressPrefix: 't',
  consensusMinerMinPower: 2048n,
  preCommitChallengeDelay: 10,
  slashablePowerDelay: 20,
  bootstrapPeers: [],
  bootstrapPeerThreshold: 1,
  drand: [{ start: 0, ...drandQuicknet }],
  f3: devnetF3Manifest,
  bundle: 'devnet',
  proofs: 'real',
  proofParameters: undefined,
  actorDebugging: true,
  whitelistedBlocks: [],
}
