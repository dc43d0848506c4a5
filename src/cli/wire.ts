/**
 * The parts of Lotus's JSON that commands read. The CLI works on the JSON itself rather than through the contract's
 * descriptors: what it does not know it prints unchanged, it can be pointed at a node of another version or at Lotus, and
 * starting a command does not load the descriptors of 200 methods.
 */

/** A CID in JSON. */
export interface Link {
  readonly '/': string
}
export type TipsetKeyJson = readonly Link[]

export interface BlockJson {
  readonly Miner: string
  /** Unix seconds. */
  readonly Timestamp: number
  readonly Height: number
  readonly ParentWeight: string
  readonly ParentBaseFee: string
  readonly ParentStateRoot: Link
  readonly Parents: TipsetKeyJson
}
export interface TipsetJson {
  readonly Cids: TipsetKeyJson
  readonly Blocks: readonly BlockJson[]
  readonly Height: number
}
export interface MessageJson {
  readonly To: string
  readonly From: string
  readonly Nonce: number
  readonly Value: string
  readonly GasLimit: number
  readonly GasPremium: string
  readonly Method: number
  /** Base64, or null for none. */
  readonly Params: string | null
}
export interface ApiMessageJson {
  readonly Cid: Link
  readonly Message: MessageJson
}
export interface BlockMessagesJson {
  readonly BlsMessages: readonly MessageJson[] | null
  readonly SecpkMessages: readonly { readonly Message: MessageJson }[] | null
}
export interface ReceiptJson {
  readonly ExitCode: number
  readonly Return: string | null
  readonly GasUsed: number
  readonly EventsRoot: Link | null
}
export interface MsgLookupJson {
  readonly Message: Link
  readonly Receipt: ReceiptJson
  readonly ReturnDec: unknown
  readonly TipSet: TipsetKeyJson
  readonly Height: number
}
export interface ActorJson {
  readonly Code: Link
  readonly Head: Link
  readonly Nonce: number
  readonly Balance: string
  readonly DelegatedAddress?: string | null
}
export interface TraceJson {
  readonly Msg: MessageJson
  readonly MsgRct: { readonly ExitCode: number; readonly Return: string | null }
  readonly InvokedActor?: { readonly State: ActorJson } | null
  readonly Subcalls: readonly TraceJson[] | null
}
export interface InvocResultJson {
  readonly MsgCid: Link
  readonly Msg: MessageJson
  readonly MsgRct: ReceiptJson
  readonly GasCost: Readonly<Record<GasCost, string>>
  readonly ExecutionTrace: TraceJson
  readonly Error: string
  /** Nanoseconds. */
  readonly Duration: number
}
type GasCost = 'BaseFeeBurn' | 'OverEstimationBurn' | 'MinerPenalty' | 'MinerTip' | 'Refund' | 'TotalCost'
export interface ComputeStateJson {
  readonly Root: Link
  readonly Trace: readonly InvocResultJson[] | null
}
export interface SectorJson {
  readonly SectorNumber: number
  readonly SealProof: number
  readonly SealedCID: Link
  readonly Activation: number
  readonly Expiration: number
  readonly DealWeight: string
  readonly VerifiedDealWeight: string
  readonly InitialPledge: string
  readonly ExpectedDayReward: string | null
  readonly ExpectedStoragePledge: string | null
  readonly SectorKeyCID: Link | null
  readonly DailyFee: string
  readonly DeprecatedDealIDs?: readonly number[] | null
}
export interface PowerJson {
  readonly RawBytePower: string
  readonly QualityAdjPower: string
}
export interface MinerPowerJson {
  readonly MinerPower: PowerJson
  readonly TotalPower: PowerJson
  readonly HasMinPower: boolean
}
export interface MinerInfoJson {
  readonly Owner: string
  readonly Worker: string
  readonly NewWorker: string
  readonly ControlAddresses: readonly string[] | null
  readonly WorkerChangeEpoch: number
  readonly PeerId: string | null
  /** Multiaddresses in their byte form, base64. */
  readonly Multiaddrs: readonly string[] | null
  readonly WindowPoStProofType: number
  readonly SectorSize: number
  readonly ConsensusFaultElapsed: number
  readonly PendingOwnerAddress: string | null
  readonly Beneficiary: string
  readonly BeneficiaryTerm: { readonly Quota: string; readonly UsedQuota: string; readonly Expiration: number } | null
  readonly PendingBeneficiaryTerm: {
    readonly NewBeneficiary: string
    readonly NewQuota: string
    readonly NewExpiration: number
    readonly ApprovedByBeneficiary: boolean
    readonly ApprovedByNominee: boolean
  } | null
}
export interface DeadlineJson {
  readonly CurrentEpoch: number
  readonly PeriodStart: number
  readonly Index: number
  readonly Open: number
  readonly Close: number
  readonly Challenge: number
  readonly FaultCutoff: number
  readonly WPoStPeriodDeadlines: number
  readonly WPoStProvingPeriod: number
}
export interface NetworkParamsJson {
  readonly NetworkName: string
  readonly BlockDelaySecs: number
}
export interface AlertJson {
  readonly Type: { readonly System: string; readonly Subsystem: string }
  readonly Active: boolean
  readonly LastActive: AlertEventJson | null
  readonly LastResolved: AlertEventJson | null
}
interface AlertEventJson {
  readonly Message: unknown
  readonly Time: string
}
export interface NodeStatusJson {
  readonly SyncStatus: { readonly Epoch: number; readonly Behind: number }
  readonly PeerStatus: { readonly PeersToPublishMsgs: number; readonly PeersToPublishBlocks: number }
  readonly ChainStatus: { readonly BlocksPerTipsetLast100: number; readonly BlocksPerTipsetLastFinality: number }
}
