// What a user is told of how far the chain is behind: by this machine's clock, or by that of a devnet which stood still.

import t from 'tap'
import { encodeResult } from '../../../src/api/method.ts'
import { miningParams } from '../../../src/api/methods/mining.ts'
import { paramsOf } from '../../../src/miner/mining-params.ts'
import { devnet } from '../../../src/networks/devnet.ts'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

t.setTimeout(120_000)

const now = (): number => Math.floor(Date.now() / 1000)
/** Seconds by which the head is older than now, and by which the network's clock is set back; undefined for Lotus. */
let age = 0
let paused: number | undefined
const refused = (): never => {
  throw new FakeError(-32601, 'method not found')
}
const answer = (pausedSecs: number): unknown =>
  encodeResult(miningParams, paramsOf({ ...devnet, pausedSecs }, 0n), { addressPrefix: 't' })
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.StateGetNetworkParams': () => ({ NetworkName: 'devnet', BlockDelaySecs: 30 }),
    'Filecoin.Version': () => ({ BlockDelay: 30 }),
    'Filecoin.StartTime': () => new Date().toISOString(),
    'Filecoin.ChainHead': () => ({ Cids: [], Height: 7, Blocks: [{ Timestamp: now() - age, ParentBaseFee: '100' }] }),
    'Filecoin.MiningParams': () => (paused === undefined ? refused() : answer(paused)),
    'Filecoin.NodeStatus': refused,
    'Filecoin.LogAlerts': refused,
    'Filecoin.WalletList': refused,
    'Filecoin.WalletBalance': () => '0',
    'Filecoin.PaychList': refused,
    'Filecoin.NetBandwidthStats': refused,
  },
})
t.teardown(() => rpc.close())

async function run(line: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(line.split(' '), { env: { FULLNODE_API_INFO: rpc.url } })
  t.equal(code, 0, stderr)
  return stdout
}

const HOUR = 3600
for (const [what, headAge, pausedSecs, state] of [
  ['the present epoch', 0, undefined, 'sync ok'],
  ['an epoch and a half, Lotus', 50, undefined, 'sync slow (Ns behind)'],
  ['an hour, Lotus', HOUR, undefined, 'sync behind! (1h0mNs behind)'],
  ['an hour, never paused', HOUR, 0, 'sync behind! (1h0mNs behind)'],
  ['a devnet that goes on after hours', 9 * HOUR + 10, 9 * HOUR, 'sync ok'],
  ['one whose chain is slow since', 9 * HOUR + 60, 9 * HOUR, 'sync slow (1mNs behind)'],
  ['one whose chain stands still since', 10 * HOUR, 9 * HOUR, 'sync behind! (1h0mNs behind)'],
] as const) {
  t.test(what, async (t) => {
    age = headAge
    paused = pausedSecs
    const [, , chain] = (await run('info')).split('\n')
    // Seconds pass while the answer comes.
    t.equal(chain?.replace(/[\d.]+s behind/, 'Ns behind'), `Chain: [${state}] [basefee 100 aFIL] [epoch 7]`)
    const note = ' (warning: may display 0 if chain sync in progress)'
    t.equal(await run('wallet balance t01000'), `0 FIL${state === 'sync ok' ? '' : note}\n`)
  })
}
