/** The folder in which a node keeps everything, laid out as Lotus does (node/repo/fsrepo.go). */
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder, temporaryPrefix, writeFileAtomic } from '../lib/atomic-file.ts'
import { errorMessage } from '../lib/errors.ts'
import type { RepoWait } from '../lib/repo-holder.ts'
import { Keystore } from './keystore.ts'
import { KeystoreError, RepoError } from './repo-errors.ts'
import { lockRepo, type RepoLock } from './repo-lock.ts'

/** Number of the layout that this version writes; a newer one is not opened. */
const layoutVersion = 1

/** Longest `api`, `token` or `storage.json` that is read. */
const maxTextBytes = 1 << 20

export interface RepoOptions {
  /** Make the repo when the folder holds none. */
  readonly create?: boolean
  /** Text of a new repo's config.toml. */
  readonly defaultConfig?: string
  /** Whose repo it is: a miner's has no chain. A full node's where it is not given. */
  readonly kind?: 'full' | 'miner'
}

/** Paths within a repo. */
export interface RepoPaths {
  readonly api: string
  readonly token: string
  readonly config: string
  readonly storage: string
  readonly keystore: string
  readonly chain: string
  readonly metadata: string
  readonly bundles: string
  readonly chainIndex: string
  readonly journal: string
  readonly version: string
}

export class Repo {
  readonly path: string
  readonly paths: RepoPaths
  readonly keystore: Keystore
  #lock: RepoLock | undefined

  private constructor(path: string) {
    this.path = path
    this.paths = pathsOf(path)
    this.keystore = new Keystore(this.paths.keystore, path)
  }

  /**
   * Opens the repo in a folder without locking it: enough for a client that wants the API's address and token.
   * @throws RepoError REPO_FORMAT when there is none (and `create` is not set) or not one that this version reads; REPO_ACCESS
   */
  static async open(folder: string, options: RepoOptions = {}): Promise<Repo> {
    const repo = new Repo(resolve(folder))
    try {
      if (await isEmpty(repo.path)) {
        if (options.create !== true) {
          throw new RepoError(
            'REPO_FORMAT',
            `There is no repo in ${repo.path}; ${options.kind === 'miner' ? 'make one with nelumbo miner init' : 'start the daemon once to make it'}, or give the right folder.`,
          )
        }
        await repo.#create(options)
      } else await repo.#checkVersion(options)
    } catch (cause) {
      if (cause instanceof RepoError) throw cause
      throw new RepoError('REPO_ACCESS', `The repo ${repo.path} cannot be opened: ${errorMessage(cause)}.`, { cause })
    }
    return repo
  }

  /** Whether a folder holds a repo of any version. */
  static exists(folder: string): boolean {
    return existsSync(join(folder, 'version')) || existsSync(join(folder, 'datastore')) || existsSync(join(folder, 'keystore'))
  }

  async #create({ defaultConfig = '', kind = 'full' }: RepoOptions): Promise<void> {
    const { paths } = this
    await makeFolder(this.path)
    await mkdir(paths.keystore, { mode: 0o700, recursive: true })
    await chmod(paths.keystore, 0o700)
    const folders = kind === 'full' ? [paths.chain, paths.metadata, paths.bundles] : [paths.metadata]
    for (const folder of [...folders, paths.journal]) await makeFolder(folder)
    if (!existsSync(paths.config)) await writeFileAtomic(paths.config, defaultConfig)
    // Last: a folder with the version file is a complete repo.
    await writeFileAtomic(paths.version, `${layoutVersion}\n`)
  }

  async #checkVersion(options: RepoOptions): Promise<void> {
    const text = await readText(this.paths.version)
    if (text === undefined) {
      // A process that was killed while it made the repo leaves only what it made; anything else is not ours to touch.
      if (options.create === true && (await isUnfinished(this.path))) return this.#create(options)
      const lotus = existsSync(join(this.paths.chain, 'MANIFEST'))
      throw new RepoError(
        'REPO_FORMAT',
        lotus
          ? `${this.path} is a repo of Lotus, whose chain store is of another kind; export a snapshot there and import it into a repo of its own.`
          : `${this.path} is not empty and holds no repo; give another folder.`,
      )
    }
    const version = Number(text.trim())
    if (!Number.isSafeInteger(version) || version < 1)
      throw new RepoError('REPO_FORMAT', `${this.paths.version} does not hold a version number.`)
    if (version > layoutVersion) {
      throw new RepoError(
        'REPO_FORMAT',
        `The repo ${this.path} has version ${version}, which is newer than this program reads (${layoutVersion}); use a newer one.`,
      )
    }
  }

  /**
   * Takes the repo for this process alone, until `release` or the process's end.
   * @throws RepoError REPO_LOCKED naming the process that has it; KeystoreError KEYSTORE_PERMISSIONS
   */
  async lock(): Promise<void> {
    if (this.#lock !== undefined) return
    await this.#checkKeystore()
    this.#lock = await lockRepo(this.path)
    // With the lock held nobody else writes here, so that unfinished files are leftovers, and so is the address of a killed process:
    // somebody else may listen there by now.
    await rm(this.paths.api, { force: true })
    for (const name of await readdir(this.path))
      if (name.startsWith(temporaryPrefix)) await rm(join(this.path, name), { force: true })
  }

  /** Others must not so much as see whose keys lie here. @throws KeystoreError KEYSTORE_PERMISSIONS */
  async #checkKeystore(): Promise<void> {
    const { keystore } = this.paths
    const { mode } = await stat(keystore)
    if ((mode & 0o077) === 0) return
    const shown = (mode & 0o777).toString(8).padStart(4, '0')
    throw new KeystoreError(
      'KEYSTORE_PERMISSIONS',
      `The folder ${keystore} is open to other users (mode ${shown}, not 0700); run: chmod 700 ${keystore}`,
    )
  }

  /** Tells the command line what this process waits for before it serves its API. @throws RepoError REPO_CLOSED without the lock */
  async setWait(wait: RepoWait | undefined): Promise<void> {
    this.#mustHold()
    await this.#lock?.setWait(wait)
  }

  get locked(): boolean {
    return this.#lock !== undefined
  }

  /** Gives the repo back; the API's address goes, so that clients see that no daemon runs. */
  async release(): Promise<void> {
    if (this.#lock === undefined) return
    await rm(this.paths.api, { force: true })
    this.#lock.release()
    this.#lock = undefined
  }

  /** Address of the running daemon's API, a multiaddress. @throws RepoError REPO_NO_API */
  async apiEndpoint(): Promise<string> {
    const text = (await readText(this.paths.api))?.trim()
    if (text === undefined || text === '') {
      throw new RepoError(
        'REPO_NO_API',
        `No daemon runs on the repo ${this.path}: it holds no API address. Start it, or give --api-url.`,
      )
    }
    return text
  }

  /** @throws RepoError REPO_CLOSED without the lock */
  async setApiEndpoint(multiaddr: string): Promise<void> {
    this.#mustHold()
    await writeFileAtomic(this.paths.api, multiaddr)
  }

  /** The API token with all permissions that the daemon left for clients on this machine. @throws RepoError REPO_NO_API */
  async apiToken(): Promise<string> {
    const text = (await readText(this.paths.token))?.trim()
    if (text === undefined || text === '')
      throw new RepoError('REPO_NO_API', `The repo ${this.path} holds no API token; start the daemon once.`)
    return text
  }

  /** @throws RepoError REPO_CLOSED without the lock */
  async setApiToken(token: string): Promise<void> {
    this.#mustHold()
    await writeFileAtomic(this.paths.token, token, { mode: 0o600 })
  }

  /** Text of config.toml, undefined where there is none. */
  async configText(): Promise<string | undefined> {
    return readText(this.paths.config)
  }

  /** Folders for sectors from storage.json, empty where there is none. @throws RepoError REPO_FORMAT */
  async storagePaths(): Promise<string[]> {
    const text = await readText(this.paths.storage)
    if (text === undefined) return []
    try {
      const { StoragePaths } = JSON.parse(text) as { StoragePaths?: readonly { Path: string }[] | null }
      return (StoragePaths ?? []).map(({ Path }) => {
        if (typeof Path !== 'string') throw new Error('a path is not a text')
        return Path
      })
    } catch (cause) {
      throw new RepoError('REPO_FORMAT', `${this.paths.storage} is damaged: ${errorMessage(cause)}.`, { cause })
    }
  }

  /** @throws RepoError REPO_CLOSED without the lock */
  async setStoragePaths(paths: readonly string[]): Promise<void> {
    this.#mustHold()
    await writeFileAtomic(this.paths.storage, `${JSON.stringify({ StoragePaths: paths.map((Path) => ({ Path })) }, null, 2)}\n`)
  }

  #mustHold(): void {
    if (this.#lock === undefined) throw new RepoError('REPO_CLOSED', `The repo ${this.path} must be locked before it is written.`)
  }
}

function pathsOf(path: string): RepoPaths {
  return {
    api: join(path, 'api'),
    token: join(path, 'token'),
    config: join(path, 'config.toml'),
    storage: join(path, 'storage.json'),
    keystore: join(path, 'keystore'),
    chain: join(path, 'datastore', 'chain'),
    metadata: join(path, 'datastore', 'metadata'),
    bundles: join(path, 'bundles'),
    chainIndex: join(path, 'chainindex'),
    journal: join(path, 'journal'),
    version: join(path, 'version'),
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > maxTextBytes)
      throw new RepoError('REPO_FORMAT', `${path} is longer than ${maxTextBytes} bytes.`)
    return await readFile(path, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
}

/** Whether a folder is missing or holds nothing but a config file that a user put there beforehand. */
async function isEmpty(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).every((name) => name === 'config.toml')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw e
  }
}

/** Whether a folder holds only what an interrupted `#create` makes: our folders, all empty. */
async function isUnfinished(path: string): Promise<boolean> {
  const ours = new Set(['keystore', 'datastore', 'bundles', 'journal', 'config.toml'])
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const top = entry.parentPath === path
    if (entry.isDirectory() && (!top || ours.has(entry.name))) continue
    if (top && (ours.has(entry.name) || entry.name.startsWith(temporaryPrefix))) continue
    return false
  }
  return true
}
