// Proof parameters for 2 KiB sectors, made once from a fixed seed and kept in the user's cache, over all test runs.
import { fileURLToPath } from 'node:url'
import { cacheDirectory } from '../../scripts/setup/cache.mjs'
import { ensureInsecureParameters, type InsecureParameters } from '../../src/miner/parameters/insecure.ts'
import { setProofParameterDir } from '../../src/native/proofs.ts'

/** What the parameters of all tests are made from. */
export const testParameterSeed = 'nelumbo tests'

/** Makes (the first time: half a minute of two cores) or finds the parameters of both PoSts, and uses them in this process. */
export async function useTestParameters(): Promise<InsecureParameters> {
  const cacheDir = cacheDirectory(fileURLToPath(new URL('../../', import.meta.url)))
  const parameters = await ensureInsecureParameters({ seed: testParameterSeed, sectorSize: 2048, cacheDir })
  setProofParameterDir(parameters.folder)
  return parameters
}
