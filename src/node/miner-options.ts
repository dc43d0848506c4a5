import type { Network } from '../networks/types.ts'

/** How a miner is to run. Plain values: the command line and tests make them, nothing here reads the environment. */
export interface MinerNodeOptions {
  readonly repoPath: string
  /** The network, where it is known better than by asking the full node. */
  readonly network?: Network
  /** Whether to begin although the full node is not in sync. */
  readonly noSync: boolean
  /** Makes blocks for actors of whose past the repository knows nothing, where the chain shows that there is one. */
  readonly acceptUnknownPast?: boolean
  /** Whether a sector of each actor is proven at the start, to be warm for the first win; true where it is not given. */
  readonly warmUp?: boolean
  /** Address to serve the API at; overrides the config. Port 0 takes a free one. */
  readonly apiHost?: string
  readonly apiPort?: number
  /** A config file instead of the repo's own. */
  readonly configPath?: string
  /** LOTUS_SECTION_KEY overrides of the config. */
  readonly configOverrides?: Readonly<Record<string, string | undefined>>
  /** Folder of the proof parameters, where the network does not name its own. */
  readonly proofParameters?: string
  /** Starts without reading the proving parameters, which have many GB, to check them. */
  readonly trustParameters?: boolean
  /** The user's cache folder, in which a devnet's parameters are made. */
  readonly cacheDir?: string
  /** Where missing parameters are fetched from (IPFS_GATEWAY); the known gateways where it is not given. */
  readonly gateways?: readonly string[]
  /** Sectors that one deadline may recover at a time; 0, or nothing: all. */
  readonly recoveringSectorLimit?: bigint
  readonly signal?: AbortSignal
}
