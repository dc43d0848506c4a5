import { decode } from '../codec/codec.ts'
import { list, tuple } from '../codec/combinators.ts'
import { safeUint, text } from '../codec/primitives.ts'
import { errorMessage, NodeError } from '../lib/errors.ts'
import { type CID, cid, cidKey } from '../types/cid.ts'
import type { BlockReader } from './blockstore.ts'

export type BundleErrorCode =
  /** No actors of that version run on the network, or they are not wasm. */
  | 'BUNDLE_UNKNOWN'
  /** A bundle that is neither on this machine nor to be downloaded. */
  | 'BUNDLE_MISSING'
  /** A bundle whose bytes are not those that the network's manifest CID stands for. */
  | 'BUNDLE_DAMAGED'

/** A failure of finding or checking a bundle of built-in actors. */
export class BundleError extends NodeError {
  declare readonly code: BundleErrorCode
  constructor(code: BundleErrorCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? {} : { cause })
  }
}

const manifestRoot = tuple('Manifest', { version: safeUint, data: cid })
const manifestData = list(tuple('ManifestEntry', { name: text, code: cid }), { max: 128 })

/** The built-in actors of one version as a bundle names them. */
export class BuiltinManifest {
  /** Version of the actors, 8 and up. */
  readonly version: number
  readonly manifestCid: CID
  /** The list of names and code, which the system actor's state points to. */
  readonly dataCid: CID
  readonly codeByName: ReadonlyMap<string, CID>
  readonly #names = new Map<string, string>()

  constructor(version: number, manifestCid: CID, dataCid: CID, codeByName: ReadonlyMap<string, CID>) {
    this.version = version
    this.manifestCid = manifestCid
    this.dataCid = dataCid
    this.codeByName = codeByName
    for (const [name, code] of codeByName) this.#names.set(cidKey(code), name)
  }

  /** `storageminer` and so on; undefined for code that is not in this bundle. */
  nameByCode(code: CID): string | undefined {
    return this.#names.get(cidKey(code))
  }
}

/**
 * Reads the manifest of a bundle and makes sure that all it names is there.
 * @param source what the blocks come from, for messages
 * @throws BundleError BUNDLE_DAMAGED
 */
export function readBuiltinManifest(store: BlockReader, version: number, manifestCid: CID, source: string): BuiltinManifest {
  const block = (at: CID, what: string): Uint8Array => {
    const data = store.get(at)
    if (data === undefined) throw new BundleError('BUNDLE_DAMAGED', `The actor bundle ${source} lacks ${what}, block ${at}.`)
    return data
  }
  try {
    const root = decode(manifestRoot, block(manifestCid, 'its manifest'))
    if (root.version !== 1)
      throw new BundleError('BUNDLE_DAMAGED', `The manifest ${manifestCid} in ${source} is of version ${root.version}, not 1.`)
    const entries = decode(manifestData, block(root.data, 'its list of actors'))
    for (const { name, code } of entries) block(code, `the code of the actor "${name}"`)
    return new BuiltinManifest(version, manifestCid, root.data, new Map(entries.map((e) => [e.name, e.code])))
  } catch (cause) {
    if (cause instanceof BundleError) throw cause
    throw new BundleError(
      'BUNDLE_DAMAGED',
      `The manifest ${manifestCid} in ${source} cannot be read: ${errorMessage(cause)}.`,
      cause,
    )
  }
}
