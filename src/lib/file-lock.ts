import { DatabaseSync } from 'node:sqlite'
import { errorMessage, NodeError } from './errors.ts'

export class FileLockError extends NodeError {
  declare readonly code: 'FILE_LOCK'
  constructor(message: string, cause: unknown) {
    super('FILE_LOCK', message, { cause })
  }
}

/** Locks that are held. A connection that nobody refers to any more is collected, and its lock with it: these never are. */
const connections = new Set<DatabaseSync>()

/** SQLITE_BUSY: another connection has the lock. */
const busy = 5

/**
 * Takes an exclusive lock on a file, which is made for nothing else. It holds until it is given back; when the process ends,
 * however that happens, the operating system drops it. Node has no file locks; SQLite takes one with its exclusive transaction (fcntl).
 * @returns what gives the lock back; undefined where another process, or this one, has it. @throws FileLockError
 */
export function tryLockFile(path: string): (() => void) | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
    const held = database
    connections.add(held)
    return () => {
      if (connections.delete(held)) held.close()
    }
  } catch (cause) {
    database?.close()
    if (database !== undefined && (cause as { errcode?: number }).errcode === busy) return undefined
    throw new FileLockError(`${path} cannot be locked: ${errorMessage(cause)}.`, cause)
  }
}
