import { NodeError, type NodeErrorOptions } from '../../lib/errors.ts'

export type StorageErrorCode =
  /** A storage path that is missing, cannot be read, or is not one (no sectorstore.json). */
  | 'STORAGE_PATH'
  /** A sectorstore.json or storage.json that cannot be understood. */
  | 'STORAGE_META'
  /** The path, or another one with its id, is attached already. */
  | 'STORAGE_ATTACHED'
  /** No attached path has this id or folder. */
  | 'STORAGE_UNKNOWN'
  /** A file of a sector is in none of the paths. */
  | 'STORAGE_NO_SECTOR'
  /** No path takes a new file: none allows it, or none has the space. */
  | 'STORAGE_NO_SPACE'

export class StorageError extends NodeError {
  declare readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
