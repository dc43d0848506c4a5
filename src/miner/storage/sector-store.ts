/**
 * The storage paths of this host: folders with a sectorstore.json in which sectors' files lie (Lotus storage/paths/local.go).
 * A path is read in place and may be read-only.
 */
import { mkdir, readdir, stat, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { StorageError } from './errors.ts'
import { type PathMeta, readPathMeta } from './path-meta.ts'
import { parseSectorName, type SectorFileType, type SectorId, sectorFileTypes, sectorName } from './sector-files.ts'
import { type FsStat, heartbeatMs, type SectorIndex } from './sector-index.ts'

const log = getLogger('stores')
/** A folder of Lotus's for files that are being fetched. */
const fetchFolder = 'fetching'

interface LocalPath {
  readonly folder: string
  readonly meta: PathMeta
  /** Set when an entry was warned about, which happens once. */
  readonly strange: Set<string>
}

/** storage.json in the miner's repo: the folders that are attached. */
export interface StoragePathList {
  storagePaths(): Promise<readonly string[]>
  setStoragePaths(paths: readonly string[]): Promise<void>
}

export interface SectorStoreInit {
  /** Where other hosts fetch this host's files. */
  readonly urls?: readonly string[]
}

/** Where a sector's files for a proof of spacetime lie. */
export interface ProvingFiles {
  readonly sealedPath: string
  readonly cachePath: string
}

export class SectorStore {
  readonly #index: SectorIndex
  readonly #list: StoragePathList
  readonly #urls: readonly string[]
  readonly #paths = new Map<string, LocalPath>()
  #timer: NodeJS.Timeout | undefined
  #changing: Promise<unknown> = Promise.resolve()

  constructor(
    { index, paths }: { readonly index: SectorIndex; readonly paths: StoragePathList },
    { urls = [] }: SectorStoreInit = {},
  ) {
    this.#index = index
    this.#list = paths
    this.#urls = urls
  }

  /**
   * Opens the paths of storage.json and begins to report their health. A path that cannot be opened is warned about: its
   * sectors are faults, the others' are not.
   */
  async open(): Promise<void> {
    for (const folder of await this.#list.storagePaths()) {
      try {
        await this.#openPath(folder)
      } catch (e) {
        log.error('a storage path cannot be opened; its sectors cannot be proven', { path: folder }, e)
      }
    }
    this.#timer = setInterval(() => void this.reportHealth(), heartbeatMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  get index(): SectorIndex {
    return this.#index
  }

  /** Attached folders by the paths' ids. */
  local(): Map<string, string> {
    return new Map([...this.#paths].map(([id, { folder }]) => [id, folder]))
  }

  /** Opens a folder and adds it to storage.json. @throws StorageError STORAGE_PATH, STORAGE_META, STORAGE_ATTACHED */
  attach(folder: string): Promise<PathMeta> {
    return this.#oneByOne(async () => {
      const path = resolve(folder)
      const meta = await this.#openPath(path)
      const listed = await this.#list.storagePaths()
      if (!listed.includes(path)) await this.#list.setStoragePaths([...listed, path])
      return meta
    })
  }

  /** Closes a folder and takes it out of storage.json; its files stay. @throws StorageError STORAGE_UNKNOWN */
  detach(folder: string): Promise<void> {
    return this.#oneByOne(async () => {
      const path = resolve(folder)
      const listed = await this.#list.storagePaths()
      const opened = [...this.#paths].find(([, local]) => local.folder === path)
      if (opened === undefined && !listed.includes(path)) {
        throw new StorageError('STORAGE_UNKNOWN', `${path} is not attached; storage list shows what is.`)
      }
      await this.#list.setStoragePaths(listed.filter((other) => other !== path))
      if (opened !== undefined) {
        this.#paths.delete(opened[0])
        this.#index.detach(opened[0])
      }
    })
  }

  /**
   * Reads again what lies in a path, or in all of them.
   * @param dropMissing forget files that are not there any more. @throws StorageError STORAGE_UNKNOWN
   */
  redeclare(id: string | undefined, dropMissing: boolean): Promise<void> {
    return this.#oneByOne(async () => {
      const wanted = id === undefined ? [...this.#paths.values()] : [this.#local(id)]
      for (const path of wanted) await this.#declareAll(path, dropMissing)
    })
  }

  /** @throws StorageError STORAGE_UNKNOWN; the file system's error */
  async stat(id: string): Promise<FsStat> {
    const { folder, meta } = this.#local(id)
    const fs = await statfs(folder, { bigint: true })
    const fsAvailable = fs.bavail * fs.bsize
    const used = meta.maxStorage > 0n ? await sizeOfFiles(folder) : 0n
    const left = meta.maxStorage > used ? meta.maxStorage - used : 0n
    const available = meta.maxStorage === 0n || fsAvailable < left ? fsAvailable : left
    return { capacity: fs.blocks * fs.bsize, available, fsAvailable, reserved: 0n, max: meta.maxStorage, used }
  }

  async reportHealth(): Promise<void> {
    for (const id of this.#paths.keys()) {
      const report = await this.stat(id).catch((e: unknown) => (e instanceof Error ? e : new Error(errorMessage(e))))
      // It may have been detached in the meantime.
      if (this.#paths.has(id)) this.#index.reportHealth(id, report)
    }
  }

  /**
   * The places of this host where a kind of file of a sector is, the best first. Files that came after the path was attached are
   * found and declared; ones that are gone are left out.
   */
  async locate(sector: SectorId, type: SectorFileType): Promise<string[]> {
    const declared = this.#index.find(sector, type).flatMap(({ info }) => this.#paths.get(info.id) ?? [])
    const others = [...this.#paths.values()].filter((path) => !declared.includes(path))
    const out: string[] = []
    for (const path of [...declared, ...others]) {
      const file = join(path.folder, type, sectorName(sector))
      if (!(await exists(file))) continue
      if (!declared.includes(path)) this.#index.declare(path.meta.id, sector, type, path.meta.canStore)
      out.push(file)
    }
    return out
  }

  /**
   * The pairs of replica and cache folder that a sector may be proven from, the best first.
   * @throws StorageError STORAGE_NO_SECTOR, which says which file is missing
   */
  async provingFiles(sector: SectorId, updated: boolean): Promise<ProvingFiles[]> {
    const [sealedType, cacheType] = updated ? (['update', 'update-cache'] as const) : (['sealed', 'cache'] as const)
    const sealed = await this.locate(sector, sealedType)
    const caches = await this.locate(sector, cacheType)
    const missing = [...(sealed.length === 0 ? [sealedType] : []), ...(caches.length === 0 ? [cacheType] : [])]
    if (missing.length > 0) {
      const where = this.#paths.size === 0 ? 'no storage path is attached' : 'no attached storage path has it'
      throw new StorageError(
        'STORAGE_NO_SECTOR',
        `Sector ${sector.number} has no ${missing.map((type) => `${type} file`).join(' and no ')}: ${where}.`,
      )
    }
    return sealed.flatMap((sealedPath) => caches.map((cachePath) => ({ sealedPath, cachePath })))
  }

  /** The file that a new one of this kind is to be written to; its folder is there. @throws StorageError STORAGE_NO_SPACE */
  async allocate(sector: SectorId, type: SectorFileType, sectorSize: bigint, use: 'sealing' | 'storage'): Promise<string> {
    for (const { id } of this.#index.bestForNew(type, sectorSize, use, sector.miner)) {
      const path = this.#paths.get(id)
      if (path === undefined) continue
      await mkdir(join(path.folder, type), { recursive: true })
      return join(path.folder, type, sectorName(sector))
    }
    throw new StorageError('STORAGE_NO_SPACE', `No storage path of this host takes a file of the kind ${type}.`)
  }

  async #openPath(folder: string): Promise<PathMeta> {
    const meta = await readPathMeta(folder)
    const other = this.#paths.get(meta.id)
    if (other !== undefined) {
      const what = other.folder === folder ? `${folder} is attached already` : `${other.folder} has the same id as ${folder}`
      throw new StorageError('STORAGE_ATTACHED', `${what} (${meta.id}).`)
    }
    const path: LocalPath = { folder, meta, strange: new Set() }
    this.#paths.set(meta.id, path)
    try {
      this.#index.attach({ ...meta, urls: this.#urls }, await this.stat(meta.id))
      await this.#declareAll(path, false)
    } catch (cause) {
      this.#paths.delete(meta.id)
      throw new StorageError('STORAGE_PATH', `${folder} cannot be read: ${errorMessage(cause)}.`, { cause })
    }
    return meta
  }

  async #declareAll({ folder, meta, strange }: LocalPath, dropMissing: boolean): Promise<void> {
    const before = dropMissing ? (this.#index.list().get(meta.id) ?? []) : []
    const found = new Set<string>()
    for (const type of sectorFileTypes) {
      for (const name of await namesIn(join(folder, type))) {
        const sector = parseSectorName(name)
        if (sector !== undefined) {
          found.add(`${type}/${name}`)
          this.#index.declare(meta.id, sector, type, meta.canStore)
        } else if (name !== fetchFolder && !strange.has(name)) {
          strange.add(name)
          log.warn('a file in a storage path is none of a sector', { file: join(folder, type, name) })
        }
      }
    }
    for (const { sector } of before) {
      for (const type of sectorFileTypes) {
        if (!found.has(`${type}/${sectorName(sector)}`)) this.#index.drop(meta.id, sector, type)
      }
    }
  }

  #local(id: string): LocalPath {
    const path = this.#paths.get(id)
    if (path === undefined) throw new StorageError('STORAGE_UNKNOWN', `No storage path ${id} is attached to this host.`)
    return path
  }

  /** Attaching and detaching rewrite one file, so they wait for each other. */
  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(work)
    this.#changing = result.catch(() => undefined)
    return result
  }
}

/** Nothing for a folder that is not there: a path that takes no unsealed files need not have the folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw e
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}

/** Bytes on the disk of all sectors' files in a path. */
async function sizeOfFiles(folder: string): Promise<bigint> {
  let sum = 0n
  for (const type of sectorFileTypes) {
    for (const name of await namesIn(join(folder, type))) sum += await diskUsage(join(folder, type, name))
  }
  return sum
}

async function diskUsage(path: string): Promise<bigint> {
  let found: Awaited<ReturnType<typeof bigStat>>
  try {
    found = await bigStat(path)
  } catch (e) {
    // Removed in between.
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return 0n
    throw e
  }
  let sum = found.blocks * 512n
  if (found.isDirectory()) for (const name of await namesIn(path)) sum += await diskUsage(join(path, name))
  return sum
}

const bigStat = (path: string) => stat(path, { bigint: true })
