import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ConformanceSuite } from '../../kit/conformance.ts'
import { bundleBlocks, bundleOf, checkVector, readVector, runVector, vectorExterns, vectorPaths } from '../../kit/fvm-vectors.ts'

/** Message vectors extracted from mainnet: exit code, return data, gas used and state root, all exact. */
export const suite: ConformanceSuite = {
  group: 'fvm-vectors',
  async run(report, dataPath) {
    for (const folder of readdirSync(dataPath).sort()) {
      const actors = bundleBlocks(join(dataPath, '..', 'actors', bundleOf(folder)))
      for (const path of vectorPaths(join(dataPath, folder))) {
        const vector = readVector(path)
        await report.check(`${folder}/${vector.name}`, () => {
          checkVector(vector, runVector(vector, vectorExterns(vector, actors)))
        })
      }
    }
  },
}
