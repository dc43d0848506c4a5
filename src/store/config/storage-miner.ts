import { FIL } from '../../types/scalars.ts'
import { ConfigError } from './errors.ts'
import { bool, choice, duration, fil, int, text, textMap, texts, uint } from './kinds.ts'
import { type ConfigOf, section, setting } from './schema.ts'

const seconds = 1000
const minutes = 60 * seconds
const hours = 60 * minutes

const batchFee = (perSector: bigint) =>
  section({
    Base: setting(fil, 0n, 'Fee of the message itself.'),
    PerSector: setting(fil, perSector, 'Added for each sector in it.'),
  })

const subsystems = section(
  {
    EnableMining: setting(bool, true, 'Whether this process makes blocks and proves sectors.'),
    EnableSealing: setting(bool, true, 'Whether this process seals sectors.'),
    EnableSectorStorage: setting(bool, true, 'Whether this process keeps sectors.'),
    SealerApiInfo: setting(text, '', 'API of another process that seals, <token>:<multiaddress>.'),
    SectorIndexApiInfo: setting(text, '', 'API of another process that knows where sectors are, <token>:<multiaddress>.'),
    DisableWindowPoSt: setting(bool, false, [
      'Whether window PoSts are left to somebody else altogether: no proofs, no recoveries.',
      'Without anybody who makes them the sectors become faulty and are fined.',
    ]),
    DisableWinningPoSt: setting(bool, false, 'Whether no blocks are made, as when another process makes them.'),
  },
  ['EnableSectorIndexDB'],
)

const proving = section({
  ParallelCheckLimit: setting(int, 32, 'Sectors that are checked at the same time before they are proven; 0 for all.'),
  SingleCheckTimeout: setting(duration, 10 * minutes, [
    'How long the check of one sector may take. A sector that takes longer is skipped; too short a time skips good sectors.',
  ]),
  PartitionCheckTimeout: setting(duration, 20 * minutes, [
    'How long the check of a partition may take. Sectors that were not checked in time are skipped.',
  ]),
  DisableBuiltinWindowPoSt: setting(bool, false, 'Whether window PoSts are only made by workers, never by this process.'),
  DisableBuiltinWinningPoSt: setting(bool, false, 'Whether winning PoSts are only made by workers, never by this process.'),
  DisableWDPoStPreChecks: setting(bool, false, 'Whether sectors are proven without being checked first.'),
  MaxPartitionsPerPoStMessage: setting(int, 0, "Most partitions proven in one message; 0 for the network's limit."),
  MaxPartitionsPerRecoveryMessage: setting(int, 0, 'Most partitions whose recovery one message declares; 0 for no limit.'),
  SingleRecoveringPartitionPerPostMessage: setting(bool, false, [
    'Whether a partition with recovering sectors gets a message of its own, which then needs less gas.',
  ]),
})

const sealing = section(
  {
    MaxWaitDealsSectors: setting(uint, 2, 'Sectors that wait for deals at the same time; 0 for no limit.'),
    MaxSealingSectors: setting(uint, 0, 'Sectors sealed at the same time when new ones are pledged; 0 for no limit.'),
    MaxSealingSectorsForDeals: setting(uint, 0, 'Sectors sealed at the same time when new ones take deals; 0 for no limit.'),
    PreferNewSectorsForDeals: setting(bool, false, 'Whether deals go to new sectors although some could be upgraded.'),
    MaxUpgradingSectors: setting(uint, 0, 'Sectors upgraded at the same time; 0 for MaxSealingSectorsForDeals.'),
    MinUpgradeSectorExpiration: setting(uint, 0, 'Epochs that a sector must have left to be upgraded; 0 for 180 days.'),
    CommittedCapacitySectorLifetime: setting(duration, 12_960 * hours, 'How long a sector without deals lives.'),
    WaitDealsDelay: setting(duration, 6 * hours, 'How long a sector waits for more deals before it is sealed.'),
    AlwaysKeepUnsealedCopy: setting(bool, true, 'Whether the data of deals is kept unsealed beside the sealed sector.'),
    FinalizeEarly: setting(bool, false, 'Whether a sector is brought to its place before its proof is on the chain.'),
    MakeNewSectorForDeals: setting(bool, true, 'Whether new sectors are made for deals.'),
    MakeCCSectorsAvailable: setting(bool, false, 'Whether sectors without deals can be upgraded once they are sealed.'),
    CollateralFromMinerBalance: setting(bool, false, "Whether collateral is taken from the miner actor's own balance."),
    AvailableBalanceBuffer: setting(fil, 0n, "What stays of the miner actor's available balance then."),
    DisableCollateralFallback: setting(bool, false, 'Whether no collateral is sent along even when that balance is too small.'),
    MaxPreCommitBatch: setting(int, 256, 'Sectors of one pre-commit message.'),
    PreCommitBatchWait: setting(duration, 24 * hours, 'How long a sector waits for others to be pre-committed with.'),
    PreCommitBatchSlack: setting(duration, 3 * hours, 'Time that must be left before a sector or deal expires.'),
    MinCommitBatch: setting(int, 4, 'Fewest proofs that are aggregated.'),
    MaxCommitBatch: setting(int, 819, 'Most proofs that are aggregated.'),
    CommitBatchWait: setting(duration, 24 * hours, 'How long a proof waits for others.'),
    CommitBatchSlack: setting(duration, 1 * hours, 'Time that must be left before a sector or deal expires.'),
    TerminateBatchMax: setting(uint, 100, 'Sectors of one termination message.'),
    TerminateBatchMin: setting(uint, 1, 'Fewest sectors of one termination message.'),
    TerminateBatchWait: setting(duration, 5 * minutes, 'How long a termination waits for others.'),
    MaxSectorProveCommitsSubmittedPerEpoch: setting(uint, 20, 'Proofs of single sectors sent in one epoch.'),
    UseSyntheticPoRep: setting(bool, false, 'Whether sectors are sealed with synthetic proofs, which need less space.'),
    RequireActivationSuccess: setting(bool, false, 'Whether a message fails when one of its new sectors cannot be activated.'),
    RequireActivationSuccessUpdate: setting(bool, false, 'The same when a market refuses one of its pieces.'),
    RequireNotificationSuccess: setting(bool, false, 'Whether a message fails when one of its updates cannot be activated.'),
    RequireNotificationSuccessUpdate: setting(bool, false, 'The same when a market refuses one of its pieces.'),
  },
  ['MinTargetUpgradeSectorExpiration'],
)

const storage = section({
  ParallelFetchLimit: setting(int, 10, 'Sectors fetched from other hosts at the same time.'),
  AllowSectorDownload: setting(bool, true, 'Whether this process downloads sectors.'),
  AllowAddPiece: setting(bool, true, 'Whether this process adds data to sectors.'),
  AllowPreCommit1: setting(bool, true, 'Whether this process runs phase 1 of pre-commits.'),
  AllowPreCommit2: setting(bool, true, 'Whether this process runs phase 2 of pre-commits.'),
  AllowCommit: setting(bool, true, 'Whether this process makes proofs of replication.'),
  AllowUnseal: setting(bool, true, 'Whether this process unseals.'),
  AllowReplicaUpdate: setting(bool, true, 'Whether this process updates replicas.'),
  AllowProveReplicaUpdate2: setting(bool, true, 'Whether this process proves updates.'),
  AllowRegenSectorKey: setting(bool, true, 'Whether this process makes the key of an updated sector again.'),
  LocalWorkerName: setting(text, '', "Name of this process among the workers; the host's where it is empty."),
  Assigner: setting(choice('utilization', 'spread'), 'utilization', [
    '"utilization" gives a task to the worker with the least to do, "spread" to as many workers as possible.',
  ]),
  DisallowRemoteFinalize: setting(bool, false, 'Whether sectors are only finalized by hosts that hold both places.'),
  ResourceFiltering: setting(choice('hardware', 'disabled', ''), 'hardware', [
    '"hardware" gives tasks only to workers with the memory and cores for them, "disabled" does not look.',
  ]),
})

const fees = section({
  MaxPreCommitGasFee: setting(fil, FIL / 40n, 'Highest fee of a pre-commit.'),
  MaxCommitGasFee: setting(fil, FIL / 20n, 'Highest fee of a commit.'),
  MaxTerminateGasFee: setting(fil, FIL / 2n, 'Highest fee of a termination.'),
  MaxWindowPoStGasFee: setting(fil, 5n * FIL, 'Highest fee of a window PoSt: much is lost when one does not arrive.'),
  MaxPublishDealsFee: setting(fil, FIL / 20n, 'Highest fee of publishing deals.'),
  MaxMarketBalanceAddFee: setting(fil, (7n * FIL) / 1000n, 'Highest fee of adding to the balance in the market.'),
  MaximizeWindowPoStFeeCap: setting(bool, true, [
    'Whether window PoSts offer the highest fee from the start, so that they are on time when the base fee rises.',
  ]),
  MaxPreCommitBatchGasFee: batchFee(FIL / 50n),
  MaxCommitBatchGasFee: batchFee((3n * FIL) / 100n),
})

/** The config of a miner (Lotus: node/config/types.go and def.go, StorageMiner). */
export const storageMinerConfig = section({
  API: section({
    ListenAddress: setting(text, '/ip4/127.0.0.1/tcp/2345/http', 'Where the JSON-RPC server listens, as a multiaddress.'),
    RemoteListenAddress: setting(text, '127.0.0.1:2345', 'Address at which other machines reach the API, host:port.'),
    Timeout: setting(duration, 30 * seconds, 'How long a request may take to arrive.'),
  }),
  Backup: section({
    DisableMetadataLog: setting(bool, true, [
      'Whether to do without the log of metadata changes (kvlog). With the log, metadata that were damaged',
      'can be rebuilt; without it less is written to disk.',
    ]),
  }),
  Logging: section({
    SubsystemLevels: setting(textMap, {}, 'Log levels of single subsystems, a line each: mining = "DEBUG"'),
  }),
  Subsystems: subsystems,
  Dealmaking: section({
    StartEpochSealingBuffer: setting(uint, 480, 'Epochs that a sector with deals needs to be sealed before the first begins.'),
  }),
  Proving: proving,
  Sealing: sealing,
  Storage: storage,
  Fees: fees,
  Addresses: section({
    PreCommitControl: setting(texts, [], 'Addresses that send pre-commits.'),
    CommitControl: setting(texts, [], 'Addresses that send commits.'),
    TerminateControl: setting(texts, [], 'Addresses that send terminations.'),
    DealPublishControl: setting(texts, [], 'Addresses that publish deals.'),
    DisableOwnerFallback: setting(bool, false, 'Whether the owner never sends what no other address can pay for.'),
    DisableWorkerFallback: setting(bool, false, [
      'Whether the worker never sends what has addresses of its own, even when none of them can pay.',
    ]),
  }),
  HarmonyDB: section({
    Hosts: setting(texts, ['127.0.0.1'], 'Hosts of the database that several miner hosts share; one is enough.'),
    Username: setting(text, 'yugabyte', 'User of that database.'),
    Password: setting(text, 'yugabyte', "That user's password."),
    Database: setting(text, 'yugabyte', 'Name of the database.'),
    Port: setting(text, '5433', 'Port of the database.'),
  }),
})

export type StorageMinerConfig = ConfigOf<typeof storageMinerConfig>

/**
 * Checks what concerns several settings.
 * @throws ConfigError CONFIG_VALUE
 */
export function checkStorageMinerConfig({ Proving, Sealing }: StorageMinerConfig): void {
  const fail = (what: string): never => {
    throw new ConfigError('CONFIG_VALUE', what)
  }
  if (Proving.ParallelCheckLimit < 0) fail('Proving.ParallelCheckLimit must not be below 0.')
  if (Sealing.TerminateBatchMin > Sealing.TerminateBatchMax)
    fail('Sealing.TerminateBatchMin must not be greater than Sealing.TerminateBatchMax.')
  if (Sealing.MinCommitBatch > Sealing.MaxCommitBatch)
    fail('Sealing.MinCommitBatch must not be greater than Sealing.MaxCommitBatch.')
}
