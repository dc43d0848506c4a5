import type { CID } from '../types/cid.ts'
import type { ChainEpoch, StoragePower, TokenAmount } from '../types/scalars.ts'
import type { BundleName } from './bundles.ts'
import type { DrandPoint } from './drand.ts'
import type { F3Manifest } from './f3-manifest.ts'
import type { UpgradeName } from './upgrades.ts'

/** Everything that tells one network from another. A plain object: two networks can live in one process. */
export interface Network {
  /** What users type: `mainnet`, `calibnet`, or the name of a private network. */
  readonly name: string
  /** What the init actor's state holds and StateNetworkName answers. */
  readonly stateName: string
  /** What gossip topics and the DHT's prefix end in. */
  readonly p2pName: string

  /** CID of the genesis block; undefined where the genesis file alone decides. */
  readonly genesisCid: CID | undefined
  /** Unix seconds of the genesis block; undefined until it is read (`withGenesis`). */
  readonly genesisTimestamp: number | undefined
  /** Path of the genesis CAR (plain or zstd), when there is one on this machine. */
  readonly genesisPath: string | undefined
  /** Where the genesis CAR can be had; what comes is checked against `genesisCid`. */
  readonly genesisUrls: readonly string[]
  readonly genesisNetworkVersion: number

  /** The last epoch of the old rules, for each upgrade. Negative: never run here, in force from genesis. */
  readonly upgrades: Readonly<Record<UpgradeName, ChainEpoch>>
  /** Epochs after Breeze with the base fee fixed at 100 attoFIL. */
  readonly breezeGasTampingDuration: number
  /** FIP-0081: epochs over which the pledge formula changes after Tuktuk. */
  readonly tuktukPowerRampDurationEpochs: number

  /** attoFIL that the reserve actor held at genesis, for the circulating supply before nv25. */
  readonly initialFilReserved: TokenAmount
  /** The same from nv25 on (FIP-0100 topped it up on test networks). */
  readonly teepInitialFilReserved: TokenAmount

  /** Seconds for which the whole network stood still, so that its clock is behind by as much; undefined for none. */
  readonly pausedSecs?: number
  /** Seconds per epoch. */
  readonly blockDelaySecs: number
  /** Seconds after an epoch's start in which its blocks may still arrive. */
  readonly propagationDelaySecs: number
  /** Seconds before broadcast in which a miner looks for equivocating parents. */
  readonly equivocationDelaySecs: number

  /** EIP-155. */
  readonly chainId: number
  /** First letter of addresses in text. */
  readonly addressPrefix: 'f' | 't'

  /** Bytes of quality-adjusted power from which on a miner may win blocks. */
  readonly consensusMinerMinPower: StoragePower
  /** Epochs between pre-commit and the challenge's randomness. */
  readonly preCommitChallengeDelay: number
  readonly slashablePowerDelay: number

  /** Multiaddresses; /dnsaddr ones are resolved through TXT records. */
  readonly bootstrapPeers: readonly string[]
  /** Peers whose heads are heard before synchronisation starts. */
  readonly bootstrapPeerThreshold: number

  /** In ascending order of `start`, the first at 0. */
  readonly drand: readonly DrandPoint[]
  /** null: this network has no F3. */
  readonly f3: F3Manifest | null

  /** Which build of the built-in actors it runs. */
  readonly bundle: BundleName
  /** `fake`: proofs are not verified (the bundle accepts them too). */
  readonly proofs: 'real' | 'fake'
  /** Folder with proof parameters of its own; undefined for the published ones. */
  readonly proofParameters: string | undefined
  /** Whether actors may write debug logs, as Lotus's private networks do. It changes the gas that execution takes. */
  readonly actorDebugging: boolean

  /** CIDs of blocks whose messages are not checked (mainnet has one with a zero BLS signature). */
  readonly whitelistedBlocks: readonly string[]
}
