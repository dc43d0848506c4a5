import { decode } from '../codec/codec.ts'
import { list, tuple } from '../codec/combinators.ts'
import { safeUint, text } from '../codec/primitives.ts'
import type { BlockReader } from '../store/blockstore.ts'
import { CID, cid, cidFromString, cidKey, IDENTITY, RAW } from '../types/cid.ts'
import { malformed } from './errors.ts'

/** Built-in actors by the names that bundle manifests give them (go-state-types manifest). */
export const actorKinds = [
  'system',
  'init',
  'cron',
  'account',
  'storagepower',
  'storageminer',
  'storagemarket',
  'paymentchannel',
  'multisig',
  'reward',
  'verifiedregistry',
  'datacap',
  'evm',
  'eam',
  'ethaccount',
  'placeholder',
] as const
export type ActorKind = (typeof actorKinds)[number]

const known: ReadonlySet<string> = new Set(actorKinds)

/** A bundle manifest as it is in the state: the version of its form and a link to the list of names and code. */
export const manifestRoot = tuple('Manifest', { version: safeUint, data: cid })
export const manifestEntry = tuple('ManifestEntry', { name: text, code: cid })
export const manifestData = list(manifestEntry, { max: 128 })

export interface Manifest {
  /** What the system actor's state points to. */
  readonly dataCid: CID
  readonly entries: readonly { readonly name: string; readonly code: CID }[]
  readonly codeByName: ReadonlyMap<string, CID>
}

/**
 * Reads the list that the system actor points to; undefined when it is not in the store.
 * @throws ActorError STATE_MALFORMED
 */
export function readManifestData(store: BlockReader, dataCid: CID): Manifest | undefined {
  const data = store.get(dataCid)
  if (data === undefined) return undefined
  try {
    const entries = decode(manifestData, data)
    return { dataCid, entries, codeByName: new Map(entries.map((e) => [e.name, e.code])) }
  } catch (e) {
    return malformed(`block ${dataCid} is no list of actors`, e)
  }
}

/**
 * Reads a bundle's manifest; undefined when the bundle is not in the store.
 * @throws ActorError STATE_MALFORMED
 */
export function readManifest(store: BlockReader, manifest: CID | string): Manifest | undefined {
  const at = typeof manifest === 'string' ? cidFromString(manifest) : manifest
  const data = store.get(at)
  if (data === undefined) return undefined
  let root: { version: number; data: CID }
  try {
    root = decode(manifestRoot, data)
  } catch (e) {
    return malformed(`block ${at} is no actor manifest`, e)
  }
  if (root.version !== 1) malformed(`actor manifest ${at} is of version ${root.version}; only 1 is known`)
  return readManifestData(store, root.data)
}

/** The actors of one bundle, as `src/networks` lists them. */
export interface ActorBundle {
  /** Actors version, 8 to 18 and on. */
  readonly version: number
  readonly entries: readonly (readonly [name: string, code: CID | string])[]
}

export interface ActorCode {
  readonly kind: ActorKind
  readonly version: number
}

/**
 * What a code CID stands for. Code that several bundles share (the placeholder's never changes) counts as that of the newest:
 * the same code means the same state.
 */
export class ActorRegistry {
  readonly #byCode = new Map<string, ActorCode>()
  readonly #byKind = new Map<string, CID>()

  constructor(bundles: readonly ActorBundle[] = []) {
    for (const b of bundles) this.add(b)
  }

  /** Later bundles of the same version replace the code that `codeOf` gives; code known before stays known. */
  add(bundle: ActorBundle): void {
    for (const [name, code] of bundle.entries) {
      // A newer bundle may hold actors that this program has no views for; their code stays unknown.
      if (!known.has(name)) continue
      const kind = name as ActorKind
      const at = typeof code === 'string' ? cidFromString(code) : code
      const before = this.#byCode.get(cidKey(at))
      if (before === undefined || before.version <= bundle.version)
        this.#byCode.set(cidKey(at), { kind, version: bundle.version })
      this.#byKind.set(`${bundle.version}/${kind}`, at)
    }
  }

  lookup(code: CID): ActorCode | undefined {
    return this.#byCode.get(cidKey(code))
  }

  kindOf(code: CID): ActorKind | undefined {
    return this.lookup(code)?.kind
  }

  versionOf(code: CID): number | undefined {
    return this.lookup(code)?.version
  }

  codeOf(version: number, kind: ActorKind): CID | undefined {
    return this.#byKind.get(`${version}/${kind}`)
  }
}

/** Actors that existed before the FVM. */
const nativeKinds = actorKinds.filter((k) => !['datacap', 'evm', 'eam', 'ethaccount', 'placeholder'].includes(k))

/** Code CIDs of actors versions 0 to 7, which were part of the node: identity hashes of names such as `fil/1/account`. */
export function nativeActorCodes(version: number): Map<ActorKind, CID> {
  return new Map(
    nativeKinds.map((kind) => {
      const name = new TextEncoder().encode(`fil/${Math.max(version, 1)}/${kind}`)
      return [kind, CID.decode(Uint8Array.of(1, RAW, IDENTITY, name.length, ...name))]
    }),
  )
}
