// Started by the test of the slash filter: publishes blocks as a miner does, and dies without warning at a given step.
// Arguments: the metadata's folder, the file of published blocks, the round, and the step at which to die.

import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs'
import { SlashFilter } from '../../src/miner/mining/slash-filter.ts'
import { MetadataStore } from '../../src/store/metadata.ts'
import { type BlockHeader, blockCid } from '../../src/types/block.ts'
import { faultKinds, slashablePair } from './slash-blocks.ts'

const [folder = '', published = '', round = '0', step = ''] = process.argv.slice(2)
const store = await MetadataStore.open(folder)
const filter = new SlashFilter({ records: store })
const out = openSync(published, 'a')

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // Nothing runs any more; the signal needs a moment to arrive.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
}

async function publish(block: BlockHeader, parentEpoch: number, dieAt: string | undefined): Promise<void> {
  filter.check(block, parentEpoch)
  if (dieAt === 'after the check') die()
  const written = filter.pass(block, parentEpoch)
  if (dieAt === 'during the write') die()
  await written
  if (dieAt === 'before it is published') die()
  appendFileSync(out, `${blockCid(block)}\n`)
  fsyncSync(out)
  if (dieAt === 'after it is published') die()
}

const n = Number(round)
// First the other halves of the pairs whose first halves the process before this one was killed at.
for (const [i, kind] of faultKinds.entries()) {
  if (n === 0) break
  const { second } = slashablePair(kind, 1000n + BigInt(i), n - 1)
  await publish(second.block, second.parentEpoch, undefined).catch((error: { code?: string }) => {
    if (!error.code?.startsWith('SLASH_')) throw error
  })
}
const last = faultKinds[n % faultKinds.length]
for (const [i, kind] of [...faultKinds.entries()].sort(([, a], [, b]) => Number(a === last) - Number(b === last))) {
  const { first } = slashablePair(kind, 1000n + BigInt(i), n)
  await publish(first.block, first.parentEpoch, kind === last ? step : undefined)
}
closeSync(out)
await store.close()
