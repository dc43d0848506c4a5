// Which process has a repo, and what it waits for before it serves its API. Light, for the command line.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Beside the lock, because SQLite's lock must not be touched by another open of the same file in this process. */
export const holderFile = 'repo.pid'

/** What may keep a program from serving its API for long: the chain of its full node, proof parameters that it fetches and checks. */
export const repoWaits = ['sync', 'parameters'] as const
export type RepoWait = (typeof repoWaits)[number]

export interface RepoHolder {
  readonly pid: number
  readonly waitsFor?: RepoWait
}

export function holderText(pid: number, waitsFor?: RepoWait): string {
  return waitsFor === undefined ? `${pid}\n` : `${pid}\n${waitsFor}\n`
}

/** The process that a repo's lock names; undefined when it names none. It may have ended since: a killed one leaves its name. */
export function namedHolder(folder: string): RepoHolder | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(folder, holderFile), 'utf8').trim().split('\n')
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  const waitsFor = repoWaits.find((wait) => wait === lines[1])
  return waitsFor === undefined ? { pid } : { pid, waitsFor }
}

/** As {@link namedHolder}, where that process lives. */
export function livingHolder(folder: string): RepoHolder | undefined {
  const holder = namedHolder(folder)
  if (holder === undefined) return undefined
  try {
    process.kill(holder.pid, 0)
    return holder
  } catch (error) {
    // Somebody else's process lives too.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? holder : undefined
  }
}
