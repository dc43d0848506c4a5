import { equal } from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expNeg } from '../../../src/types/election.ts'
import type { ConformanceSuite } from '../../kit/conformance.ts'

/** Golden files of the election's arithmetic: every line is an input and an output, fixed-point × 2^256. */
export const suite: ConformanceSuite = {
  group: 'consensus',
  async run(report, dataPath) {
    for (const file of readdirSync(dataPath)) {
      const text = readFileSync(join(dataPath, file), 'utf8')
      if (file === 'TestExpFunction.golden') {
        for (const line of text.trim().split('\n').slice(1)) {
          const [x, y] = line.split(',') as [string, string]
          await report.check(`exp(-${x})`, () => equal(expNeg(BigInt(x)), BigInt(y)))
        }
      } else if (text.startsWith('tree ')) {
        report.skip(file, 'the file lists the names of golden files but holds no values')
      } else report.fail(file, 'unknown file')
    }
  },
}
