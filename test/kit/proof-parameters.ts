// Proof parameters for 2 KiB sectors, made once from the devnet's seed and kept in the user's cache, over all test runs.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheDirectory } from '../../scripts/setup/cache.mjs'
import { devnetParameterSeed, ensureInsecureParameters, type InsecureParameters } from '../../src/miner/parameters/insecure.ts'
import { setProofParameterDir } from '../../src/native/proofs.ts'

/** Makes (the first time: half a minute of two cores) or finds the parameters of both PoSts, and uses them in this process. */
export async function useTestParameters(): Promise<InsecureParameters> {
  // Where the command devnet has them too.
  const cacheDir = join(cacheDirectory(fileURLToPath(new URL('../../', import.meta.url))), 'devnet')
  const parameters = await ensureInsecureParameters({ seed: devnetParameterSeed, sectorSize: 2048, cacheDir })
  setProofParameterDir(parameters.folder)
  return parameters
}
