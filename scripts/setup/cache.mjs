// @ts-check
import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The user's cache folder of this program, made when missing: `$XDG_CACHE_HOME/nelumbo` or `~/.cache/nelumbo`. Where neither
 * can be written (a build account without a home, say) the checkout's own `.cache` serves.
 *
 * @param {string} root the checkout
 */
export function cacheDirectory(root) {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  for (const folder of [join(base, 'nelumbo'), join(root, '.cache', 'nelumbo')]) {
    try {
      mkdirSync(folder, { recursive: true })
      accessSync(folder, constants.W_OK)
      return folder
    } catch {
      // The next one.
    }
  }
  throw new Error(`no folder to build in: neither ${base} nor ${root} can be written`)
}
