import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface AtomicWriteOptions {
  /** Permission bits of the file; 0o644 when not given. */
  readonly mode?: number
  /** Fail with EEXIST instead of replacing a file that is there. */
  readonly exclusive?: boolean
  /** Folder for the unfinished file, on the same file system; the file's own when not given. */
  readonly tempFolder?: string
}

/** What unfinished files begin with, so that leftovers of a killed process can be told and removed. */
export const temporaryPrefix = '.unfinished-'

/**
 * Writes a file so that readers and a crash see the old content or the new, never a part: the bytes are synced to disk in a
 * file of another name, which then takes the name over, and the folder is synced.
 * @throws the file system's error; EEXIST with `exclusive`
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, options: AtomicWriteOptions = {}): Promise<void> {
  const temporary = join(options.tempFolder ?? dirname(path), `${temporaryPrefix}${randomBytes(8).toString('hex')}`)
  const mode = options.mode ?? 0o644
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      // The mode given to open is cut by the process's umask.
      await file.chmod(mode)
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    // A hard link fails where the name exists; a rename would replace it.
    if (options.exclusive === true) await link(temporary, path)
    else await rename(temporary, path)
  } finally {
    await unlink(temporary).catch((e: NodeJS.ErrnoException) => {
      if (e.code !== 'ENOENT') throw e
    })
  }
  await syncFolder(dirname(path))
}

/** Makes renames, links and removals in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Makes a folder and those above it, as `mkdir -p`. Not by Node's own `recursive`: where a folder cannot be made although the
 * one above is there (`/proc/x`), that one tries again without end.
 */
export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT' || dirname(path) === path || existsSync(dirname(path))) throw e
    await makeFolder(dirname(path), mode)
    await makeFolder(path, mode)
  }
}
