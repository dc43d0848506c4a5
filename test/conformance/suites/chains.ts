import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConformanceSuite } from '../../kit/conformance.ts'
import { carV2File } from './chains/carv2.ts'
import { lotusChain } from './chains/lotus.ts'
import { mainnetStart } from './chains/mainnet-start.ts'

/** Chains made by Lotus and the start of mainnet's: re-execution, every recorded RPC answer, headers and their proofs. */
export const suite: ConformanceSuite = {
  group: 'chains',
  async run(report, dataPath) {
    for (const name of readdirSync(dataPath).sort()) {
      const path = join(dataPath, name)
      if (name.startsWith('lotus-devnet')) await lotusChain(report, join(dataPath, '..'), name)
      else if (name === 'mainnet-epochs-0-3.car.zst') await mainnetStart(report, path)
      else if (name.startsWith('carv2-')) await carV2File(report, path)
      else if (name === 'known-blocks.yaml') {
        const known = readFileSync(path, 'utf8').match(/^\s+\d+:/gm)?.length ?? 0
        report.skip(name, `a list of ${known} checkpoints by height on public networks; none lies on a chain at hand`)
      } else if (name !== 'README.md') report.fail(name, 'unknown file')
    }
  },
}
