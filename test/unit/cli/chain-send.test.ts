// Commands of `chain` that ask what a message costs or send one, against a daemon that answers in Lotus's JSON.

import t from 'tap'
import { reportConsensusFaultParams } from '../../../src/actors/methods/miner.ts'
import { decode } from '../../../src/codec/codec.ts'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

const OWN = 't1d2xrzcslx7xlbbylc5c3d5lvandqw4iwl6epxba'
const OTHER = 't1qi7sfxcmvt5jpf3xkhs2nlkkjlf3pcqrvtwxz7q'
const FIRST = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
const SECOND = 'bafy2bzacebragattphjclnufer36os2yzh32a4jnxdfvqfgz4iywjyzrtqhpy'
const STRANGE = 'bafy2bzacedgdmu2nklpoc27huw2zv7sivyn3b7sqvm6ncsvqf4f52slbqwxk6'

const blocks: Record<string, { readonly Miner: string; readonly Height: number; readonly bytes: string }> = {
  [FIRST]: { Miner: 't01000', Height: 7, bytes: 'AQ==' },
  [SECOND]: { Miner: 't01000', Height: 9, bytes: 'AgI=' },
  [STRANGE]: { Miner: 't01001', Height: 8, bytes: 'AwMD' },
}
let standard = OWN
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.GasEstimateGasPremium': (n: number) => String(n === 300 ? 10n ** 18n : 100_000 + n),
    'Filecoin.ChainGetBlock': ({ '/': cid }) => {
      const block = blocks[cid]
      if (block === undefined) throw new FakeError(1, `block ${cid} is not in the store`)
      return { Miner: block.Miner, Height: block.Height }
    },
    'Filecoin.ChainReadObj': ({ '/': cid }) => blocks[cid]?.bytes,
    'Filecoin.WalletDefaultAddress': () => standard,
    'Filecoin.GasEstimateMessageGas': (m: object) => ({ ...m, GasLimit: 5, GasFeeCap: '6', GasPremium: '7' }),
    'Filecoin.MpoolCheckMessages': () => [],
    'Filecoin.MpoolCheckPendingMessages': () => [],
    'Filecoin.MpoolPushMessage': (m: object) => ({ Message: m, Signature: { Type: 1, Data: 'AA==' }, CID: { '/': STRANGE } }),
  },
})
t.teardown(() => rpc.close())

const run = (...args: string[]) => {
  rpc.calls.length = 0
  return runCli(args, { env: { FULLNODE_API_INFO: rpc.multiaddr } })
}
const pushed = (): any => rpc.calls.find(([name]) => name === 'Filecoin.MpoolPushMessage')?.[1]
const report = (): unknown => decode(reportConsensusFaultParams, Buffer.from(pushed().Params, 'base64'))

t.test('gas-price asks for nine distances, of the system actor and 10,000 gas', async (t) => {
  const { stdout } = await run('chain', 'gas-price')
  const lines = stdout.trimEnd().split('\n')
  t.equal(lines[0], '1 blocks: 100001 (0.000000000000100001 FIL)')
  t.equal(lines[8], '300 blocks: 1000000000000000000 (1 FIL)')
  t.same(
    rpc.calls.filter(([name]) => name === 'Filecoin.GasEstimateGasPremium').map(([, ...params]) => params),
    [1, 2, 3, 5, 10, 20, 50, 100, 300].map((n) => [n, 'f00', 10_000, []]),
  )
  const json = JSON.parse((await run('--json', 'chain', 'gas-price')).stdout)
  t.same(json[3], { Blocks: 5, GasPremium: '100005' })
})

t.test('slash-consensus sends the bytes of the two blocks, the older one first', async (t) => {
  const expected = { blockHeader1: Buffer.of(1), blockHeader2: Buffer.of(2, 2), blockHeaderExtra: Buffer.of() }
  const { stdout, code } = await run('chain', 'slash-consensus', SECOND, FIRST)
  t.equal(code, 0)
  t.equal(stdout, `${STRANGE}\n`)
  t.match(pushed(), { From: OWN, To: 't01000', Value: '0', Method: 15 })
  t.match(report(), expected)
  await run('chain', 'slash-consensus', '--from', OTHER, '--extra', STRANGE, FIRST, SECOND)
  t.equal(pushed().From, OTHER)
  t.match(report(), { ...expected, blockHeaderExtra: Buffer.of(3, 3, 3) })
})

t.test('slash-consensus refuses what proves nothing', async (t) => {
  const missing = 'bafy2bzaceaxm23epjsmh75yvzcecsrbavlmkcxnva66bkdebdcnyw3bjrc74u'
  for (const [args, sentence] of [
    [[FIRST], /blockCid2/],
    [[FIRST, 'x'], /<blockCid2> "x" is not a CID/],
    [[FIRST, STRANGE], /the blocks are of two miners, t01000 and t01001; give two blocks of one miner/],
    [[FIRST, missing], /is not in the store/],
    [['--from', 'me', FIRST, SECOND], /--from "me" is not an address/],
  ] as const) {
    const { code, stderr } = await run('chain', 'slash-consensus', ...args)
    t.not(code, 0)
    t.match(stderr, sentence)
    t.equal(pushed(), undefined)
  }
  standard = ''
  t.match((await run('chain', 'slash-consensus', FIRST, SECOND)).stderr, /the wallet has no default address; give --from/)
})
