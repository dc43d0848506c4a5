import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryPrefix } from '../../lib/atomic-file.ts'
import { type Circuit, generateParameters, parameterNames } from '../../native/parameters.ts'

/** What proofs of spacetime take; seals are never proven while the devnet is made. */
export const POST_CIRCUITS: readonly Circuit[] = ['winning', 'window']

/**
 * Makes sure that a devnet has its proof parameters. They are made once for each seed and kept in the cache, from which every
 * devnet takes them.
 * @param cache folder of what devnets share
 * @param folder the devnet's own parameters
 * @param seed 32 bytes; the same ones give the same parameters on every machine
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
  onCircuit: (circuit: Circuit) => void,
): Promise<void> {
  const cached = join(o.cache, `parameters-${Buffer.from(o.seed).toString('hex').slice(0, 16)}`)
  await mkdir(cached, { recursive: true })
  await mkdir(o.folder, { recursive: true })
  for (const circuit of POST_CIRCUITS) {
    const { params, vk, meta } = parameterNames(circuit, o.sectorSize)
    // The proving parameters come last: where they are, the others are.
    const files = [meta, vk, params]
    if (existsSync(join(o.folder, params))) continue
    if (!existsSync(join(cached, params))) {
      onCircuit(circuit)
      const work = join(cached, `${temporaryPrefix}${randomBytes(8).toString('hex')}`)
      await mkdir(work)
      try {
        await generateParameters({ circuit, sectorSize: o.sectorSize, seed: o.seed, folder: work }, { signal: o.signal })
        for (const file of files) await rename(join(work, file), join(cached, file))
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    }
    for (const file of files) await place(join(cached, file), o.folder, file)
  }
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
