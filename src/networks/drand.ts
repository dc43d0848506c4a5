import type { ChainEpoch } from '../types/scalars.ts'

/** What verifies a drand network's rounds, as its /info answers (build/buildconstants/drand.go). */
export interface DrandChainInfo {
  /** Hex: 48 bytes (G1) for chained networks, 96 (G2) for unchained G1 signatures. */
  readonly publicKey: string
  /** Seconds between rounds. */
  readonly period: number
  /** Unix seconds of round 1. */
  readonly genesisTime: number
  /** Hex, names the network in URLs and topics. */
  readonly hash: string
  readonly groupHash: string
  /** Goes into the hash, so that other clients ask for it. Of the networks that are built in nothing here needs it. */
  readonly beaconId?: string
}

export interface DrandNetwork {
  /** `chained`: each round signs the one before. `unchained`: BLS over G1, RFC 9380. `mock`: the round's hash, for tests. */
  readonly kind: 'chained' | 'unchained' | 'mock'
  /** undefined for `mock`. */
  readonly info: DrandChainInfo | undefined
  /** HTTP servers that answer /<hash>/public/<round>. */
  readonly servers: readonly string[]
  /** Multiaddresses of gossip relays. */
  readonly relays: readonly string[]
}

/** A drand network and the first epoch that uses it. */
export interface DrandPoint extends DrandNetwork {
  readonly start: ChainEpoch
}

/** Mainnet's first network; kept because old blocks are verified with it. */
export const drandIncentinet: DrandNetwork = {
  kind: 'chained',
  info: {
    publicKey: '8cad0c72c606ab27d36ee06de1d5b2db1faf92e447025ca37575ab3a8aac2eaae83192f846fc9e158bc738423753d000',
    period: 30,
    genesisTime: 1595873820,
    hash: '80c8b872c714f4c00fdd3daa465d5514049f457f01f85a4caf68cdcd394ba039',
    groupHash: 'd9406aaed487f7af71851b4399448e311f2328923d454e971536c05398ce2d9b',
  },
  servers: [],
  relays: [],
}

/** The League of Entropy's chained network, in use until nv22. */
export const drandMainnet: DrandNetwork = {
  kind: 'chained',
  info: {
    publicKey: '868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31',
    period: 30,
    genesisTime: 1595431050,
    hash: '8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce',
    groupHash: '176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a',
  },
  servers: [],
  relays: [],
}

/** The network in use today (FIP-0063). */
export const drandQuicknet: DrandNetwork = {
  kind: 'unchained',
  info: {
    publicKey:
      '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
    period: 3,
    genesisTime: 1692803367,
    hash: '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971',
    groupHash: 'f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e',
  },
  servers: [
    'https://api.drand.sh',
    'https://api2.drand.sh',
    'https://api3.drand.sh',
    'https://drand.cloudflare.com',
    'https://api.drand.secureweb3.com:6875',
  ],
  relays: ['/dnsaddr/api.drand.sh/', '/dnsaddr/api2.drand.sh/', '/dnsaddr/api3.drand.sh/'],
}

/** Round r is blake2b-256 of r; one round per epoch. Nothing to verify: for private test networks only. */
export const drandMock: DrandNetwork = { kind: 'mock', info: undefined, servers: [], relays: [] }
