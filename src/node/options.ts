import type { Network } from '../networks/types.ts'

/** Where blocks of the chain come from at start-up: a path, or an http(s) or file URL. */
export interface ImportOptions {
  readonly location: string
  /** `trust` takes the head's state as it is; `validate` re-executes every tipset from genesis. */
  readonly mode: 'trust' | 'validate'
}

/** How a node joins its network. */
export interface P2pOptions {
  /** Whether it connects to the network's bootstrap peers by itself. */
  readonly bootstrap: boolean
  /** Whether it only introduces peers to each other. */
  readonly bootstrapper: boolean
}

/** How a full node is to run. Plain values: the command line and tests make them, nothing here reads the environment. */
export interface FullNodeOptions {
  readonly repoPath: string
  readonly network: Network
  /** Folder with actor bundles; looked at before anything is downloaded. */
  readonly bundlesDir?: string
  /** Genesis CAR, where the network does not bring one. */
  readonly genesisPath?: string
  readonly import?: ImportOptions
  /** Drops the chain that the repo holds before the import. */
  readonly removeExistingChain: boolean
  /** Ends after the import. */
  readonly haltAfterImport: boolean
  /** Address to serve the API at; overrides the config. Port 0 takes a free one. */
  readonly apiHost?: string
  readonly apiPort?: number
  /** Bytes; 0 is the default of 100 MiB. */
  readonly apiMaxRequestBytes?: number
  /** A config file instead of the repo's own. */
  readonly configPath?: string
  /** LOTUS_SECTION_KEY overrides of the config. */
  readonly configOverrides?: Readonly<Record<string, string | undefined>>
  /** Folder with the proofs' parameters and verifying keys, where the network does not name its own. */
  readonly proofParameters?: string
  /** Worker threads that answer queries; the number of cores where it is not given. */
  readonly queryThreads?: number
  /** Undefined for a node that talks to no peer. */
  readonly p2p?: P2pOptions
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: NodeProgress) => void
}

/** What a starting node is doing. */
export type NodeProgress =
  | {
      readonly stage: 'import'
      readonly bytes: number
      readonly totalBytes: number | undefined
      readonly blocks: number
      readonly elapsedMs: number
    }
  | { readonly stage: 'compile'; readonly networkVersion: number }
  | {
      readonly stage: 'validate'
      readonly height: number
      readonly headHeight: number
      readonly tipsets: number
      readonly elapsedMs: number
    }
  | { readonly stage: 'bundle'; readonly text: string }

/** The outcome of an import with re-execution. */
export interface ValidationResult {
  readonly tipsets: number
  readonly seconds: number
  readonly headHeight: number
  readonly head: string
}
