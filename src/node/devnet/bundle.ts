import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import { bundleCatalog } from '../../networks/bundles.ts'
import { devnet } from '../../networks/devnet.ts'
import { actorsVersion } from '../../networks/schedule.ts'
import { BundleError } from '../../store/bundle-manifest.ts'
import { BundleStore, type BundleStoreInit, type LoadedBundle } from '../../store/bundle-store.ts'

const log = getLogger('devnet')
const run = promisify(execFile)

/** A release of Lotus as a Go module, which brings the actors of all networks along (build/actors). */
const LOTUS_MODULE = 'github.com/filecoin-project/lotus@v1.36.0'
/** How long the usual addresses may take where there is another way. */
const PATIENCE_MS = 20_000
/** The module takes 30 MB. */
const MODULE_TIMEOUT_MS = 300_000
const MAX_OUTPUT_BYTES = 1 << 20

export function bundleName(proofs: 'real' | 'fake'): 'devnet' | 'testing-fake-proofs' {
  return proofs === 'fake' ? 'testing-fake-proofs' : 'devnet'
}

export interface DevnetBundleOptions {
  readonly cacheDir: string
  readonly proofs: 'real' | 'fake'
  /** A folder with actor bundles. */
  readonly bundlesDir?: string
  /** false: what is not on this machine is not fetched. */
  readonly downloads?: boolean
  readonly signal: AbortSignal
}

/**
 * The actors of a devnet: kept from before, from the folder that the user names, downloaded, or, where those addresses cannot
 * be reached and Go is installed, out of Lotus's Go module. Whatever it comes from, it is checked by the CID of its manifest.
 * @throws BundleError BUNDLE_MISSING, BUNDLE_DAMAGED
 */
export async function loadDevnetBundle(o: DevnetBundleOptions): Promise<LoadedBundle> {
  const version = actorsVersion(devnet.genesisNetworkVersion)
  const catalog = bundleCatalog({ name: 'devnet', bundle: bundleName(o.proofs) })
  const load = (init: Omit<BundleStoreInit, 'folder'>, signal: AbortSignal) =>
    new BundleStore({ catalog }, { folder: join(o.cacheDir, 'bundles'), ...init }).load(version, { signal })
  const given = o.bundlesDir === undefined ? {} : { localFolders: [o.bundlesDir] }
  const here = await found(load({ ...given, downloads: false }, o.signal))
  if (here !== undefined) return here
  if (o.downloads === false) return await load({ ...given, downloads: false }, o.signal)
  log.info('the built-in actors are being fetched', { actorsVersion: version })
  if (await goIsInstalled()) {
    const soon = AbortSignal.any([o.signal, AbortSignal.timeout(PATIENCE_MS)])
    const fetched = await found(load({ ...given, retries: 0 }, soon).catch((e: unknown) => refusal(e, o.signal)))
    if (fetched !== undefined) return fetched
    const folder = await lotusModule(o.signal)
    const inModule = folder === undefined ? undefined : await found(load({ localFolders: [folder], downloads: false }, o.signal))
    if (inModule !== undefined) return inModule
  }
  return await load({ ...given, retries: 1 }, o.signal)
}

/** undefined for a bundle that is not there; other failures go on. */
async function found(loading: Promise<LoadedBundle | undefined>): Promise<LoadedBundle | undefined> {
  try {
    return await loading
  } catch (e) {
    if (e instanceof BundleError && e.code === 'BUNDLE_MISSING') return undefined
    throw e
  }
}

/** A download that took too long is like one that failed, unless the user has ended it. */
function refusal(error: unknown, signal: AbortSignal): undefined {
  signal.throwIfAborted()
  if (error instanceof BundleError || (error as Error | undefined)?.name === 'TimeoutError') return undefined
  throw error
}

async function goIsInstalled(): Promise<boolean> {
  return run('go', ['version'], { cwd: tmpdir() }).then(
    () => true,
    () => false,
  )
}

/** The folder of actor bundles in Lotus's Go module, undefined where Go cannot fetch it. */
async function lotusModule(signal: AbortSignal): Promise<string | undefined> {
  log.info("the built-in actors are taken from Lotus's Go module", { module: LOTUS_MODULE })
  try {
    const options = { cwd: tmpdir(), signal, timeout: MODULE_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }
    const { stdout } = await run('go', ['mod', 'download', '-json', LOTUS_MODULE], options)
    const { Dir } = JSON.parse(stdout) as { Dir?: unknown }
    return typeof Dir === 'string' ? join(Dir, 'build', 'actors') : undefined
  } catch (e) {
    signal.throwIfAborted()
    log.warn("Lotus's Go module cannot be fetched", { why: errorMessage(e).split('\n')[0] ?? '' })
    return undefined
  }
}
