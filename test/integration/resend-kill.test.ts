// A network of one miner, ended by kill -9 between the record of a block and its publication: the next start publishes that very
// block, and the chain goes on. Without it, it would stand still: no other block may be made on the same parents.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { encode } from '../../src/codec/codec.ts'
import { readMadeBlock } from '../../src/miner/mining/made-blocks.ts'
import { startDevnet } from '../../src/node/devnet/run.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { type BlockHeader, blockCid, blockHeader } from '../../src/types/block.ts'
import { temporaryFolder } from '../kit/daemon.ts'
import { devnetOptions } from '../kit/devnet-options.ts'
import { isFull } from '../kit/figures.ts'
import { until } from '../kit/net-pair.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(600_000)
const PATIENCE_MS = 240_000

function runUntilKilled(t: Test, args: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL('../kit/devnet-child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let text = ''
  child.stderr.on('data', (d) => {
    text += d
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      signal === 'SIGKILL' ? resolve() : reject(new Error(`ended by itself: ${code} ${signal} ${text}`)),
    )
  })
}

function blockAt(node: FullNode, height: number): BlockHeader | undefined {
  let at = node.chain.requireHead()
  while (at.height > height) at = node.chain.reader.parent(at)
  return at.height === height ? at.first : undefined
}

t.test('a recorded block is published after a kill', async (t) => {
  const bundles = sharedData(t, 'actors')
  if (bundles === undefined) return
  const folder = temporaryFolder(t)
  const recorded = join(folder, 'recorded')
  const lost: BlockHeader[] = []
  const steps = isFull ? ['before it is sent', 'before it is taken in'] : ['before it is sent']
  for (const [i, step] of steps.entries()) {
    await runUntilKilled(t, [folder, bundles, String((i + 1) * 3), step, recorded])
    lost.push(readMadeBlock(new Uint8Array(readFileSync(recorded))).block.header)
  }
  const stop = new AbortController()
  const devnet = await startDevnet(devnetOptions(folder, bundles, stop.signal))
  t.teardown(() => devnet.close())
  const last = lost.at(-1) as BlockHeader
  t.ok(devnet.node.chain.requireHead().height < last.height, 'the killed process did not publish it')
  await devnet.beginMining()
  await until(() => devnet.node.chain.requireHead().height >= last.height + 3, PATIENCE_MS, 'the blocks after it')
  for (const header of lost) {
    const found = blockAt(devnet.node, header.height)
    t.equal(found && String(blockCid(found)), String(blockCid(header)))
    t.same(found && encode(blockHeader, found), encode(blockHeader, header), 'byte for byte')
  }
})
