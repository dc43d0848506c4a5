/** Built-in actors as wasm: found on this machine or downloaded, checked by their manifest's CID, put into the block store. */
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { writeFileAtomic } from '../lib/atomic-file.ts'
import { downloadFile } from '../lib/download.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { BundleCatalog, RetiredBundle } from '../networks/bundles.ts'
import { CID } from '../types/cid.ts'
import { type Block, type Blockstore, MemoryBlockstore } from './blockstore.ts'
import { type BuiltinManifest, BundleError, readBuiltinManifest } from './bundle-manifest.ts'
import { readCarBytes, readCarHeaderBytes } from './car/memory.ts'
import { readTar } from './tar.ts'

const log = getLogger('bundles')
const decompress = promisify(zstdDecompress)

/** Longest file that is read or downloaded, and longest that one may unpack to: a release's tar takes 100 MB. */
const maxFileBytes = 256 << 20
/** Bytes at a file's beginning in which a bundle's header lies. */
const headBytes = 4096
const zstdMagic = 0xfd2fb528

export interface BundleStoreInit {
  /** Where bundles are kept once they are found: the repo's `bundles`. */
  readonly folder: string
  /** More folders to look in: `v<N>.tar.zst` with a CAR for each network, or plain CARs of any name. */
  readonly localFolders?: readonly string[]
  /** false: what is not on this machine is not fetched. */
  readonly downloads?: boolean
  /** Times that a failed transfer is taken up again; 5 when not given. */
  readonly retries?: number
}

export interface LoadedBundle {
  readonly manifest: BuiltinManifest
  readonly blocks: readonly Block[]
}

/** What is looked for. */
interface Wanted {
  readonly version: number
  readonly manifestCid: CID
  readonly release: string | undefined
}

export class BundleStore {
  readonly #catalog: BundleCatalog
  readonly #init: BundleStoreInit

  constructor(components: { readonly catalog: BundleCatalog }, init: BundleStoreInit) {
    this.#catalog = components.catalog
    this.#init = init
  }

  /**
   * Makes sure that the actors of a version are in a block store, and tells what they are.
   * @throws BundleError BUNDLE_UNKNOWN, BUNDLE_MISSING, BUNDLE_DAMAGED
   */
  async ensureBundle(store: Blockstore, actorsVersion: number, options: { signal?: AbortSignal } = {}): Promise<BuiltinManifest> {
    const { manifestCid } = this.#wanted(actorsVersion)
    if (store.has(manifestCid)) {
      try {
        return readBuiltinManifest(store, actorsVersion, manifestCid, 'in the block store')
      } catch (e) {
        log.warn('a bundle in the block store is not whole and is put in anew', { actorsVersion, manifest: manifestCid }, e)
      }
    }
    const { manifest, blocks } = await this.load(actorsVersion, options)
    await store.putMany(blocks)
    return manifest
  }

  /** The blocks of the actors of a version, all checked. @throws BundleError */
  async load(actorsVersion: number, options: { signal?: AbortSignal } = {}): Promise<LoadedBundle> {
    return this.#find(this.#wanted(actorsVersion), options.signal)
  }

  /** As `load`, for a build that a public network ran before a fix. @throws BundleError */
  async loadRetired(retired: RetiredBundle, options: { signal?: AbortSignal } = {}): Promise<LoadedBundle> {
    const manifestCid = CID.parse(retired.manifest)
    return this.#find({ version: retired.actorsVersion, manifestCid, release: retired.release }, options.signal)
  }

  #wanted(version: number): Wanted {
    const manifestCid = this.#catalog.manifestCid(version)
    if (manifestCid !== undefined) return { version, manifestCid, release: undefined }
    throw new BundleError(
      'BUNDLE_UNKNOWN',
      `There is no actor bundle of version ${version} for ${this.#catalog.network}; versions ${this.#catalog.versions.join(', ')} exist.`,
    )
  }

  async #find(wanted: Wanted, signal: AbortSignal | undefined): Promise<LoadedBundle> {
    const kept = join(this.#init.folder, `${wanted.manifestCid}.car`)
    if (await exists(kept)) {
      try {
        return check(wanted, await readFile(kept), kept)
      } catch (e) {
        log.warn('a kept bundle is damaged and is fetched again', { path: kept }, e)
        await rm(kept, { force: true })
      }
    }
    for (const folder of this.#init.localFolders ?? []) {
      signal?.throwIfAborted()
      const found = await this.#searchFolder(folder, wanted)
      if (found === undefined) continue
      const bundle = check(wanted, found.bytes, found.source)
      await this.#keep(kept, found.bytes)
      return bundle
    }
    const bytes = await this.#download(wanted, signal)
    const bundle = check(wanted, bytes.bytes, bytes.source)
    await this.#keep(kept, bytes.bytes)
    log.info('actor bundle downloaded', { actorsVersion: wanted.version, manifest: wanted.manifestCid, from: bytes.source })
    return bundle
  }

  async #keep(path: string, bytes: Uint8Array): Promise<void> {
    await mkdir(this.#init.folder, { recursive: true })
    await writeFileAtomic(path, bytes)
  }

  async #searchFolder(folder: string, wanted: Wanted): Promise<Found | undefined> {
    const names = await readdir(folder).catch((e: unknown) => {
      throw new BundleError('BUNDLE_MISSING', `The folder of actor bundles ${folder} cannot be read: ${errorMessage(e)}.`, e)
    })
    for (const name of names.filter((n) => n.endsWith('.car'))) {
      const path = join(folder, name)
      if (isRoot(await head(path), wanted.manifestCid)) return { bytes: await readFile(path), source: path }
    }
    // A placeholder version has the same build as the one before it.
    const same = this.#catalog.versions.filter((v) => this.#catalog.manifestCid(v)?.equals(wanted.manifestCid))
    const versions = new Set([wanted.version, ...same])
    for (const name of [...versions].flatMap((v) => [`v${v}.tar.zst`, `v${v}.tar`])) {
      if (!names.includes(name)) continue
      const path = join(folder, name)
      const found = this.#searchTar(await unpack(await readFile(path), path), path, wanted)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The entry with the wanted root; one that has the network's name but another root is an error when nothing else fits. */
  #searchTar(tar: Uint8Array, path: string, wanted: Wanted): Found | undefined {
    let other: string | undefined
    try {
      for (const { name, data } of readTar(tar)) {
        const file = basename(name)
        if (!file.endsWith('.car')) continue
        if (isRoot(data, wanted.manifestCid)) return { bytes: data, source: `${path} (${file})` }
        if (file === `builtin-actors-${this.#catalog.bundle}.car`) other = `${path} (${file})`
      }
    } catch (cause) {
      throw new BundleError('BUNDLE_DAMAGED', `The actor bundles in ${path} cannot be read: ${errorMessage(cause)}.`, cause)
    }
    if (other === undefined || wanted.release !== undefined) return undefined
    throw new BundleError(
      'BUNDLE_DAMAGED',
      `The actor bundle ${other} does not begin with the manifest ${wanted.manifestCid} of actors v${wanted.version}.`,
    )
  }

  async #download(wanted: Wanted, signal: AbortSignal | undefined): Promise<Found> {
    const name = this.#catalog.network
    const where = (this.#init.localFolders ?? []).join(', ')
    const missing = (why: string, cause?: unknown) =>
      new BundleError(
        'BUNDLE_MISSING',
        `The actor bundle v${wanted.version} of ${name} (${wanted.manifestCid}) is not on this machine${where === '' ? '' : ` (looked in ${where})`} and ${why}; give the folder that holds it with --bundles.`,
        cause,
      )
    if (this.#init.downloads === false) throw missing('downloads are off')
    await mkdir(this.#init.folder, { recursive: true })
    const failures: string[] = []
    let last: unknown
    for (const url of this.#catalog.urls(wanted.version, wanted.release)) {
      const part = join(this.#init.folder, `${wanted.manifestCid}.${url.endsWith('.car') ? 'car' : 'tar'}.part`)
      try {
        const { retries } = this.#init
        await downloadFile({ url, path: part, maxBytes: maxFileBytes, signal, ...(retries === undefined ? {} : { retries }) })
        const bytes = await readFile(part)
        // Whatever it is, it is not asked for again from the middle.
        await rm(part, { force: true })
        const found = url.endsWith('.car') ? { bytes, source: url } : this.#searchTar(await unpack(bytes, url), url, wanted)
        if (found === undefined) throw new BundleError('BUNDLE_MISSING', `${url} does not hold it.`)
        check(wanted, found.bytes, found.source)
        return found
      } catch (e) {
        signal?.throwIfAborted()
        failures.push(errorMessage(e))
        last = e
      }
    }
    throw missing(`could not be downloaded (${failures.join(' ')})`, last)
  }
}

interface Found {
  readonly bytes: Uint8Array
  /** A path or an address, for messages. */
  readonly source: string
}

/** Checks every hash and that the bundle is the wanted one and whole. */
function check(wanted: Wanted, bytes: Uint8Array, source: string): LoadedBundle {
  let car: ReturnType<typeof readCarBytes>
  try {
    car = readCarBytes(bytes)
  } catch (cause) {
    throw new BundleError('BUNDLE_DAMAGED', `The actor bundle ${source} is damaged: ${errorMessage(cause)}.`, cause)
  }
  const root = car.roots[0]
  if (car.roots.length !== 1 || root === undefined || !root.equals(wanted.manifestCid)) {
    const has = car.roots.length === 1 ? String(root) : `${car.roots.length} roots`
    throw new BundleError(
      'BUNDLE_DAMAGED',
      `The actor bundle ${source} holds ${has}, expected the manifest ${wanted.manifestCid} of actors v${wanted.version}.`,
    )
  }
  const store = new MemoryBlockstore()
  for (const block of car.blocks) store.put(block.cid, block.data)
  return { manifest: readBuiltinManifest(store, wanted.version, wanted.manifestCid, source), blocks: car.blocks }
}

function isRoot(bytes: Uint8Array, cid: CID): boolean {
  try {
    const { roots } = readCarHeaderBytes(bytes)
    return roots.length === 1 && (roots[0] as CID).equals(cid)
  } catch {
    return false
  }
}

async function unpack(bytes: Uint8Array, source: string): Promise<Uint8Array> {
  if (bytes.length < 4 || Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32LE() !== zstdMagic) return bytes
  try {
    return await decompress(bytes, { maxOutputLength: maxFileBytes })
  } catch (cause) {
    throw new BundleError('BUNDLE_DAMAGED', `The actor bundles in ${source} cannot be unpacked: ${errorMessage(cause)}.`, cause)
  }
}

async function head(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
