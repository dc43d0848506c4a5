// Started by the test of kills: runs a devnet of one miner, as `nelumbo devnet` does, and dies without warning around the record of a
// block. Arguments: the devnet's folder, the folder of the actors, the height from which on to die, the step, and the file that
// takes the recorded block.

import { writeFileSync } from 'node:fs'
import { startDevnet } from '../../src/node/devnet/run.ts'
import { MetadataStore } from '../../src/store/metadata.ts'
import { devnetOptions } from './devnet-options.ts'

const [folder = '', bundles = '', height = '0', step = '', recorded = ''] = process.argv.slice(2)
let running: Awaited<ReturnType<typeof startDevnet>> | undefined

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // Nothing runs any more; the signal needs a moment to arrive.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
}

const write = MetadataStore.prototype.batch
let block = false
MetadataStore.prototype.batch = async function (changes, options) {
  const made = changes.find((c) => c.key.startsWith('/nelumbo/made-block/'))?.value
  const late = (running?.node.chain.head?.height ?? 0) >= Number(height)
  if (made !== undefined && late) {
    writeFileSync(recorded, made)
    block = true
  }
  // The next record of a block is that of the full node, which it makes before it takes the block in.
  const node = block && made === undefined && changes.some((c) => c.key.startsWith('/slashfilter/'))
  await write.call(this, changes, options)
  if (step === 'before it is sent' && made !== undefined && late) die()
  if (step === 'before it is taken in' && node) die()
}

running = await startDevnet(devnetOptions(folder, bundles, new AbortController().signal))
await running.beginMining()
