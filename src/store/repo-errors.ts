import { type ErrorFields, NodeError } from '../lib/errors.ts'

export type RepoErrorCode =
  /** The folder does not hold a repo, or one of another program or version. */
  | 'REPO_FORMAT'
  /** Another process has the repo open. */
  | 'REPO_LOCKED'
  /** The repo was closed, or a step needs its lock. */
  | 'REPO_CLOSED'
  /** The folder cannot be read or written. */
  | 'REPO_ACCESS'
  /** No daemon has written its API's address or token here. */
  | 'REPO_NO_API'

/** A failure of the repo folder itself. */
export class RepoError extends NodeError {
  declare readonly code: RepoErrorCode
  constructor(code: RepoErrorCode, message: string, options: { cause?: unknown; hint?: string; fields?: ErrorFields } = {}) {
    super(code, message, options)
  }
}

export type KeystoreErrorCode =
  /** No key of that name. */
  | 'KEYSTORE_NOT_FOUND'
  /** A key of that name is there already. */
  | 'KEYSTORE_EXISTS'
  /** A key file or its folder can be read by other users. */
  | 'KEYSTORE_PERMISSIONS'
  /** A file that is no key file. */
  | 'KEYSTORE_FORMAT'
  /** The key is encrypted with the wallet's passphrase. */
  | 'KEYSTORE_SEALED'

/** A failure of the key store; never holds key material. */
export class KeystoreError extends NodeError {
  declare readonly code: KeystoreErrorCode
  constructor(code: KeystoreErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(code, message, options)
  }
}
