import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type EpochChange, EpochLines, epochLine, nullLine } from '../../../src/cli/run/devnet/epochs.ts'
import { environmentOf } from '../../../src/cli/run/devnet/folder.ts'
import { writeDescription } from '../../../src/node/devnet/description.ts'
import { devnetLayout } from '../../../src/node/devnet/layout.ts'
import { runCli } from '../../kit/cli.ts'

t.setTimeout(120_000)

t.test('an epoch in one line', async (t) => {
  const block = (Miner: string, WinCount: number) => ({ Miner, Timestamp: 1_700_000_000, ElectionProof: { WinCount } })
  const line = (blocks: ReturnType<typeof block>[], messages: number) =>
    epochLine({ Cids: [], Height: 12, Blocks: blocks }, messages).replace(/ {2,}/g, '  ')
  t.equal(line([block('t01000', 1)], 0), 'epoch 12  1 block  0 messages  won by t01000  22:13:20')
  t.equal(
    line([block('t01000', 3), block('t01001', 1)], 1),
    'epoch 12  2 blocks  1 message  won by t01000 (3 wins), t01001  22:13:20',
  )
  t.equal(nullLine(5, 4), undefined)
  t.equal(nullLine(5, 5), 'epoch 5: no block')
  t.equal(nullLine(5, 9), 'epochs 5 to 9: no blocks')
})

t.test('an epoch is shown once, with all of its blocks', async (t) => {
  const shown: string[] = []
  const lines = new EpochLines<EpochChange & { readonly blocks: number }>(
    ({ height, blocks }, emptyFrom) => shown.push(`${height}: ${blocks}, empty from ${emptyFrom}`),
    1_000_000,
  )
  const apply = (height: number, blocks: number) => lines.take({ type: 'apply', height, blocks })
  lines.take({ type: 'current', height: 5, blocks: 1 })
  apply(6, 1)
  t.same(shown, [], 'another block may come')
  lines.take({ type: 'revert', height: 6, blocks: 1 })
  apply(6, 2)
  apply(9, 1)
  t.same(shown, ['6: 2, empty from 6'])
  lines.flush()
  lines.flush()
  t.same(shown, ['6: 2, empty from 6', '9: 1, empty from 7'])
  await new Promise<void>((resolve) => {
    const soon = new EpochLines(() => resolve(), 1)
    soon.take({ type: 'apply', height: 1 })
    setTimeout(() => {}, 50)
  })
})

t.test('what leads a shell to the devnet', async (t) => {
  t.equal(environmentOf(devnetLayout('/a/b')), 'export LOTUS_PATH=/a/b/node LOTUS_MINER_PATH=/a/b/miner')
  t.equal(environmentOf(devnetLayout("/a b/c'd")), `export LOTUS_PATH='/a b/c'\\''d/node' LOTUS_MINER_PATH='/a b/c'\\''d/miner'`)
})

t.test('a devnet that does not run', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nelumbo-devnet-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  await writeDescription(devnetLayout(folder).description, {
    version: 1,
    name: 'devnet-1',
    proofs: 'fake',
    blockDelaySecs: 4,
    miners: ['t01000', 't01001'],
    sectorsPerMiner: 2,
    faucet: 't01',
    beacon: { id: 'devnet-1', secretKey: '11'.repeat(32), port: 4001 },
    p2pPort: 4002,
    parameterSeed: '22'.repeat(32),
  })
  const faucet = await runCli(['devnet', 'faucet', 't01000', '1', '--folder', folder])
  t.equal(faucet.code, 1)
  t.equal(faucet.stderr, `ERROR: the devnet in ${folder} is not running; start it with nelumbo devnet\n`)
  const info = await runCli(['devnet', 'info', '--folder', folder])
  t.equal(info.code, 0)
  t.match(
    info.stdout,
    /^Name: +devnet-1\nFolder: .*\nRunning: +no\nProofs: +fake\nBlock delay: +4 s\nMiners: +t01000, t01001 with 2 sectors each\n/,
  )
  const json = JSON.parse((await runCli(['--json', 'devnet', 'info', '--folder', folder])).stdout) as object
  t.match(json, { Name: 'devnet-1', Running: false, Head: null, Miners: ['t01000', 't01001'] })
})

t.test('wrong input', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nelumbo-devnet-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const none = join(folder, 'none')
  for (const [args, code, message] of [
    [['devnet', '--miners', '0'], 2, /--miners/],
    [['devnet', '--miners', '99', '--folder', none], 1, /number of miners must be 1 to 50/],
    [['devnet', '--api', 'x'], 2, /--api x is not a port number/],
    [['devnet', 'faucet'], 2, /address/],
    [['devnet', 'faucet', 'nobody', '--folder', none], 2, /is not an address/],
    [['devnet', 'faucet', 't01000', '-1', '--folder', none], 2, /amount/],
    [['devnet', 'faucet', 't01000', '--folder', none], 1, /there is no devnet in .*none; "nelumbo devnet" makes one/],
    [['devnet', 'info', '--folder', none], 1, /there is no devnet/],
    [['devnet', 'reset', '--folder', none], 2, /removes the devnet in .*none .* give --really-do-it/],
    [['devnet', 'reset', '--really-do-it', '--folder', none], 1, /there is no devnet/],
  ] as const) {
    const { code: exitCode, stderr } = await runCli(args)
    t.equal(exitCode, code, args.join(' '))
    t.match(stderr, message)
    t.equal(stderr.trim().split('\n').length, 1, 'one sentence')
  }
})
