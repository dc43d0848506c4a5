/** The parameters of fast finality as go-f3's manifest has them: JSON names and units (durations in nanoseconds) are its own. */
export interface F3Manifest {
  readonly Pause: boolean
  readonly ProtocolVersion: number
  readonly InitialInstance: number
  readonly BootstrapEpoch: number
  readonly NetworkName: string
  readonly ExplicitPower: readonly unknown[] | null
  readonly IgnoreECPower: boolean
  readonly InitialPowerTable: { readonly '/': string } | null
  readonly CommitteeLookback: number
  readonly CatchUpAlignment: number
  readonly Gpbft: {
    readonly Delta: number
    readonly DeltaBackOffExponent: number
    readonly QualityDeltaMultiplier: number
    readonly MaxLookaheadRounds: number
    readonly ChainProposedLength: number
    readonly RebroadcastBackoffBase: number
    readonly RebroadcastBackoffExponent: number
    readonly RebroadcastBackoffSpread: number
    readonly RebroadcastBackoffMax: number
  }
  readonly EC: {
    readonly Period: number
    readonly Finality: number
    readonly DelayMultiplier: number
    readonly BaseDecisionBackoffTable: readonly number[]
    readonly HeadLookback: number
    readonly Finalize: boolean
  }
  readonly CertificateExchange: {
    readonly ClientRequestTimeout: number
    readonly ServerRequestTimeout: number
    readonly MinimumPollInterval: number
    readonly MaximumPollInterval: number
  }
  readonly PubSub: {
    readonly CompressionEnabled: boolean
    readonly ChainCompressionEnabled: boolean
    readonly GMessageSubscriptionBufferSize: number
    readonly ValidatedMessageBufferSize: number
  }
  readonly ChainExchange: {
    readonly SubscriptionBufferSize: number
    readonly MaxChainLength: number
    readonly MaxInstanceLookahead: number
    readonly MaxDiscoveredChainsPerInstance: number
    readonly MaxWantedChainsPerInstance: number
    readonly RebroadcastInterval: number
    readonly MaxTimestampAge: number
  }
  readonly PartialMessageManager: {
    readonly PendingDiscoveredChainsBufferSize: number
    readonly PendingPartialMessagesBufferSize: number
    readonly PendingChainBroadcastsBufferSize: number
    readonly PendingInstanceRemovalBufferSize: number
    readonly CompletedMessagesBufferSize: number
    readonly MaxBufferedMessagesPerInstance: number
    readonly MaxCachedValidatedMessagesPerInstance: number
  }
}

const second = 1_000_000_000

/** What the test networks have in common; mainnet changes more (build/buildconstants/f3manifest_*.json). */
export const testF3Manifest: F3Manifest = {
  Pause: false,
  ProtocolVersion: 7,
  InitialInstance: 0,
  BootstrapEpoch: 1000,
  NetworkName: '2k',
  ExplicitPower: null,
  IgnoreECPower: false,
  InitialPowerTable: null,
  CommitteeLookback: 10,
  CatchUpAlignment: 15 * second,
  Gpbft: {
    Delta: 6 * second,
    DeltaBackOffExponent: 2,
    QualityDeltaMultiplier: 1,
    MaxLookaheadRounds: 5,
    ChainProposedLength: 100,
    RebroadcastBackoffBase: 6 * second,
    RebroadcastBackoffExponent: 1.3,
    RebroadcastBackoffSpread: 0.1,
    RebroadcastBackoffMax: 60 * second,
  },
  EC: {
    Period: 30 * second,
    Finality: 900,
    DelayMultiplier: 2,
    BaseDecisionBackoffTable: [1.3, 1.69, 2.2, 2.86, 3.71, 4.83, 6.27, 7.5],
    HeadLookback: 4,
    Finalize: true,
  },
  CertificateExchange: {
    ClientRequestTimeout: 10 * second,
    ServerRequestTimeout: 60 * second,
    MinimumPollInterval: 30 * second,
    MaximumPollInterval: 120 * second,
  },
  PubSub: {
    CompressionEnabled: true,
    ChainCompressionEnabled: true,
    GMessageSubscriptionBufferSize: 128,
    ValidatedMessageBufferSize: 128,
  },
  ChainExchange: {
    SubscriptionBufferSize: 32,
    MaxChainLength: 100,
    MaxInstanceLookahead: 10,
    MaxDiscoveredChainsPerInstance: 1000,
    MaxWantedChainsPerInstance: 1000,
    RebroadcastInterval: 2 * second,
    MaxTimestampAge: 8 * second,
  },
  PartialMessageManager: {
    PendingDiscoveredChainsBufferSize: 100,
    PendingPartialMessagesBufferSize: 100,
    PendingChainBroadcastsBufferSize: 100,
    PendingInstanceRemovalBufferSize: 10,
    CompletedMessagesBufferSize: 100,
    MaxBufferedMessagesPerInstance: 25_000,
    MaxCachedValidatedMessagesPerInstance: 25_000,
  },
}

export const mainnetF3Manifest: F3Manifest = {
  ...testF3Manifest,
  BootstrapEpoch: 4_920_480,
  NetworkName: 'filecoin',
  InitialPowerTable: { '/': 'bafy2bzacecklgxd2eksmodvhgurqvorkg3wamgqkrunir3al2gchv2cikgmbu' },
  Gpbft: { ...testF3Manifest.Gpbft, QualityDeltaMultiplier: 8, ChainProposedLength: 20 },
  PubSub: { ...testF3Manifest.PubSub, GMessageSubscriptionBufferSize: 1024, ValidatedMessageBufferSize: 1024 },
  ChainExchange: {
    ...testF3Manifest.ChainExchange,
    SubscriptionBufferSize: 64,
    MaxChainLength: 20,
    MaxTimestampAge: 16 * second,
  },
}

export const calibnetF3Manifest: F3Manifest = {
  ...testF3Manifest,
  BootstrapEpoch: 3_451_774,
  NetworkName: 'calibrationnet2',
  InitialPowerTable: { '/': 'bafy2bzacednijkh5dhb6jb7snxhhtjt7zuqaydlewoha3ordhy76dhgwtmptg' },
}

export const butterflynetF3Manifest: F3Manifest = { ...testF3Manifest, NetworkName: 'butterflynet' }

export const devnetF3Manifest: F3Manifest = { ...testF3Manifest, EC: { ...testF3Manifest.EC, Period: 4 * second } }
