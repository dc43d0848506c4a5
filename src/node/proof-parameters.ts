import { getLogger } from '../lib/log.ts'
import { defaultParameterFolder } from '../miner/parameters/list.ts'
import { checkParametersAtStart } from '../miner/parameters/startup.ts'
import { setProofParameterDir } from '../native/proofs.ts'
import type { BundleName } from '../networks/bundles.ts'
import type { Network } from '../networks/types.ts'

const log = getLogger('params')

/** The networks whose proofs are checked with the published keys. */
const publicBundles: ReadonlySet<BundleName> = new Set(['mainnet', 'calibrationnet', 'butterflynet'])

export interface ParameterFolders {
  /** The network's own folder, if it has one. */
  readonly network: string | undefined
  /** FIL_PROOFS_PARAMETER_CACHE. */
  readonly configured: string | undefined
}

/** Where the proof parameters of this process lie. */
export function parameterFolder({ network, configured }: ParameterFolders): string {
  return network ?? configured ?? defaultParameterFolder
}

/**
 * Chooses the folder of verifying keys, and refuses damaged ones.
 * @throws ParameterError PARAMETER_DIGEST; NativeError NATIVE_PROOF when the process uses another folder already
 */
export async function useVerifyingKeys(
  network: Pick<Network, 'bundle' | 'genesisCid' | 'proofs' | 'proofParameters'>,
  configured: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const folder = parameterFolder({ network: network.proofParameters, configured })
  setProofParameterDir(folder)
  if (network.proofs === 'fake') return
  // A private network may run mainnet's actors, but has no genesis that everybody knows.
  const isPublic = network.genesisCid !== undefined && publicBundles.has(network.bundle)
  const published = network.proofParameters === undefined && isPublic
  const missing = await checkParametersAtStart({ folder, published }, { signal })
  if (missing.length === 0) return
  log.warn('verifying keys are missing: blocks cannot be checked; run nelumbo fetch-params 0', {
    folder,
    missing: missing.length,
  })
}
