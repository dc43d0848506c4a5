import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { MiningParams } from '../api/types/mining.ts'
import { getLogger } from '../lib/log.ts'
import { ParameterError } from '../miner/parameters/errors.ts'
import { type FetchProgress, fetchParameters } from '../miner/parameters/fetch.ts'
import { ensureInsecureParameters } from '../miner/parameters/insecure.ts'
import { defaultParameterFolder, type ParameterFile } from '../miner/parameters/list.ts'
import { publishedParameters } from '../miner/parameters/published.ts'
import { checkParametersAtStart } from '../miner/parameters/startup.ts'
import { parameterNames } from '../native/parameters.ts'
import { setProofParameterDir } from '../native/proofs.ts'

const log = getLogger('params')

/**
 * Sectors from this size on are of public networks, where the published parameters are the only right ones. A private network of
 * small ones may have others, which its miners have put into their folder; published ones come into it where there are none.
 */
const publicSectorSize = 512 * 2 ** 20

/** How often the log tells how far a file has come, milliseconds. */
const TELL_MS = 10_000

export interface ProvingParameterSources {
  /** The folder of the network that the miner was started with, if it has one. */
  readonly network: string | undefined
  /** FIL_PROOFS_PARAMETER_CACHE. */
  readonly configured: string | undefined
  /** What the full node says of its network's own parameters; null where those are the published ones. */
  readonly told: MiningParams['parameters']
}

export interface ProvingParameterOptions {
  /** Leaves the files unread that are there (TRUST_PARAMS=1). */
  readonly trust: boolean
  /** Where devnets' parameters are made. */
  readonly cacheDir: string
  /** Where published ones are fetched from; the known gateways where it is not given. */
  readonly gateways?: readonly string[]
  /** The published parameters; given in tests. */
  readonly published?: readonly ParameterFile[]
  readonly signal: AbortSignal
}

/**
 * Sees to it that the parameters are there by which a miner proves its sectors, and are the right ones: published ones are fetched
 * (Lotus node/modules/storageminer.go, GetParams), those of a devnet are made.
 * @param sectorSizes bytes of the sectors that are proven here
 * @throws ParameterError PARAMETER_DIGEST, PARAMETER_MISSING, PARAMETER_DOWNLOAD; NativeError NATIVE_PROOF
 */
export async function useProvingParameters(
  sources: ProvingParameterSources,
  sectorSizes: readonly number[],
  options: ProvingParameterOptions,
): Promise<void> {
  const { trust, signal } = options
  const { folder, own } = await chooseFolder(sources, sectorSizes, options)
  setProofParameterDir(folder)
  const isPublic = !own && sectorSizes.some((size) => size >= publicSectorSize)
  const check = (): Promise<unknown> => checkParametersAtStart({ folder, published: isPublic, sectorSizes, trust }, { signal })
  if (isPublic && !trust) log.info('checking the proving parameters; TRUST_PARAMS=1 leaves them unread', { folder })
  try {
    await check()
  } catch (error) {
    if (!(error instanceof ParameterError) || error.code !== 'PARAMETER_MISSING' || own) throw error
    await fetchPublished(folder, sectorSizes, options)
    await check()
  }
}

/** @returns the folder, and whether its parameters are a private network's own, which nobody publishes */
async function chooseFolder(
  { network, configured, told }: ProvingParameterSources,
  sectorSizes: readonly number[],
  { cacheDir, signal }: ProvingParameterOptions,
): Promise<{ readonly folder: string; readonly own: boolean }> {
  if (network !== undefined) return { folder: network, own: true }
  if (told === null) return { folder: configured ?? defaultParameterFolder, own: false }
  if (configured !== undefined) return { folder: configured, own: true }
  if (existsSync(told.folder)) return { folder: told.folder, own: true }
  if (told.seed !== '') return { folder: await makeInsecure(told.seed, sectorSizes, cacheDir, signal), own: true }
  const hint = `Copy that folder to this host and set FIL_PROOFS_PARAMETER_CACHE to it, or start with --network-file and the network's description.`
  const what = `The network has proof parameters of its own, in ${told.folder} on the full node's host, which is not here.`
  throw new ParameterError('PARAMETER_MISSING', what, { hint, fields: { name: told.folder } })
}

async function makeInsecure(
  seed: string,
  sectorSizes: readonly number[],
  cacheDir: string,
  signal: AbortSignal,
): Promise<string> {
  let folder = ''
  for (const sectorSize of sectorSizes) {
    const args = { seed: new Uint8Array(Buffer.from(seed, 'hex')), sectorSize, cacheDir: join(cacheDir, 'devnet') }
    const tell = teller()
    const made = await ensureInsecureParameters(args, {
      signal,
      onProgress: ({ circuit, secondsLeft }) =>
        tell(() => log.info('making the proof parameters of the devnet', { circuit, secondsLeft })),
    })
    folder = made.folder
  }
  return folder
}

/** Proofs of spacetime are all that is made here: the parameters of seals, of tens of GB, are left where they are. */
async function fetchPublished(folder: string, sectorSizes: readonly number[], options: ProvingParameterOptions): Promise<void> {
  const { gateways, trust, signal, published = publishedParameters } = options
  const names = sectorSizes.flatMap((size) => (['winning', 'window'] as const).map((c) => parameterNames(c, size).params))
  const needed = published.filter(({ name }) => name.endsWith('.vk') || names.includes(name))
  const files = needed.filter(({ name }) => !existsSync(join(folder, name)))
  const unknown = names.find((name) => !needed.some((file) => file.name === name) && !existsSync(join(folder, name)))
  if (unknown !== undefined)
    throw new ParameterError(
      'PARAMETER_MISSING',
      `The proof parameters ${join(folder, unknown)} are missing, and nobody publishes them.`,
      {
        fields: { name: unknown },
      },
    )
  log.info('proof parameters are missing and are fetched; what was fetched before a stop is kept', { folder })
  const tell = teller()
  try {
    await fetchParameters(
      { files, folder, trust, ...(gateways === undefined ? {} : { gateways }) },
      { signal, onProgress: (progress) => tell(() => report(progress)) },
    )
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ParameterError)) throw error
    throw new ParameterError(
      error.code as 'PARAMETER_DOWNLOAD',
      `Nothing can be proven without the proof parameters: ${error.message}`,
      {
        cause: error,
        hint: `Run nelumbo fetch-params with the sector size where a gateway can be reached and copy the files into ${folder}, name another gateway in IPFS_GATEWAY, or switch proving off with Subsystems.EnableMining = false.`,
        fields: error.fields,
      },
    )
  }
}

function report(progress: FetchProgress): void {
  if (progress.stage !== 'fetching') return
  const { name, bytes, totalBytes } = progress
  log.info('fetching proof parameters', { name, bytes, totalBytes })
}

/** Lets the first call through, and then one each ten seconds. */
function teller(): (say: () => void) => void {
  let last = Number.NEGATIVE_INFINITY
  return (say) => {
    const now = performance.now()
    if (now - last < TELL_MS) return
    last = now
    say()
  }
}
