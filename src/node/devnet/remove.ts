import { existsSync } from 'node:fs'
import { lockRepo } from '../../store/repo-lock.ts'
import { DevnetError } from './errors.ts'
import type { DevnetLayout } from './layout.ts'
import { clearFolder, devnetExists } from './make.ts'

/**
 * Removes a devnet that does not run. Its proof parameters stay in the cache, and what is not the devnet's stays in the folder.
 * @returns what was removed, for the user
 * @throws DevnetError DEVNET_NONE, DEVNET_FOLDER; RepoError REPO_LOCKED while it runs
 */
export async function removeDevnet(layout: DevnetLayout): Promise<string> {
  if (!existsSync(layout.folder)) throw new DevnetError('DEVNET_NONE', `there is no devnet in ${layout.folder}`)
  const whole = devnetExists(layout)
  const lock = await lockRepo(layout.folder)
  try {
    await clearFolder(layout)
  } finally {
    lock.release()
  }
  return whole ? 'the devnet' : 'an unfinished devnet'
}
