/** The storage API's JSON; numbers are bigint where they pass 2^53. */
export type Whole = number | bigint

export interface FsStatJson {
  readonly Capacity: Whole
  readonly Available: Whole
  readonly FSAvailable: Whole
  readonly Reserved: Whole
  readonly Max: Whole
  readonly Used: Whole
}

export interface StorageInfoJson {
  readonly ID: string
  readonly URLs: readonly string[] | null
  readonly Weight: Whole
  readonly CanSeal: boolean
  readonly CanStore: boolean
  readonly Groups: readonly string[] | null
  readonly AllowTo: readonly string[] | null
  readonly AllowTypes: readonly string[] | null
  readonly DenyTypes: readonly string[] | null
}

export type StorageListJson = Readonly<
  Record<string, readonly { readonly Miner: Whole; readonly Number: Whole; readonly SectorFileType: number }[] | null>
>
export type StorageLocalJson = Readonly<Record<string, string>>
