// Started by the test of recorded blocks: makes blocks for the only miner of a chain that lies in a file, and dies without warning
// at a given step of the third one. Arguments: the metadata's folder, the file of published blocks (one in hex a line), the step.

import { appendFileSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs'
import { decode, encode } from '../../src/codec/codec.ts'
import type { MinerRecords } from '../../src/miner/records.ts'
import { MetadataStore } from '../../src/store/metadata.ts'
import { type BlockMsg, blockMsg } from '../../src/types/block.ts'
import { Tipset } from '../../src/types/tipset.ts'
import { MiningWorld } from './mining-world.ts'

const [folder = '', published = '', step = ''] = process.argv.slice(2)
const store = await MetadataStore.open(folder)

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // Nothing runs any more; the signal needs a moment to arrive.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
}

let made = 0
const records: MinerRecords = {
  get: (key) => store.get(key),
  iterate: (prefix) => store.iterate(prefix),
  async batch(changes, options) {
    const last = changes.some((c) => c.key.startsWith('/nelumbo/made-block/')) && ++made === 3
    if (last && step === 'before the write') die()
    const written = store.batch(changes, options)
    if (last && step === 'during the write') die()
    await written
    if (last && step === 'before it is published') die()
  },
}
const world = new MiningWorld(new Map([[1000n, 1n]]), records)
// No two lives would make the same block.
world.salt = String(process.pid)
const known = existsSync(published) ? readFileSync(published, 'utf8').trim().split('\n') : []
for (const line of known) world.setHead(Tipset.create([decode(blockMsg, new Uint8Array(Buffer.from(line, 'hex'))).header]))
// The clock goes on from the head's time.
await world.clock.sleep(Number(world.top.minTimestamp) * 1000 - world.clock.now())
const out = openSync(published, 'a')
const submit = world.submit.bind(world)
world.submit = async (block: BlockMsg) => {
  appendFileSync(out, `${Buffer.from(encode(blockMsg, block)).toString('hex')}\n`)
  fsyncSync(out)
  if (made === 3 && step === 'after it is published') die()
  await submit(block)
}
await world.mine([1000n], (a) => a.filter((x) => x.outcome === 'won').length >= 6)
await store.close()
