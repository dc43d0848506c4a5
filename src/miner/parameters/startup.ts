/** What is looked at when a process starts, so that damaged proof parameters are found before anything relies on them. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parameterNames } from '../../native/parameters.ts'
import { parameterListFile } from './insecure.ts'
import { type CheckOptions, checkParameterFiles, missingParameters, type ParameterFile, parseParameterList } from './list.ts'
import { publishedParameters } from './published.ts'

export interface StartCheckArgs {
  /** The folder that is used as the parameter cache. */
  readonly folder: string
  /** Whether the network's parameters are the published ones; those of a private network are compared with the folder's own list, if any. */
  readonly published: boolean
  /** Sectors that are proven here; their proving parameters must be there. */
  readonly sectorSizes?: readonly number[]
  /** Leave the proving parameters unread, which have many GB (Lotus: TRUST_PARAMS=1). */
  readonly trust?: boolean
}

/**
 * Compares the verifying keys that are there, and the proving parameters that will be used, with their digests.
 * @returns names of verifying keys of the published list that are missing: blocks cannot be checked without them
 * @throws ParameterError PARAMETER_DIGEST, PARAMETER_MISSING with the file's name; the signal's reason
 */
export async function checkParametersAtStart(args: StartCheckArgs, options: CheckOptions = {}): Promise<string[]> {
  const { folder, published, sectorSizes = [], trust = false } = args
  const own = await ownList(folder)
  const list = new Map((own ?? (published ? publishedParameters : [])).map((file) => [file.name, file]))
  const keys = [...list.values()].filter(({ name }) => name.endsWith('.vk'))
  const here = keys.filter(({ name }) => existsSync(join(folder, name)))
  await checkParameterFiles(folder, here, options)
  const proving = sectorSizes.flatMap((size) =>
    (['winning', 'window'] as const).map((circuit) => parameterNames(circuit, size).params),
  )
  for (const name of proving) if (!existsSync(join(folder, name))) throw missingParameters(folder, name)
  const listed = trust ? [] : proving.flatMap((name) => list.get(name) ?? [])
  await checkParameterFiles(folder, listed, options)
  return published && own === undefined ? keys.filter((key) => !here.includes(key)).map(({ name }) => name) : []
}

async function ownList(folder: string): Promise<readonly ParameterFile[] | undefined> {
  const path = join(folder, parameterListFile)
  try {
    return parseParameterList(await readFile(path, 'utf8'), path)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
}
