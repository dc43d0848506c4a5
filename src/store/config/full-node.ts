import { FIL } from '../../types/scalars.ts'
import { ConfigError } from './errors.ts'
import { bool, choice, duration, fil, int, text, textMap, texts, uint } from './kinds.ts'
import { type ConfigOf, section, setting } from './schema.ts'

const seconds = 1000
const hours = 3600 * seconds
/** Epochs in a day: the shortest time that an index or a filter can span. */
const day = 2880
const MAX_CACHE_BYTES = 2 ** 42

/** The config of a full node (Lotus: node/config/types.go and def.go). */
export const fullNodeConfig = section({
  API: section({
    ListenAddress: setting(text, '/ip4/127.0.0.1/tcp/1234/http', 'Where the JSON-RPC server listens, as a multiaddress.'),
    RemoteListenAddress: setting(text, '', 'Address at which other machines reach the API, host:port.'),
    Timeout: setting(duration, 30 * seconds, 'How long a request may take to arrive.'),
  }),
  Backup: section({
    DisableMetadataLog: setting(bool, true, [
      'Whether to do without the log of metadata changes (kvlog). With the log, metadata that were damaged',
      'can be rebuilt; without it less is written to disk.',
    ]),
  }),
  Logging: section({
    SubsystemLevels: setting(textMap, {}, 'Log levels of single subsystems, a line each: chain = "DEBUG"'),
  }),
  Libp2p: section({
    ListenAddresses: setting(
      texts,
      [
        '/ip4/0.0.0.0/tcp/0',
        '/ip6/::/tcp/0',
        '/ip4/0.0.0.0/udp/0/quic-v1',
        '/ip6/::/udp/0/quic-v1',
        '/ip4/0.0.0.0/udp/0/quic-v1/webtransport',
        '/ip6/::/udp/0/quic-v1/webtransport',
      ],
      'Where to listen for peers, as multiaddresses; port 0 takes any free one.',
    ),
    AnnounceAddresses: setting(texts, [], 'Addresses to tell to peers instead of those of the network interfaces.'),
    NoAnnounceAddresses: setting(texts, [], 'Addresses never to tell to peers.'),
    BootstrapPeers: setting(texts, [], 'Peers to connect to first, instead of those of the network.'),
    ProtectedPeers: setting(texts, [], 'Peer IDs whose connections are never closed to save connections.'),
    DisableNatPortMap: setting(bool, false, 'Whether not to ask the router to forward the port that the node listens on.'),
    ConnMgrLow: setting(uint, 150, 'Number of connections to which they are cut when there are too many.'),
    ConnMgrHigh: setting(uint, 180, 'Number of connections above which they are cut; protected and new ones do not count.'),
    ConnMgrGrace: setting(duration, 20 * seconds, 'How long a new connection is safe from being closed for its number.'),
  }),
  Pubsub: section(
    {
      Bootstrapper: setting(
        bool,
        false,
        'Whether this is a bootstrap node: it keeps no mesh and introduces peers to each other.',
      ),
      DirectPeers: setting(
        texts,
        [],
        [
          'Peers that all valid messages are passed to directly, outside of the mesh, as multiaddresses with /p2p/<id>.',
          'They must list this node in turn.',
        ],
      ),
      IPColocationWhitelist: setting(texts, [], 'Networks (as 10.0.0.0/8) from which any number of peers is welcome.'),
    },
    ['RemoteTracer', 'JsonTracer', 'ElasticSearchTracer', 'ElasticSearchIndex', 'TracerSourceAuth'],
  ),
  Wallet: section({
    RemoteBackend: setting(text, '', [
      'API of a remote wallet, <token>:<multiaddress>, that signs instead of this node. This version has no remote wallets:',
      'it does not start when one is named.',
    ]),
    EnableLedger: setting(bool, false, [
      'Whether keys on a Ledger device can be used. This version has no Ledger support: it says so, and starts without.',
    ]),
    DisableLocal: setting(bool, false, 'Whether keys in this repo are left alone.'),
  }),
  Fees: section({
    DefaultMaxFee: setting(
      fil,
      (7n * FIL) / 100n,
      'Highest fee of a message that the node sends without being told another limit.',
    ),
  }),
  Chainstore: section({
    EnableSplitstore: setting(
      bool,
      true,
      [
        'Whether state that is older than a few finalities is removed from disk.',
        'Set it to false for an archive node, which keeps all states.',
      ],
      { mustState: true },
    ),
    Splitstore: section(
      {
        ColdStoreType: setting(choice('discard', 'messages', 'universal'), 'discard', [
          'What becomes of blocks that are no longer hot: "discard" drops them, "messages" keeps messages,',
          '"universal" keeps everything in a second store.',
        ]),
        HotStoreMessageRetention: setting(uint, 0, 'Finalities beyond the boundary of a compaction for which messages stay hot.'),
        HotStoreFullGCFrequency: setting(uint, 20, 'Every how many compactions the hot store is written anew; 0 for never.'),
        HotStoreMaxSpaceTarget: setting(uint, 650_000_000_000, 'Bytes that the hot store should stay below; 0 for no such aim.'),
        HotStoreMaxSpaceThreshold: setting(uint, 150_000_000_000, 'Bytes below the aim at which the hot store is written anew.'),
        HotstoreMaxSpaceSafetyBuffer: setting(uint, 50_000_000_000, 'Bytes below the aim that writing it anew must leave free.'),
      },
      ['HotStoreType', 'MarkSetType'],
    ),
    Caches: section({
      BlockBytes: setting(uint, 256 << 20, [
        'Memory for blocks of the state, kept from one execution to the next, in bytes. It fills in hours to days; a machine',
        'with little memory gets on with a quarter.',
      ]),
      IndexBytes: setting(uint, 64 << 20, 'Memory for the index that tells where a block is on the disk, in bytes.'),
    }),
  }),
  Fevm: section({
    EnableEthRPC: setting(bool, false, 'Whether eth_ methods are served. They need ChainIndexer.EnableIndexer.'),
    EthTraceFilterMaxResults: setting(uint, 500, 'Most results that one trace_filter answers.'),
    EthBlkCacheSize: setting(uint, 500, 'Ethereum blocks that are kept ready for eth_getBlockByHash; 0 for none.'),
  }),
  Events: section({
    EnableActorEventsAPI: setting(bool, false, 'Whether actor events are served. They need ChainIndexer.EnableIndexer.'),
    FilterTTL: setting(duration, 1 * hours, 'How long a filter that nobody asks lives.'),
    MaxFilters: setting(uint, 100, 'Most filters at one time.'),
    MaxFilterResults: setting(uint, 10_000, [
      'Most events that a query over several tipsets answers; 0 for no limit. A query of one tipset is not limited.',
    ]),
    MaxFilterHeightRange: setting(uint, day, 'Most epochs that a filter can span; holds for eth_getLogs and trace_filter.'),
  }),
  ChainIndexer: section({
    EnableIndexer: setting(bool, false, [
      'Whether tipsets, messages and events are indexed. eth_ methods and actor events need the index,',
      'and finding messages is much faster with it.',
    ]),
    GCRetentionEpochs: setting(int, 0, `Epochs that stay in the index: 0 for all, else ${day} or more.`),
    ReconcileEmptyIndex: setting(bool, false, 'Whether an empty index is filled from the chain at the start.'),
    MaxReconcileTipsets: setting(uint, 3 * day, 'Most tipsets that are indexed at the start because the index lacks them.'),
    AllowIndexReconciliationFailure: setting(bool, false, [
      'Whether the node starts although the index could not be brought up to date. Answers may then lack data.',
    ]),
  }),
  FaultReporter: section({
    EnableConsensusFaultReporter: setting(
      bool,
      false,
      'Whether the node watches for miners that break consensus, and reports them.',
    ),
    ConsensusFaultReporterDataDir: setting(text, '', [
      'Folder in which the reporter keeps what it saw; one in the repository where this is empty.',
    ]),
    ConsensusFaultReporterAddress: setting(text, '', [
      'Address that sends reports, pays for them and gets the rewards; the default address of the wallet where this is empty.',
    ]),
  }),
  PaymentChannels: section({
    EnablePaymentChannelManager: setting(bool, false, 'Whether payment channels can be used.'),
  }),
})

/** Sentences about settings that this version cannot follow, and starts without. */
export function unsupportedSettings({ Wallet }: FullNodeConfig): string[] {
  return Wallet.EnableLedger
    ? ['Wallet.EnableLedger is set, but this version does not support Ledger devices: only keys in the wallet are used']
    : []
}

export type FullNodeConfig = ConfigOf<typeof fullNodeConfig>

/**
 * Checks what concerns several settings.
 * @throws ConfigError CONFIG_VALUE
 */
export function checkFullNodeConfig(config: FullNodeConfig): void {
  const fail = (what: string): never => {
    throw new ConfigError('CONFIG_VALUE', what)
  }
  const { ChainIndexer, Chainstore, Events, Fevm, Libp2p, Wallet } = config
  // Its keys would not be used, without a word: blocks and messages would go unsigned, or be signed by others.
  if (Wallet.RemoteBackend !== '')
    fail('Wallet.RemoteBackend names a remote wallet, which this version does not support: leave it empty, and import its keys.')
  for (const [key, bytes] of Object.entries(Chainstore.Caches))
    if (bytes > MAX_CACHE_BYTES) fail(`Chainstore.Caches.${key} must be at most ${MAX_CACHE_BYTES} (4 TiB).`)
  if (Fevm.EnableEthRPC && !ChainIndexer.EnableIndexer)
    fail('Fevm.EnableEthRPC needs the index: set ChainIndexer.EnableIndexer to true.')
  if (Events.EnableActorEventsAPI && !ChainIndexer.EnableIndexer) {
    fail('Events.EnableActorEventsAPI needs the index: set ChainIndexer.EnableIndexer to true.')
  }
  const retention = ChainIndexer.GCRetentionEpochs
  if (retention !== 0 && retention < day) fail(`ChainIndexer.GCRetentionEpochs must be 0 or at least ${day}, not ${retention}.`)
  if (Libp2p.ConnMgrLow > Libp2p.ConnMgrHigh) fail('Libp2p.ConnMgrLow must not be greater than Libp2p.ConnMgrHigh.')
}
