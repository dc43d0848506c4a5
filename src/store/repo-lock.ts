import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../lib/atomic-file.ts'
import { errorMessage } from '../lib/errors.ts'
import { tryLockFile } from '../lib/file-lock.ts'
import { holderFile, holderText, namedHolder, type RepoWait } from '../lib/repo-holder.ts'
import { RepoError } from './repo-errors.ts'

const lockFile = 'repo.lock'

/** An exclusive hold on a repo folder. */
export interface RepoLock {
  /** Tells other processes what this one waits for; undefined for nothing any more. @throws RepoError REPO_ACCESS */
  setWait(wait: RepoWait | undefined): Promise<void>
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
    const pid = namedHolder(folder)?.pid
    const who =
      pid === undefined ? 'another process' : pid === process.pid ? `this process (pid ${pid})` : `the process with pid ${pid}`
    throw new RepoError('REPO_LOCKED', `The repo ${folder} is in use by ${who}; stop that one first or give another repo.`, {
      fields: { pid },
    })
  }
  const pidPath = join(folder, holderFile)
  const name = async (wait?: RepoWait): Promise<void> => {
    try {
      await writeFileAtomic(pidPath, holderText(process.pid, wait))
    } catch (cause) {
      throw new RepoError('REPO_ACCESS', `The repo ${folder} cannot be written: ${errorMessage(cause)}.`, { cause })
    }
  }
  try {
    await name()
  } catch (error) {
    unlock()
    throw error
  }
  const release = unlock
  let held = true
  return {
    async setWait(wait) {
      if (held) await name(wait)
    },
    release() {
      if (!held) return
      held = false
      rmSync(pidPath, { force: true })
      release()
    },
  }
}
