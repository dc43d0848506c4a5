/**
 * Which storage path has which file of which sector, over all hosts of a miner, in memory: every host declares its own when it
 * attaches a path (Lotus storage/paths/index.go).
 */
import { StorageError } from './errors.ts'
import { allowsFile, type PathMeta } from './path-meta.ts'
import { fileTypeBit, type SectorFileType, type SectorId, sectorName, spaceOf } from './sector-files.ts'

export const heartbeatMs = 10_000
/** Without a sign of life for so long a path gets no new files. */
export const staleMs = 50_000

export interface FsStat {
  /** Bytes of the file system. */
  readonly capacity: bigint
  /** What new files may take up, with reservations and the path's own limit counted. */
  readonly available: bigint
  readonly fsAvailable: bigint
  /** Promised to files that are not written yet. */
  readonly reserved: bigint
  /** The path's own limit; 0 for none. */
  readonly max: bigint
  /** Bytes of the path's files; only counted where there is a limit. */
  readonly used: bigint
}

export interface StorageInfo extends PathMeta {
  /** Where other hosts fetch from. */
  readonly urls: readonly string[]
}

export interface Declaration {
  readonly sector: SectorId
  /** Bits of the kinds. */
  readonly types: number
}

export interface FoundPath {
  readonly info: StorageInfo
  /** The long-term copy, and not one that is left from sealing. */
  readonly primary: boolean
}

interface Entry {
  info: StorageInfo
  stat: FsStat
  seenAt: number
  failure: string | undefined
}

interface Copy {
  readonly path: string
  readonly primary: boolean
}

export class SectorIndex {
  readonly #paths = new Map<string, Entry>()
  /** Name of the sector, then kind, then where. */
  readonly #sectors = new Map<string, { readonly sector: SectorId; readonly copies: Map<SectorFileType, Copy[]> }>()
  readonly #now: () => number

  /** @param now milliseconds, given in tests */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Makes a path known, or renews what is known of it: another host may have opened the same one. */
  attach(info: StorageInfo, stat: FsStat): void {
    const known = this.#paths.get(info.id)
    const urls = [...new Set([...(known?.info.urls ?? []), ...info.urls])]
    this.#paths.set(info.id, { info: { ...info, urls }, stat, seenAt: this.#now(), failure: undefined })
  }

  /** Forgets a path and all that is declared in it. @throws StorageError STORAGE_UNKNOWN */
  detach(id: string): void {
    this.#entry(id)
    this.#paths.delete(id)
    for (const [name, { copies }] of this.#sectors) {
      for (const type of copies.keys()) this.#drop(name, type, id)
    }
  }

  reportHealth(id: string, report: FsStat | Error): void {
    const entry = this.#entry(id)
    if (report instanceof Error) {
      entry.failure = report.message
      return
    }
    entry.stat = report
    entry.seenAt = this.#now()
    entry.failure = undefined
  }

  declare(id: string, sector: SectorId, type: SectorFileType, primary: boolean): void {
    this.#entry(id)
    const name = sectorName(sector)
    let known = this.#sectors.get(name)
    if (known === undefined) {
      known = { sector, copies: new Map() }
      this.#sectors.set(name, known)
    }
    const others = (known.copies.get(type) ?? []).filter((copy) => copy.path !== id)
    known.copies.set(type, [...others, { path: id, primary }])
  }

  drop(id: string, sector: SectorId, type: SectorFileType): void {
    this.#drop(sectorName(sector), type, id)
  }

  /** Where a kind of file of a sector is: the long-term copy first, then by weight. */
  find(sector: SectorId, type: SectorFileType): FoundPath[] {
    const copies = this.#sectors.get(sectorName(sector))?.copies.get(type) ?? []
    return copies
      .flatMap(({ path, primary }) => {
        const entry = this.#paths.get(path)
        return entry === undefined ? [] : [{ info: entry.info, primary }]
      })
      .sort((a, b) => Number(b.primary) - Number(a.primary) || compare(b.info.weight, a.info.weight))
  }

  /** All declarations of each path. */
  list(): Map<string, Declaration[]> {
    const out = new Map<string, Map<string, { sector: SectorId; types: number }>>()
    for (const id of this.#paths.keys()) out.set(id, new Map())
    for (const [name, { sector, copies }] of this.#sectors) {
      for (const [type, places] of copies) {
        for (const { path } of places) {
          const of = out.get(path)
          if (of === undefined) continue
          const declared = of.get(name) ?? { sector, types: 0 }
          declared.types |= fileTypeBit(type)
          of.set(name, declared)
        }
      }
    }
    return new Map([...out].map(([id, of]) => [id, [...of.values()]]))
  }

  /** @throws StorageError STORAGE_UNKNOWN */
  info(id: string): StorageInfo {
    return this.#entry(id).info
  }

  ids(): string[] {
    return [...this.#paths.keys()]
  }

  /**
   * Paths that may take a new file, the best first: by the space that is free, weighted.
   * @throws StorageError STORAGE_NO_SPACE, with each path's reason
   */
  bestForNew(type: SectorFileType, sectorSize: bigint, use: 'sealing' | 'storage', miner: bigint): StorageInfo[] {
    const need = spaceOf(type, sectorSize, use)
    const reasons: string[] = []
    const fit: Entry[] = []
    for (const entry of this.#paths.values()) {
      const reason = this.#unfit(entry, type, need, use, miner)
      if (reason === undefined) fit.push(entry)
      else reasons.push(`${entry.info.id} ${reason}`)
    }
    if (fit.length === 0) {
      const why = reasons.length === 0 ? 'no path is attached' : reasons.join('; ')
      throw new StorageError('STORAGE_NO_SPACE', `No storage path takes a file of the kind ${type}: ${why}.`)
    }
    const score = ({ info, stat }: Entry) => stat.available * info.weight
    return fit.sort((a, b) => compare(score(b), score(a))).map(({ info }) => info)
  }

  #unfit({ info, stat, seenAt, failure }: Entry, type: SectorFileType, need: bigint, use: string, miner: bigint) {
    if (use === 'sealing' && !info.canSeal) return 'is not for sealing'
    if (use === 'storage' && !info.canStore) return 'is not for storing'
    if (info.weight === 0n) return 'has weight 0'
    if (!allowsFile(info, type, miner)) return 'does not allow it'
    if (failure !== undefined) return `fails (${failure})`
    if (this.#now() - seenAt > staleMs) return 'has given no sign of life'
    if (stat.available < need) return `has ${stat.available} bytes free of ${need}`
    return undefined
  }

  #entry(id: string): Entry {
    const entry = this.#paths.get(id)
    if (entry === undefined) throw new StorageError('STORAGE_UNKNOWN', `No storage path ${id} is attached.`)
    return entry
  }

  #drop(name: string, type: SectorFileType, id: string): void {
    const known = this.#sectors.get(name)
    const left = known?.copies.get(type)?.filter((copy) => copy.path !== id)
    if (known === undefined || left === undefined) return
    if (left.length > 0) known.copies.set(type, left)
    else known.copies.delete(type)
    if (known.copies.size === 0) this.#sectors.delete(name)
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
