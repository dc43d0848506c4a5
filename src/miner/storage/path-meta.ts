/** `sectorstore.json`, which makes a folder a storage path (Lotus storiface.LocalStorageMeta). */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeFileAtomic } from '../../lib/atomic-file.ts'
import { errorMessage } from '../../lib/errors.ts'
import { StorageError } from './errors.ts'
import { type SectorFileType, sectorFileTypes } from './sector-files.ts'

export const pathMetaFile = 'sectorstore.json'
/** A file with lists of thousands of miners is still far below it. */
const maxMetaBytes = 1 << 20

export interface PathMeta {
  /** UUID of the path, which stays when the folder moves. */
  readonly id: string
  /** Higher is preferred for new files; 0 takes none. */
  readonly weight: bigint
  /** Files of sealing may lie here. */
  readonly canSeal: boolean
  /** Sectors may be kept here. */
  readonly canStore: boolean
  /** Bytes that all files may take up; 0 for no limit. */
  readonly maxStorage: bigint
  readonly groups: readonly string[]
  /** Groups that files may be moved to; all when empty. */
  readonly allowTo: readonly string[]
  /** Kinds of files; all when empty. */
  readonly allowTypes: readonly string[]
  readonly denyTypes: readonly string[]
  /** Miners' addresses, `f01000`; all when empty. */
  readonly allowMiners: readonly string[]
  readonly denyMiners: readonly string[]
}

export const defaultPathMeta: Omit<PathMeta, 'id'> = {
  weight: 10n,
  canSeal: false,
  canStore: false,
  maxStorage: 0n,
  groups: [],
  allowTo: [],
  allowTypes: [],
  denyTypes: [],
  allowMiners: [],
  denyMiners: [],
}

/** @throws StorageError STORAGE_PATH where there is none, STORAGE_META for one that cannot be understood */
export async function readPathMeta(folder: string): Promise<PathMeta> {
  const file = join(folder, pathMetaFile)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const what = missing
      ? `${folder} is no storage path: it has no ${pathMetaFile}.`
      : `${file} cannot be read: ${errorMessage(cause)}.`
    const hint = 'Make it one with storage attach --init and --seal or --store.'
    throw new StorageError('STORAGE_PATH', what, missing ? { hint } : { cause })
  }
  return parsePathMeta(text, file)
}

/** @throws StorageError STORAGE_META, which names `file` */
export function parsePathMeta(text: string, file: string): PathMeta {
  const wrong = (what: string): never => {
    throw new StorageError('STORAGE_META', `${file} cannot be used: ${what}.`)
  }
  if (text.length > maxMetaBytes) wrong(`it has more than ${maxMetaBytes} bytes`)
  let json: unknown
  try {
    // Go writes 64-bit numbers as they are: the source text keeps those that a double cannot hold.
    json = JSON.parse(text, (_, value, context?: { source?: string }) =>
      typeof value === 'number' && context?.source !== undefined && /^\d+$/.test(context.source) ? BigInt(context.source) : value,
    )
  } catch (e) {
    wrong(`it is no JSON (${errorMessage(e)})`)
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) wrong('it is no JSON object')
  // Go takes keys in any case.
  const keys = new Map(Object.entries(json as Record<string, unknown>).map(([key, value]) => [key.toLowerCase(), value]))
  const value = (key: string) => keys.get(key.toLowerCase()) ?? undefined
  const number = (key: string): bigint => {
    const found = value(key) ?? 0n
    return typeof found === 'bigint' && found < 2n ** 64n ? found : wrong(`${key} must be a whole number from 0 on`)
  }
  const flag = (key: string): boolean => {
    const found = value(key) ?? false
    return typeof found === 'boolean' ? found : wrong(`${key} must be true or false`)
  }
  const texts = (key: string): readonly string[] => {
    const found = value(key) ?? []
    return Array.isArray(found) && found.every((v) => typeof v === 'string') ? found : wrong(`${key} must be a list of texts`)
  }
  const id = value('ID')
  if (typeof id !== 'string' || id === '' || id.length > 128) return wrong('ID must be a text')
  return {
    id,
    weight: number('Weight'),
    canSeal: flag('CanSeal'),
    canStore: flag('CanStore'),
    maxStorage: number('MaxStorage'),
    groups: texts('Groups'),
    allowTo: texts('AllowTo'),
    allowTypes: texts('AllowTypes'),
    denyTypes: texts('DenyTypes'),
    allowMiners: texts('AllowMiners'),
    denyMiners: texts('DenyMiners'),
  }
}

/** As Lotus writes it: two spaces, `null` for an empty list. */
export function formatPathMeta(meta: PathMeta): string {
  const list = (texts: readonly string[]) =>
    texts.length === 0 ? 'null' : JSON.stringify(texts, null, 2).replaceAll('\n', '\n  ')
  const lines = [
    `"ID": ${JSON.stringify(meta.id)}`,
    `"Weight": ${meta.weight}`,
    `"CanSeal": ${meta.canSeal}`,
    `"CanStore": ${meta.canStore}`,
    `"MaxStorage": ${meta.maxStorage}`,
    `"Groups": ${list(meta.groups)}`,
    `"AllowTo": ${list(meta.allowTo)}`,
    `"AllowTypes": ${list(meta.allowTypes)}`,
    `"DenyTypes": ${list(meta.denyTypes)}`,
    `"AllowMiners": ${list(meta.allowMiners)}`,
    `"DenyMiners": ${list(meta.denyMiners)}`,
  ]
  return `{\n${lines.map((line) => `  ${line}`).join(',\n')}\n}`
}

/**
 * Makes a folder a storage path with a new id.
 * @throws StorageError STORAGE_ATTACHED where it is one already, STORAGE_PATH where it cannot be written
 */
export async function initStoragePath(folder: string, settings: Partial<Omit<PathMeta, 'id'>>): Promise<PathMeta> {
  const meta: PathMeta = { ...defaultPathMeta, ...settings, id: randomUUID() }
  if (!meta.canSeal && !meta.canStore) {
    throw new StorageError('STORAGE_META', 'A storage path is for sealing, for storing or for both: give --seal or --store.')
  }
  try {
    await makeFolder(folder)
    await writeFileAtomic(join(folder, pathMetaFile), formatPathMeta(meta), { exclusive: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new StorageError('STORAGE_ATTACHED', `${folder} is a storage path already; attach it without --init.`, { cause })
    }
    throw new StorageError('STORAGE_PATH', `${folder} cannot be made a storage path: ${errorMessage(cause)}.`, { cause })
  }
  return meta
}

/** Whether a path may take a file of this kind of this miner. Names that are no kind count for nothing, as in Lotus. */
export function allowsFile(meta: PathMeta, type: SectorFileType, miner: bigint): boolean {
  const known = (texts: readonly string[]) => texts.filter((text) => (sectorFileTypes as readonly string[]).includes(text))
  if (meta.allowTypes.length > 0 && !known(meta.allowTypes).includes(type)) return false
  if (known(meta.denyTypes).includes(type)) return false
  // Addresses of either network's prefix: f01000 and t01000 are the same miner.
  const names = (texts: readonly string[]) => texts.some((text) => /^[ft]0\d+$/.test(text) && text.slice(2) === String(miner))
  if (meta.allowMiners.length > 0 && !names(meta.allowMiners)) return false
  return !names(meta.denyMiners)
}
