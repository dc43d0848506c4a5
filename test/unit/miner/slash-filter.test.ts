import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { SlashFilter } from '../../../src/miner/mining/slash-filter.ts'
import { MetadataStore } from '../../../src/store/metadata.ts'
import { blockCid } from '../../../src/types/block.ts'
import { temporaryFolder } from '../../kit/daemon.ts'
import { blockOf, faultCodes, faultKinds, slashablePair, someCid } from '../../kit/slash-blocks.ts'

t.setTimeout(240_000)

t.test('50 faults of each kind are refused, whichever block comes first, and honest blocks are not', async (t) => {
  const store = await MetadataStore.open(join(temporaryFolder(t), 'metadata'))
  t.teardown(() => store.close())
  const filter = new SlashFilter({ records: store })
  let refused = 0
  for (const [i, kind] of faultKinds.entries()) {
    for (let n = 0; n < 50; n++) {
      const { first, second } = slashablePair(kind, 1000n + BigInt(i), n)
      // Parent grinding is only seen from the later block: the earlier one is the witness.
      const [a, b] = kind !== 'parent grinding' && n % 2 === 1 ? [second, first] : [first, second]
      await filter.pass(a.block, a.parentEpoch)
      const error = await filter.pass(b.block, b.parentEpoch).then(
        () => undefined,
        (e: unknown) => e as { code: string; witness: unknown },
      )
      if (error?.code === faultCodes[kind] && String(error.witness) === String(blockCid(a.block))) refused++
      await filter.pass(a.block, a.parentEpoch)
    }
  }
  t.equal(refused, 150)

  let parents = [someCid('genesis')]
  let height = 0
  let passed = 0
  for (let n = 0; n < 1000; n++) {
    const parentEpoch = height
    height += 1 + (n % 7 === 0 ? 3 : 0)
    const block = blockOf(2000n, height, parents, `honest ${n}`)
    await filter.pass(block, parentEpoch)
    passed++
    // Other miners' blocks stand beside the own one; now and then the own epoch had no win.
    parents = n % 3 === 0 ? [someCid(`other ${n}`)] : [someCid(`a ${n}`), blockCid(block)]
    if (n % 3 === 0) height++
  }
  t.equal(passed, 1000, 'no honest block is refused')
})

t.test('the check and the write are one step', async (t) => {
  const store = await MetadataStore.open(join(temporaryFolder(t), 'metadata'))
  t.teardown(() => store.close())
  const filter = new SlashFilter({ records: store })
  const { first, second } = slashablePair('double fork', 1000n, 0)
  const outcomes = await Promise.allSettled([
    filter.pass(first.block, first.parentEpoch),
    filter.pass(second.block, second.parentEpoch),
  ])
  t.same(
    outcomes.map((o) => o.status),
    ['fulfilled', 'rejected'],
  )
})

t.test('a block whose record cannot be written does not pass', async (t) => {
  const filter = new SlashFilter({
    records: { get: () => undefined, batch: () => Promise.reject(new Error('the disk is full')) },
  })
  const { first } = slashablePair('double fork', 1000n, 0)
  await t.rejects(filter.pass(first.block, first.parentEpoch), /disk is full/)
})

t.test('kill -9 at every step: no two blocks are published that would be punished', async (t) => {
  const folder = temporaryFolder(t)
  const published = join(folder, 'published')
  const steps = ['after the check', 'during the write', 'before it is published', 'after it is published']
  const rounds = 50
  const child = fileURLToPath(new URL('../../kit/slash-child.ts', import.meta.url))
  for (let n = 0; n < rounds; n++) {
    const args = [child, join(folder, 'metadata'), published, String(n), steps[n % steps.length] as string]
    const ended = await new Promise<string>((resolve, reject) => {
      const process_ = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let text = ''
      process_.stderr.on('data', (d) => {
        text += d
      })
      process_.on('error', reject)
      process_.on('close', (code, signal) => resolve(signal === 'SIGKILL' ? 'killed' : `${code} ${signal} ${text}`))
    })
    if (ended !== 'killed') t.equal(ended, 'killed', `round ${n}`)
  }
  const sent = new Set(existsSync(published) ? readFileSync(published, 'utf8').trim().split('\n') : [])
  let both = 0
  let one = 0
  for (const [i, kind] of faultKinds.entries()) {
    for (let n = 0; n + 1 < rounds; n++) {
      const { first, second } = slashablePair(kind, 1000n + BigInt(i), n)
      const count = [first, second].filter(({ block }) => sent.has(String(blockCid(block)))).length
      if (count === 2) both++
      if (count === 1) one++
    }
  }
  t.equal(both, 0)
  t.ok(one >= 100, `${one} of ${faultKinds.length * (rounds - 1)} pairs had one of their blocks published`)
})
