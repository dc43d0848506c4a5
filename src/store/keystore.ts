import { readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { base32 } from 'multiformats/bases/base32'
import { syncFolder, writeFileAtomic } from '../lib/atomic-file.ts'
import { formatKeyFile, isSealed, type KeyInfo, type KeyRecord, parseKeyFile } from './key-file.ts'
import { KeystoreError } from './repo-errors.ts'

export type { KeyInfo, KeyRecord, SealedKey } from './key-file.ts'
export { isSealed } from './key-file.ts'

/** Names under which Lotus keeps keys. */
export const keyNames = {
  wallet: 'wallet-',
  trash: 'trash-',
  default: 'default',
  jwt: 'auth-jwt-private',
  host: 'libp2p-host',
} as const

/** Longest key file that is read; a key takes a few hundred bytes. */
const maxFileBytes = 64 << 10

/**
 * Private keys, a file each: its name is the base32 of the key's name, its content Lotus's JSON, its mode 0600. Key bytes
 * appear in no message and no log line.
 */
export class Keystore {
  readonly #folder: string
  readonly #tempFolder: string

  /** @param tempFolder where unfinished files stand, so that they are never taken for keys */
  constructor(folder: string, tempFolder: string) {
    this.#folder = folder
    this.#tempFolder = tempFolder
  }

  /** Names of all keys, sorted. @throws KeystoreError KEYSTORE_PERMISSIONS, KEYSTORE_FORMAT for a file that is no key */
  async list(): Promise<string[]> {
    const names: string[] = []
    for (const file of await readdir(this.#folder)) {
      const name = decodeName(file)
      if (name === undefined) {
        throw new KeystoreError(
          'KEYSTORE_FORMAT',
          `The file ${join(this.#folder, file)} is not a key; move it out of the keystore.`,
        )
      }
      await this.#checkMode(join(this.#folder, file), name)
      names.push(name)
    }
    return names.sort()
  }

  async has(name: string): Promise<boolean> {
    return (await this.#read(name)) !== undefined
  }

  /** A key in the clear. @throws KeystoreError KEYSTORE_NOT_FOUND, KEYSTORE_PERMISSIONS, KEYSTORE_FORMAT, KEYSTORE_SEALED */
  async get(name: string): Promise<KeyInfo> {
    const record = await this.getRecord(name)
    if (isSealed(record)) throw new KeystoreError('KEYSTORE_SEALED', `The key "${name}" is encrypted.`)
    return record
  }

  /** @throws KeystoreError KEYSTORE_NOT_FOUND, KEYSTORE_PERMISSIONS, KEYSTORE_FORMAT */
  async getRecord(name: string): Promise<KeyRecord> {
    const record = await this.find(name)
    if (record === undefined) throw new KeystoreError('KEYSTORE_NOT_FOUND', `The keystore holds no key called "${name}".`)
    return record
  }

  /** As `getRecord`, undefined where there is no such key. */
  async find(name: string): Promise<KeyRecord | undefined> {
    return this.#read(name)
  }

  /** Adds a key. @throws KeystoreError KEYSTORE_EXISTS: a key is never replaced by this */
  async put(name: string, record: KeyRecord): Promise<void> {
    try {
      await this.#write(name, record, true)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
      throw new KeystoreError('KEYSTORE_EXISTS', `The keystore already holds a key called "${name}".`)
    }
  }

  /** Adds a key or puts another in its place, in one step: for `default`, which copies one of the wallet's. */
  async replace(name: string, record: KeyRecord): Promise<void> {
    await this.#write(name, record, false)
  }

  /** Gives a key another name, in one step; one that had that name is gone. @throws KeystoreError KEYSTORE_NOT_FOUND */
  async rename(from: string, to: string): Promise<void> {
    await this.getRecord(from)
    await rename(this.#path(from), this.#path(to))
    await syncFolder(this.#folder)
  }

  /**
   * Takes a key out of use. One of the wallet's stays on disk as `trash-<address>` (or `trash-<address>-1` and so on, when
   * an older one has that name); any other is removed.
   * @throws KeystoreError KEYSTORE_NOT_FOUND
   */
  async delete(name: string): Promise<void> {
    const path = this.#path(name)
    await this.getRecord(name)
    if (!name.startsWith(keyNames.wallet)) await unlink(path)
    else {
      const trash = keyNames.trash + name.slice(keyNames.wallet.length)
      const taken = new Set(await readdir(this.#folder))
      let target = trash
      for (let n = 1; taken.has(encodeName(target)); n++) target = `${trash}-${n}`
      await rename(path, this.#path(target))
    }
    await syncFolder(this.#folder)
  }

  #path(name: string): string {
    return join(this.#folder, encodeName(name))
  }

  async #write(name: string, record: KeyRecord, exclusive: boolean): Promise<void> {
    const file = formatKeyFile(record)
    try {
      await writeFileAtomic(this.#path(name), file, { mode: 0o600, exclusive, tempFolder: this.#tempFolder })
    } finally {
      file.fill(0)
    }
  }

  async #read(name: string): Promise<KeyRecord | undefined> {
    const path = this.#path(name)
    let file: Buffer
    try {
      if ((await this.#checkMode(path, name)) > maxFileBytes)
        throw new KeystoreError('KEYSTORE_FORMAT', `The file of the key "${name}" is too long for a key.`)
      file = await readFile(path)
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw e
    }
    try {
      return parseKeyFile(file, name)
    } finally {
      file.fill(0)
    }
  }

  /** @returns the file's length in bytes */
  async #checkMode(path: string, name: string): Promise<number> {
    const { mode, size } = await stat(path)
    if ((mode & 0o077) !== 0) {
      throw new KeystoreError(
        'KEYSTORE_PERMISSIONS',
        `The file of the key "${name}" can be read by other users (mode ${(mode & 0o777).toString(8).padStart(4, '0')}, not 0600); run: chmod 600 ${path}`,
      )
    }
    return size
  }
}

/** base32 as Go's RawStdEncoding: capitals, no padding. */
function encodeName(name: string): string {
  return base32.baseEncode(Buffer.from(name, 'utf8')).toUpperCase()
}

function decodeName(file: string): string | undefined {
  if (!/^[A-Z2-7]+$/.test(file)) return undefined
  try {
    const name = Buffer.from(base32.baseDecode(file.toLowerCase())).toString('utf8')
    return encodeName(name) === file ? name : undefined
  } catch {
    return undefined
  }
}
