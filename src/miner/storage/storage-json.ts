/** `storage.json` in the miner's repo: the folders that are attached (Lotus storiface.StorageConfig). */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { errorMessage } from '../../lib/errors.ts'
import { StorageError } from './errors.ts'

export const storageConfigFile = 'storage.json'

/** The attached folders; none where there is no file. @throws StorageError STORAGE_META */
export async function readStoragePaths(repo: string): Promise<string[]> {
  const file = join(repo, storageConfigFile)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new StorageError('STORAGE_META', `${file} cannot be read: ${errorMessage(cause)}.`, { cause })
  }
  try {
    const { StoragePaths: paths } = JSON.parse(text) as { StoragePaths?: readonly { Path?: unknown }[] | null }
    return (paths ?? []).map(({ Path: path }) => {
      if (typeof path !== 'string' || path === '') throw new Error('a path is missing')
      return path
    })
  } catch (cause) {
    throw new StorageError('STORAGE_META', `${file} cannot be used: it must be {"StoragePaths": [{"Path": …}]}.`, { cause })
  }
}

export async function writeStoragePaths(repo: string, paths: readonly string[]): Promise<void> {
  const text = JSON.stringify({ StoragePaths: paths.map((path) => ({ Path: path })) }, null, 2)
  await writeFileAtomic(join(repo, storageConfigFile), `${text}\n`)
}
