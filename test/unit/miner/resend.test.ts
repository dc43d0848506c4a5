// Blocks that were recorded and then not sent, because the process was killed or the full node failed.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { decode, encode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { MadeBlocks } from '../../../src/miner/mining/made-blocks.ts'
import { Resender } from '../../../src/miner/mining/resend.ts'
import { Address } from '../../../src/types/address.ts'
import { type BlockHeader, type BlockMsg, blockCid, blockMsg } from '../../../src/types/block.ts'
import { Tipset } from '../../../src/types/tipset.ts'
import { temporaryFolder } from '../../kit/daemon.ts'
import { DELAY_SECS, MemoryRecords, MiningWorld, view } from '../../kit/mining-world.ts'
import { someCid } from '../../kit/slash-blocks.ts'

t.setTimeout(240_000)
const logged: string[] = []
configureLogging({ level: 'error', format: 'plain', write: (line) => void logged.push(line) })

const miner = Address.fromId(1000n)
const { signal } = new AbortController()
const power = new Map([[1000n, 1n]])
const bytesOf = (block: BlockMsg): Buffer => Buffer.from(encode(blockMsg, block))

/** A world whose process ends when its third block is recorded, and what that block is. */
async function killed(): Promise<{ world: MiningWorld; records: MemoryRecords; block: BlockMsg }> {
  const records = new MemoryRecords()
  const world = new MiningWorld(power, records)
  const submit = world.submit.bind(world)
  let lost: BlockMsg | undefined
  world.submit = (block) => {
    if (world.submitted.length < 2) return submit(block)
    lost ??= block
    return Promise.reject(new Error('killed'))
  }
  await world.mine([1000n], (a) => a.at(-1)?.outcome === 'failed')
  return { world, records, block: lost as BlockMsg }
}

/** The next process: same records, same chain. */
function next({ world, records }: { world: MiningWorld; records: MemoryRecords }, epochsLater = 1): MiningWorld {
  const again = new MiningWorld(power, records)
  again.salt = 'other messages'
  again.setHead(world.top)
  void again.clock.sleep((Number(world.top.minTimestamp) + epochsLater * DELAY_SECS) * 1000 - again.clock.now())
  return again
}

function resenderOf(world: MiningWorld): Resender {
  return new Resender(world.components, { blockDelaySecs: DELAY_SECS })
}

t.test('the only miner goes on after a kill: the very bytes are sent, and no second block', async (t) => {
  for (const epochsLater of [1, 2, 500]) {
    const before = await killed()
    const world = next(before, epochsLater)
    await world.mine([1000n], (a) => a.filter((x) => x.outcome === 'won').length >= 5)
    t.same(bytesOf(world.submitted[0]?.block as BlockMsg), bytesOf(before.block))
    const heights = world.submitted.map(({ block }) => block.header.height)
    t.equal(new Set(heights).size, heights.length, 'one block at each height')
    t.notOk(
      world.attempts.some((a) => a.outcome === 'refused'),
      'nothing is held back',
    )
    const [first] = world.attempts
    t.match(first, { outcome: 'won', epoch: before.block.header.height, reason: 'made before, and sent again', late: true })
    t.equal(String(first?.block), String(blockCid(before.block.header)))
    t.equal(first?.baseEpoch, before.world.top.height)
  }
})

t.test('a full node that fails at a block is given it again', async (t) => {
  const world = new MiningWorld(power)
  const submit = world.submit.bind(world)
  const refused: BlockMsg[] = []
  world.submit = async (block) => {
    if (block.header.height !== 2 || refused.length === 3) return submit(block)
    refused.push(block)
    throw new Error('the connection was lost')
  }
  await world.mine([1000n], (a) => (a.at(-1)?.epoch ?? 0) >= 6)
  const second = world.submitted.filter(({ block }) => block.header.height === 2)
  t.equal(refused.length, 3)
  t.equal(second.length, 1)
  for (const block of refused) t.same(bytesOf(block), bytesOf(second[0]?.block as BlockMsg))
  t.ok(world.attempts.filter((a) => a.epoch === 2).at(-1)?.outcome === 'won')
})

t.test('it is left where it can no longer count', async (t) => {
  const before = await killed()
  const { header } = before.block
  const at = (head: (world: MiningWorld) => Tipset, epochsLater = 1) => {
    const world = next(before, epochsLater)
    world.setHead(head(world))
    return { world, run: () => resenderOf(world).run(miner, view(world.top), signal) }
  }
  const foreign = (world: MiningWorld, height: number, change: Partial<BlockHeader> = {}): BlockHeader => ({
    ...world.foreign(2000n, height, 'of another'),
    ...change,
  })

  const there = at((w) => Tipset.create([header, foreign(w, header.height)]))
  t.equal(await there.run(), undefined, 'the chain has it')
  const passed = at((w) => Tipset.create([foreign(w, header.height + 1)]))
  t.equal(await passed.run(), undefined, 'the chain has passed its height')
  const elsewhere = at((w) => Tipset.create([foreign(w, header.height, { parents: [someCid('another fork')] })]))
  t.equal(await elsewhere.run(), undefined, 'a block of its height stands on other parents')
  const fork = (w: MiningWorld) => Tipset.create([foreign(w, header.height - 1, { parents: [someCid('another fork')] })])
  const late = at(fork, 2)
  t.equal(await late.run(), undefined, 'another head, and its epoch is over')
  for (const { world } of [there, passed, elsewhere, late]) t.same(world.submitted, [])

  const beside = at((w) => Tipset.create([foreign(w, header.height)]), 2)
  t.match(await beside.run(), { outcome: 'won' }, 'it joins the tipset of its height')
  const now = at(fork)
  t.match(await now.run(), { outcome: 'won' }, 'while its epoch lasts')
  for (const { world } of [beside, now])
    t.same(
      world.submitted.map(({ block }) => bytesOf(block)),
      [bytesOf(before.block)],
    )
})

t.test('it is left where another process made blocks for the actor meanwhile', async (t) => {
  const before = await killed()
  const { header } = before.block
  const world = next(before)
  world.setHead(
    Tipset.create([world.foreign(1000n, header.height, 'made elsewhere'), world.foreign(2000n, header.height, 'of another')]),
  )
  logged.length = 0
  t.equal(await resenderOf(world).run(miner, view(world.top), signal), undefined)
  t.same(world.submitted, [])
  t.match(logged.join(''), /SLASH_OTHER_PRODUCER/)
})

t.test('once on a head, and again on the next', async (t) => {
  const before = await killed()
  const world = next(before)
  const sent: BlockMsg[] = []
  // Taken, but lighter than the head for some reason.
  world.submit = async (block) => void sent.push(block)
  const resender = resenderOf(world)
  const head = view(world.top)
  t.match(await resender.run(miner, head, signal), { outcome: 'won' })
  await world.clock.sleep(3600_000)
  t.equal(await resender.run(miner, head, signal), undefined)
  t.equal(sent.length, 1)

  // One that fails is tried again, not more often than each second.
  let failures = 0
  world.submit = async () => {
    failures++
    throw new Error('no such luck')
  }
  const other = resenderOf(world)
  for (let i = 0; i < 5; i++) await other.run(miner, head, signal)
  t.equal(failures, 1)
  await world.clock.sleep(1000)
  await other.run(miner, head, signal)
  t.equal(failures, 2)
})

t.test('a clock that was set back: it waits for its time within an epoch, and is left beyond', async (t) => {
  const before = await killed()
  const behind = (secs: number) => {
    const world = new MiningWorld(power, before.records)
    world.setHead(before.world.top)
    void world.clock.sleep((Number(before.block.header.timestamp) - secs) * 1000 - world.clock.now())
    return world
  }
  const soon = behind(7)
  t.match(await resenderOf(soon).run(miner, view(soon.top), signal), { outcome: 'won' })
  t.equal(soon.submitted[0]?.at, Number(before.block.header.timestamp) * 1000)
  const far = behind(DELAY_SECS + 1)
  t.equal(await resenderOf(far).run(miner, view(far.top), signal), undefined)
})

t.test('stored bytes that are not those that were written are refused and named', async (t) => {
  const before = await killed()
  const height = before.block.header.height
  const key = `/nelumbo/made-block/f01000/${height % 16}`
  const good = before.records.map.get(key) as Uint8Array
  const cid = blockCid(before.block.header)
  const refusal = {
    code: 'MINER_STORED_BLOCK',
    message: new RegExp(`${cid} of f01000 .*${key.replaceAll('/', '\\/')} is damaged`),
  }
  const made = new MadeBlocks({ records: before.records })
  t.same(made.find(miner, cid)?.block, before.block)
  for (let at = 0; at < good.length; at++) {
    const bad = Uint8Array.from(good)
    bad[at] = (bad[at] as number) ^ (1 << (at % 8))
    before.records.map.set(key, bad)
    try {
      made.find(miner, cid)
      t.fail(`byte ${at} may change`)
    } catch (error) {
      if ((error as { code?: string }).code !== refusal.code || !refusal.message.test((error as Error).message))
        t.match(error, refusal, `byte ${at}`)
    }
  }
  for (const garbage of [new Uint8Array(0), good.subarray(0, -1), Buffer.from('garbage'), new Uint8Array(500_000)]) {
    before.records.map.set(key, garbage)
    t.throws(() => made.find(miner, cid), refusal)
  }
  // Whole, but another block than the recorded one, as somebody might put it there.
  const other = { ...before.block, header: { ...before.block.header, forkSignaling: 7n } }
  before.records.map.set(key, made.change({ block: other, parentEpoch: before.world.top.height }).value as Uint8Array)
  t.equal(made.find(miner, cid), undefined)

  before.records.map.set(key, Buffer.from('garbage'))
  logged.length = 0
  const world = next(before)
  await world.mine([1000n], (a) => a.length >= 3)
  t.same(world.submitted, [], 'nothing is sent, and no other block in its place')
  t.match(logged.join(''), new RegExp(`could not be sent again.*${cid}`))
  t.match(logged.join(''), /is damaged/)
  t.ok(world.attempts.every((a) => a.outcome === 'refused' || a.outcome === 'lost'))
})

t.test('a few blocks of each actor are kept, and a head that is set back finds its own again', async (t) => {
  const records = new MemoryRecords()
  const world = new MiningWorld(power, records)
  const heads: Tipset[] = []
  const submit = world.submit.bind(world)
  world.submit = async (block) => {
    heads.push(world.top)
    await submit(block)
  }
  await world.mine([1000n], (a) => a.filter((x) => x.outcome === 'won').length >= 40)
  t.ok([...records.map.keys()].filter((k) => k.startsWith('/nelumbo/made-block/')).length <= 16)
  const again = next({ world, records })
  again.setHead(heads.at(-5) as Tipset)
  await again.mine([1000n], (a) => a.length >= 5)
  t.same(
    again.submitted.slice(0, 5).map(({ block }) => bytesOf(block)),
    world.submitted.slice(-5).map(({ block }) => bytesOf(block)),
  )
})

t.test('kill -9 at every step: one block at each height, and the chain goes on', async (t) => {
  const folder = temporaryFolder(t)
  const published = join(folder, 'published')
  const steps = ['before the write', 'during the write', 'before it is published', 'after it is published']
  const child = fileURLToPath(new URL('../../kit/mining-child.ts', import.meta.url))
  const run = (step: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const args = ['--disable-warning=ExperimentalWarning', child, join(folder, 'metadata'), published, step]
      const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
      let text = ''
      process_.stderr.on('data', (d) => {
        text += d
      })
      process_.on('error', reject)
      process_.on('close', (code, by) => resolve(by === 'SIGKILL' ? 'killed' : `${code} ${by} ${text}`))
    })
  for (let n = 0; n < 20; n++) {
    const step = steps[n % steps.length] as string
    const ended = await run(step)
    if (ended !== 'killed') t.equal(ended, 'killed', step)
  }
  t.match(await run(''), /^0 null/)
  const lines = readFileSync(published, 'utf8').trim().split('\n')
  const blocks = lines.map((line) => decode(blockMsg, new Uint8Array(Buffer.from(line, 'hex'))).header)
  const byHeight = new Map<number, Set<string>>()
  const byParents = new Map<string, Set<string>>()
  const into = (map: Map<unknown, Set<string>>, key: unknown, line: string) => map.set(key, (map.get(key) ?? new Set()).add(line))
  for (const [i, { height, parents }] of blocks.entries()) {
    into(byHeight, height, lines[i] as string)
    into(byParents, parents.join(), lines[i] as string)
  }
  t.ok(
    [...byHeight.values(), ...byParents.values()].every((s) => s.size === 1),
    'no two blocks at a height or on the same parents',
  )
  t.ok(byHeight.size >= 20 * 2, `${byHeight.size} blocks in 21 lives`)
})
