/** The files of sectors: their kinds, and their names in a storage path (Lotus storage/sealer/storiface/filetype.go). */

/** Kinds in the order of their bits: 1, 2, 4, 8, 16, 32. Each is a folder of a storage path. */
export const sectorFileTypes = ['unsealed', 'sealed', 'cache', 'update', 'update-cache', 'piece'] as const
export type SectorFileType = (typeof sectorFileTypes)[number]

/** The bit that stands for a kind in the API. */
export function fileTypeBit(type: SectorFileType): number {
  return 1 << sectorFileTypes.indexOf(type)
}

/** The kinds whose bits are set. */
export function fileTypesOf(bits: number): SectorFileType[] {
  return sectorFileTypes.filter((type) => (bits & fileTypeBit(type)) !== 0)
}

export interface SectorId {
  /** Actor id. */
  readonly miner: bigint
  readonly number: bigint
}

/** `s-t01000-5`; with `t0` on every network. */
export function sectorName({ miner, number }: SectorId): string {
  return `s-t0${miner}-${number}`
}

const maxUint64 = 2n ** 64n - 1n

/** Undefined for a name that is none of a sector's. */
export function parseSectorName(name: string): SectorId | undefined {
  const match = /^s-t0(0|[1-9]\d{0,19})-(0|[1-9]\d{0,19})$/.exec(name)
  if (match === null) return undefined
  const [miner, number] = [BigInt(match[1] as string), BigInt(match[2] as string)]
  return miner > maxUint64 || number > maxUint64 ? undefined : { miner, number }
}

/** Tenths of a sector's size that a kind of file takes up. */
type Overheads = Readonly<Record<SectorFileType, bigint>>
/** While a sector is sealed: eleven layers, the data's tree twice, the column and the replica trees. */
const sealing: Overheads = { unsealed: 10n, sealed: 10n, cache: 141n, update: 10n, 'update-cache': 21n, piece: 10n }
const finalized: Overheads = { unsealed: 10n, sealed: 10n, cache: 1n, update: 10n, 'update-cache': 1n, piece: 10n }

/** Bytes that a file needs: for sealing, or for keeping. */
export function spaceOf(type: SectorFileType, sectorSize: bigint, use: 'sealing' | 'storage'): bigint {
  return ((use === 'sealing' ? sealing : finalized)[type] * sectorSize) / 10n
}
