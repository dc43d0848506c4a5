import { randomBytes } from 'node:crypto'
import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryPrefix } from '../../lib/atomic-file.ts'
import {
  ensureInsecureParameters,
  type InsecureProgress,
  insecureNoteFile,
  parameterListFile,
} from '../../miner/parameters/insecure.ts'

/**
 * Makes sure that a devnet has its proof parameters, whole and right. They are made once for each seed and kept in the cache,
 * from which every devnet takes them; a damaged file is made again. Seals are never proven while the devnet is made: its
 * parameters are those of the proofs of spacetime.
 * @param cache folder of what devnets share
 * @param folder the devnet's own parameters
 * @param seed 32 bytes; the same one gives the same parameters on every machine
 * @throws NativeError NATIVE_PROOF; the signal's reason
 */
export async function ensureDevnetParameters(
  o: {
    readonly cache: string
    readonly folder: string
    readonly sectorSize: number
    readonly seed: Uint8Array
    readonly signal: AbortSignal
  },
  onProgress: (progress: InsecureProgress) => void,
): Promise<void> {
  const { seed, sectorSize, cache: cacheDir, signal } = o
  const made = await ensureInsecureParameters({ seed, sectorSize, cacheDir }, { signal, onProgress })
  await mkdir(o.folder, { recursive: true })
  for (const name of [insecureNoteFile, ...made.files.map((file) => file.name), parameterListFile])
    await place(join(made.folder, name), o.folder, name)
}

/** A second name for a file, or a copy where it would lie on another disk. */
async function place(from: string, folder: string, name: string): Promise<void> {
  const temporary = join(folder, `${temporaryPrefix}${randomBytes(8).toString('hex')}`)
  try {
    await link(from, temporary).catch(() => copyFile(from, temporary))
    await rename(temporary, join(folder, name))
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Removes what processes that were killed left behind. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(temporaryPrefix)) await rm(join(folder, name), { recursive: true, force: true })
}
