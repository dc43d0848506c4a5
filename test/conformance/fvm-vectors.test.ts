import t from 'tap'
import { bundleBlocks, bundleOf, checkVector, readVector, runVector, vectorExterns, vectorPaths } from '../kit/fvm-vectors.ts'
import { sharedData } from '../kit/shared-data.ts'

// The first message of each engine waits for the actors' wasm to be compiled.
t.setTimeout(300_000)

for (const [folder, count] of [
  ['nv17-actors-v9', 127],
  ['nv18-actors-v10', 129],
] as const) {
  t.test(`message vectors of ${folder}`, async (t) => {
    const path = sharedData(t, 'fvm-vectors', folder)
    const bundle = sharedData(t, 'actors', bundleOf(folder))
    if (path === undefined || bundle === undefined) return
    const actors = bundleBlocks(bundle)
    const paths = vectorPaths(path)
    t.equal(paths.length, count)
    for (const file of paths) {
      const vector = readVector(file)
      t.doesNotThrow(() => checkVector(vector, runVector(vector, vectorExterns(vector, actors))), vector.name)
    }
    // The check itself must notice a difference.
    const vector = readVector(paths[0] as string)
    const outcome = runVector(vector, vectorExterns(vector, actors))
    const [receipt] = outcome.receipts
    if (receipt === undefined) throw new Error('a vector without a message')
    const wrong = { ...outcome, receipts: [{ ...receipt, gasUsed: receipt.gasUsed + 1n }] }
    t.throws(() => checkVector(vector, wrong), { message: /gas/ })
    t.throws(() => checkVector(vector, { ...outcome, stateRoot: vector.preRoot }), { message: /ends in/ })
  })
}
