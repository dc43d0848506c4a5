import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../lib/atomic-file.ts'
import { errorMessage } from '../lib/errors.ts'
import { tryLockFile } from '../lib/file-lock.ts'
import { RepoError } from './repo-errors.ts'

const lockFile = 'repo.lock'
/** Beside the lock, because SQLite's lock must not be touched by another open of the same file in this process. */
const holderFile = 'repo.pid'

/** An exclusive hold on a repo folder. */
export interface RepoLock {
  release(): void
}

/**
 * Takes the exclusive lock of a repo, for this process. The operating system drops it when the process ends, however that
 * happens: nothing of a killed process has to be cleaned up, and two processes can never both have it. It lies on `repo.lock` and
 * is of the kind that Lotus takes on the same file (fcntl).
 * @throws RepoError REPO_LOCKED with the pid of the holder, REPO_ACCESS
 */
export async function lockRepo(folder: string): Promise<RepoLock> {
  let unlock: (() => void) | undefined
  try {
    unlock = tryLockFile(join(folder, lockFile))
  } catch (cause) {
    throw new RepoError('REPO_ACCESS', `The repo ${folder} cannot be locked: ${errorMessage(cause)}`, { cause })
  }
  if (unlock === undefined) {
    const pid = holderOf(folder)
    const who =
      pid === undefined ? 'another process' : pid === process.pid ? `this process (pid ${pid})` : `the process with pid ${pid}`
    throw new RepoError('REPO_LOCKED', `The repo ${folder} is in use by ${who}; stop that one first or give another repo.`, {
      fields: { pid },
    })
  }
  const pidPath = join(folder, holderFile)
  try {
    await writeFileAtomic(pidPath, `${process.pid}\n`)
  } catch (cause) {
    unlock()
    throw new RepoError('REPO_ACCESS', `The repo ${folder} cannot be written: ${errorMessage(cause)}.`, { cause })
  }
  const release = unlock
  let held = true
  return {
    release() {
      if (!held) return
      held = false
      rmSync(pidPath, { force: true })
      release()
    },
  }
}

function holderOf(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, holderFile), 'utf8').trim())
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
