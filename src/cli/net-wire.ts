/** Lotus's JSON of the network and the syncer, as far as commands read it. */
import type { TipsetJson } from './wire.ts'

export interface AddrInfoJson {
  readonly ID: string
  readonly Addrs: readonly string[] | null
}
export interface ScoreJson {
  readonly ID: string
  readonly Score: { readonly Score: number }
}
export interface NatInfoJson {
  readonly Reachability: number
  readonly PublicAddrs: readonly string[] | null
}
/** Bytes, and bytes per second. */
export interface BandwidthJson {
  readonly TotalIn: number | bigint
  readonly TotalOut: number | bigint
  readonly RateIn: number
  readonly RateOut: number
}
export interface BlockListJson {
  readonly Peers: readonly string[] | null
  readonly IPAddrs: readonly string[] | null
  readonly IPSubnets: readonly string[] | null
}
export interface ScopeStatJson {
  readonly NumStreamsInbound: number
  readonly NumStreamsOutbound: number
  readonly NumConnsInbound: number
  readonly NumConnsOutbound: number
  readonly NumFD: number
  readonly Memory: number | bigint
}
export interface NetStatJson {
  readonly System?: ScopeStatJson
  readonly Transient?: ScopeStatJson
  readonly Services?: Readonly<Record<string, ScopeStatJson>>
  readonly Protocols?: Readonly<Record<string, ScopeStatJson>>
  readonly Peers?: Readonly<Record<string, ScopeStatJson>>
}
export interface NetLimitJson {
  /** Left out where memory is not limited. */
  readonly Memory?: number | bigint
  readonly StreamsInbound: number
  readonly StreamsOutbound: number
  readonly ConnsInbound: number
  readonly ConnsOutbound: number
  readonly FD: number
}
export interface ActiveSyncJson {
  readonly WorkerID: number
  readonly Base: TipsetJson | null
  readonly Target: TipsetJson | null
  readonly Stage: number
  readonly Height: number
  readonly Start: string
  readonly End: string
  readonly Message: string
}
export interface SyncStateJson {
  readonly ActiveSyncs: readonly ActiveSyncJson[] | null
  readonly VMApplied: number
}

const stages = ['idle', 'header sync', 'persisting headers', 'message sync', 'complete', 'error', 'fetching messages'] as const
export const Stage = { idle: 0, complete: 4, error: 5 } as const

/** Lotus's name of a stage (api.SyncStateStage). */
export function stageName(stage: number): string {
  return stages[stage] ?? `<unknown: ${stage}>`
}

/** Undefined for Go's zero time, which stands for none. @returns Unix milliseconds */
export function unixMs(time: string): number | undefined {
  return time.startsWith('0001-01-01T') ? undefined : Date.parse(time)
}
