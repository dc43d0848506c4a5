import { join } from 'node:path'
import { getLogger } from '../../lib/log.ts'
import { bundleCatalog } from '../../networks/bundles.ts'
import { devnet } from '../../networks/devnet.ts'
import { actorsVersion } from '../../networks/schedule.ts'
import { BundleError } from '../../store/bundle-manifest.ts'
import { BundleStore, type BundleStoreInit, type LoadedBundle } from '../../store/bundle-store.ts'

const log = getLogger('devnet')

export type DevnetBundle = 'devnet' | 'testing-fake-proofs'

export function bundleName(proofs: 'real' | 'fake'): DevnetBundle {
  return proofs === 'fake' ? 'testing-fake-proofs' : 'devnet'
}

export interface DevnetBundleOptions {
  readonly cacheDir: string
  readonly proofs: 'real' | 'fake'
  /** The actors, where not those that go with the proofs. The ones that check no proof see no consensus fault either. */
  readonly bundle?: DevnetBundle
  /** Folders with actor bundles, looked through in this order. */
  readonly bundleFolders: readonly string[]
  /** false: what is not on this machine is not fetched. */
  readonly downloads?: boolean
  readonly signal: AbortSignal
}

/**
 * The actors of a devnet: kept from before, from a folder on this machine, or downloaded once. Whatever they come from, they are
 * checked by the CID of their manifest.
 * @throws BundleError BUNDLE_MISSING, BUNDLE_DAMAGED
 */
export async function loadDevnetBundle(o: DevnetBundleOptions): Promise<LoadedBundle> {
  const version = actorsVersion(devnet.genesisNetworkVersion)
  const catalog = bundleCatalog({ name: 'devnet', bundle: o.bundle ?? bundleName(o.proofs) })
  const load = (init: Omit<BundleStoreInit, 'folder' | 'localFolders'>) => {
    const store = new BundleStore({ catalog }, { folder: join(o.cacheDir, 'bundles'), localFolders: o.bundleFolders, ...init })
    return store.load(version, { signal: o.signal })
  }
  try {
    return await load({ downloads: false })
  } catch (e) {
    if (o.downloads === false || !(e instanceof BundleError) || e.code !== 'BUNDLE_MISSING') throw e
  }
  log.info('the built-in actors are being downloaded', { actorsVersion: version })
  return await load({ retries: 1 })
}
