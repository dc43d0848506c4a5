// A miner that joins a living network: its actor is made by `miner init`, which is killed on its way, and its process runs without
// a sector: what there is to see of it is told, and no block is made.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { nodeApiInfo } from '../../src/node/devnet/node-client.ts'
import { startMinerNode } from '../../src/node/miner-node.ts'
import { RpcClient } from '../../src/rpc/client.ts'
import { runCli } from '../kit/cli.ts'
import { temporaryFolder } from '../kit/daemon.ts'
import { ensemble } from '../kit/ensemble.ts'
import { call } from '../kit/node-call.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(600_000)

const launcher = fileURLToPath(new URL('../../bin/nelumbo', import.meta.url))

/** Settles when the child has said something on stderr; it is killed then. */
async function killedAfter(child: ChildProcess, text: string): Promise<void> {
  const closed = once(child, 'close')
  let stderr = ''
  for await (const data of child.stderr as AsyncIterable<Buffer>) {
    stderr += data
    if (stderr.includes(text)) child.kill('SIGKILL')
  }
  await closed
  if (child.signalCode !== 'SIGKILL') throw new Error(`it ended by itself:\n${stderr}`)
}

t.test('a new miner on a network of fake proofs', async (t) => {
  if (sharedData(t, 'actors') === undefined) return
  const net = await ensemble(t).fullNode().miner().start().beginMining()
  const [node] = net.nodes as [(typeof net.nodes)[0]]
  const owner = (await call(node, 'WalletNew', ['secp256k1'])) as string
  await net.give(node, owner, 100n * 10n ** 18n)
  const before = (await call(node, 'StateListMiners', [[]])) as string[]

  const minerRepo = join(temporaryFolder(t), 'miner')
  const repo = ['--repo', net.devnet.layout.node, 'miner']
  const init = [...repo, 'init', '--miner-repo', minerRepo, '--confidence', '1', '--nosync']
  const choices = ['--owner', owner, '--create-worker-key', '--sector-size', '2KiB']
  const { PATH = '', HOME = temporaryFolder(t) } = process.env
  const child = spawn(launcher, [...init, ...choices], { env: { PATH, HOME }, stdio: ['ignore', 'ignore', 'pipe'] })
  await killedAfter(child, 'CreateMiner')
  const made = await runCli(['--json', ...init])
  t.equal(made.code, 0, made.stderr)
  const { Actor: actor, Added } = JSON.parse(made.stdout) as { Actor: string; Added: boolean }
  t.equal(Added, true)
  const after = (await call(node, 'StateListMiners', [[]])) as string[]
  t.same(
    after.filter((m) => !before.includes(m)),
    [actor],
    'one actor was made, not two',
  )
  const info = (await call(node, 'StateMinerInfo', [actor, []])) as { Owner: string; Worker: string; SectorSize: number }
  t.equal(info.Owner, await call(node, 'StateLookupID', [owner, []]))
  t.not(info.Worker, info.Owner)
  t.equal(info.SectorSize, 2048)

  const again = await runCli(init)
  t.equal(again.code, 1)
  t.match(again.stderr, `serves ${actor} already`)
  const known = await runCli([...init, '--actor', actor])
  t.equal(known.code, 0, known.stderr)
  t.match(known.stdout, `serves the miner ${actor} already`)

  const client = new RpcClient(await nodeApiInfo(net.devnet.layout), { json: { addressPrefix: 't' }, timeoutMs: 0 })
  t.teardown(() => client.close())
  const miner = await startMinerNode({ repoPath: minerRepo, noSync: true, apiPort: 0 }, { api: client.api })
  t.teardown(() => miner.close())
  for (const [command, expected] of [
    ['info', /Committed: 0 B\n\tProving: 0 B\nBelow minimum power threshold, no blocks will be won/],
    ['info all', /^#: Version\n[\s\S]*\n\n#: Proving Faults\nMiner: t0\d+\n.*\n\n#: Per Sector Info\n$/],
    ['proving info', /Faults: {6}0 \(0\.00%\)/],
    ['proving deadlines', /\n47 +\S+ +0 +0 \(0\) +0/],
    ['proving faults', /^Miner: t0\d+\ndeadline {2}partition {2}sectors\n$/],
    ['storage list', /Unsealed: 0; Sealed: 0; Caches: 0;/],
    ['actor control list', /\nworker +t0\d+ +t3\w{4}\.\.\. +other +0 FIL/],
  ] as const) {
    const { stdout, stderr, code } = await runCli([...repo, ...command.split(' '), '--miner-repo', minerRepo])
    t.equal(code, 0, `${command}: ${stderr}`)
    t.match(stdout, expected, command)
  }
})
