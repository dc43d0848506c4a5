// `mpool` and `send` as a user runs them, against a daemon that answers in Lotus's JSON.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

const OWN = 't1d2xrzcslx7xlbbylc5c3d5lvandqw4iwl6epxba'
const OTHER = 't1qi7sfxcmvt5jpf3xkhs2nlkkjlf3pcqrvtwxz7q'
const CID = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
const NEW = 'bafy2bzacebragattphjclnufer36os2yzh32a4jnxdfvqfgz4iywjyzrtqhpy'
const HEAD = { Cids: [{ '/': CID }], Height: 2, Blocks: [{ ParentBaseFee: '200', Parents: [{ '/': NEW }] }] }
const BELOW = { Cids: [{ '/': NEW }], Height: 0, Blocks: [{ ParentBaseFee: '150', Parents: [] }] }

const message = (from: string, nonce: number, more: object = {}) => ({
  Message: {
    Version: 0,
    To: 't01000',
    From: from,
    Nonce: nonce,
    Value: '1500000000000000000',
    GasLimit: 1000,
    GasFeeCap: '180',
    GasPremium: '100',
    Method: 0,
    Params: null,
    CID: { '/': CID },
    ...more,
  },
  Signature: { Type: 1, Data: 'AA==' },
  CID: { '/': CID },
})
const waiting = [message(OWN, 5), message(OWN, 7, { GasFeeCap: '100' }), message(OTHER, 3, { Method: 2, To: 't05' })]
const config = {
  PriorityAddrs: [],
  SizeLimitHigh: 30000,
  SizeLimitLow: 20000,
  ReplaceByFeeRatio: 1.25,
  PruneCooldown: 60000000000,
  GasLimitOverestimation: 1.25,
}
const check = (Code: number, Err = '') => ({ Cid: { '/': CID }, Code, OK: Err === '', Err, Hint: null })

let failing = false
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.MpoolPending': () => waiting,
    'Filecoin.WalletList': () => [OWN],
    'Filecoin.WalletDefaultAddress': () => OWN,
    'Filecoin.WalletBalance': () => '3000000000000000000',
    'Filecoin.WalletSignMessage': (_from: string, m: object) => ({
      Message: m,
      Signature: { Type: 1, Data: 'AA==' },
      CID: { '/': NEW },
    }),
    'Filecoin.MpoolGetConfig': () => config,
    'Filecoin.MpoolSetConfig': ({ ReplaceByFeeRatio }) => {
      if (ReplaceByFeeRatio < 1.1) throw new FakeError(1, "'ReplaceByFeeRatio' is less than required 1.05 < 1.1")
    },
    'Filecoin.MpoolClear': () => null,
    'Filecoin.MpoolPush': () => ({ '/': NEW }),
    'Filecoin.MpoolPushMessage': (m: object) => ({ Message: m, Signature: { Type: 1, Data: 'AA==' }, CID: { '/': NEW } }),
    'Filecoin.MpoolCheckMessages': () => [[check(9), failing ? check(12, 'insufficient balance') : check(12)]],
    'Filecoin.MpoolCheckPendingMessages': () => [[check(9)], [check(10, "message nonce doesn't match next nonce (6)")]],
    'Filecoin.GasEstimateMessageGas': (m: { GasLimit: number }) => ({
      ...m,
      GasLimit: m.GasLimit || 1250,
      GasFeeCap: '900',
      GasPremium: '110',
    }),
    'Filecoin.ChainHead': () => HEAD,
    'Filecoin.ChainGetTipSet': () => BELOW,
    'Filecoin.ChainGetMessage': () => waiting[0]?.Message,
    'Filecoin.StateGetActor': (address: string) => {
      if (address === OTHER) throw new FakeError(11, 'actor not found')
      return { Code: { '/': CID }, Head: { '/': CID }, Nonce: 5, Balance: '0' }
    },
    'Filecoin.StateEncodeParams': () => 'gkEB',
    'Filecoin.StateLookupID': () => 't01234',
    'Filecoin.StateGetNetworkParams': () => ({ NetworkName: 'devnet' }),
  },
  streams: { 'Filecoin.MpoolSub': () => [{ Type: 0, Message: waiting[0] }] },
})
t.teardown(() => rpc.close())

const run = async (...args: string[]) => {
  rpc.calls.length = 0
  const { code, stdout, stderr } = await runCli(args, { env: { FULLNODE_API_INFO: rpc.multiaddr } })
  return { code, stdout, stderr }
}
const sentTo = (method: string): any => rpc.calls.find(([name]) => name === `Filecoin.${method}`)?.[1]

t.test('pending, find', async (t) => {
  t.equal((await run('mpool', 'pending', '--cids')).stdout, `${CID}\n`.repeat(3))
  t.equal((await run('mpool', 'pending', '--cids', '--local')).stdout, `${CID}\n`.repeat(2))
  t.equal((await run('mpool', 'pending', '--cids', '--to', 'f05')).stdout, `${CID}\n`, 'either letter will do')
  t.equal((await run('mpool', 'pending', '--from', OTHER)).stdout, `${JSON.stringify(waiting[2], null, 2)}\n`)
  t.equal((await run('mpool', 'find', '--method', '2')).stdout, `${JSON.stringify([waiting[2]], null, 2)}\n`)
  t.equal((await run('mpool', 'find', '--to', 't09')).stdout, 'null\n')
  const bad = await run('mpool', 'pending', '--to', 'x')
  t.equal(bad.code, 2)
  t.match(bad.stderr, /--to "x" is not an address/)
})

t.test('sub', async (t) => {
  t.equal((await run('mpool', 'sub')).stdout, `${JSON.stringify({ Type: 0, Message: waiting[0] }, null, 2)}\n`)
})

t.test('stat', async (t) => {
  const { stdout, stderr } = await run('mpool', 'stat', '--basefee-lookback', '3')
  const numbers = 'Nonce past: 0, cur: 1, future: 1; FeeCap cur: 2, min-3: 1, gasLimit: 2000'
  t.equal(stdout, `${OWN}: ${numbers}\n-----\ntotal: ${numbers}\n`)
  t.equal(stderr, `${OTHER}, err: actor not found\n`)
  t.equal(rpc.calls.filter(([m]) => m === 'Filecoin.ChainGetTipSet').length, 1, 'genesis ends the walk')
})

t.test('config, clear, gas-perf, manage', async (t) => {
  t.equal((await run('mpool', 'config')).stdout, `${JSON.stringify(config)}\n`)
  t.equal((await run('mpool', 'config', JSON.stringify({ ...config, ReplaceByFeeRatio: 1.5 }))).code, 0)
  t.same(sentTo('MpoolSetConfig'), { ...config, ReplaceByFeeRatio: 1.5 })
  t.match((await run('mpool', 'config', '{"ReplaceByFeeRatio":1.05}')).stderr, /less than required/)
  t.equal((await run('mpool', 'config', '{')).code, 2)
  t.equal((await run('mpool', 'clear')).code, 2)
  t.equal((await run('mpool', 'clear', '--local', '--really-do-it')).code, 0)
  t.equal(sentTo('MpoolClear'), true)
  t.equal(
    (await run('mpool', 'gas-perf')).stdout,
    `${OWN}\t5\t-20000\t-200000000000.000000\n${OWN}\t7\t-100000\t-1000000000000.000000\n`,
  )
  const { stdout } = await run('mpool', 'manage')
  t.match(stdout, `${OWN}: 2 messages\n  Nonce  To      Value    Method  GasFeeCap  GasPremium  Cid\n`)
  t.match(stdout, `  5      t01000  1.5 FIL  0       180        100         ${CID}\n`)
  t.match(stdout, `  ${CID} message failed a check MessageNonce: message nonce doesn't match next nonce (6)\n`)
})

t.test('replace', async (t) => {
  const auto = await run('mpool', 'replace', '--auto', CID)
  t.equal(auto.stdout, `new message cid:  ${NEW}\n`)
  const { Nonce, GasPremium, GasFeeCap } = sentTo('MpoolPush').Message
  t.same({ Nonce, GasPremium, GasFeeCap }, { Nonce: 5, GasPremium: '126', GasFeeCap: '900' }, '125 % and 1 attoFIL')
  await run('mpool', 'replace', '--auto', '--fee-limit', '100000attofil', OWN, '5')
  t.equal(sentTo('MpoolPush').Message.GasFeeCap, '100', 'within the limit')
  t.equal(sentTo('MpoolPush').Message.GasPremium, '100')
  await run('mpool', 'replace', '--gas-premium', '7', '--gas-feecap', '8', '--gas-limit', '9', OWN, '7')
  t.match(sentTo('MpoolPush').Message, { Nonce: 7, GasPremium: '7', GasFeeCap: '8', GasLimit: 9 })
  t.match((await run('mpool', 'replace', '--auto', OWN, '6')).stderr, /no message of .* with nonce 6 waits/)
  for (const wrong of [
    [OWN, '5'],
    ['--auto', '--gas-premium', '1', CID],
    ['--fee-limit', '1', '--gas-premium', '1', '--gas-feecap', '1', CID],
    ['--gas-premium', 'x', '--gas-feecap', '1', CID],
    ['--auto', 'nonsense'],
    [],
  ])
    t.equal((await run('mpool', 'replace', ...wrong)).code, 2, wrong.join(' '))
})

t.test('send', async (t) => {
  const plain = await run('send', OTHER, '1.5')
  t.equal(plain.code, 1, 'another message that waits fails a check')
  t.match(plain.stderr, `Following checks have failed:\ncurrent message failed a check MessageNonce`)
  t.match(plain.stderr, /--force-send sends it all the same/)
  t.equal(sentTo('MpoolPushMessage'), undefined)
  failing = true
  t.match((await run('send', OTHER, '1.5')).stderr, 'current message failed a check MessageBalance: insufficient balance')
  failing = false
  const sent = await run('send', '--force-send', OTHER, '1.5')
  t.equal(sent.stdout, `Sending message from: ${OWN}\nSending message to: ${OTHER}\nUsing Method: 0\n${NEW}\n`)
  t.match(sentTo('MpoolPushMessage'), {
    From: OWN,
    To: OTHER,
    Value: '1500000000000000000',
    Nonce: 0,
    GasLimit: 1250,
    GasFeeCap: '900',
    Method: 0,
    Params: null,
  })
  const json = await run('--json', '--force-send', 'send', OTHER, '1')
  t.equal(JSON.parse(json.stdout).CID['/'], NEW)
  await run('send', '--force', '--from', OTHER, '--nonce', '4', '--gas-limit', '77', '--gas-premium', '1', OTHER, '100attofil')
  t.equal(sentTo('MpoolPushMessage'), undefined, 'a nonce of its own: signed and pushed')
  t.match(sentTo('GasEstimateMessageGas'), { Nonce: 4, GasLimit: 77, GasPremium: '1', GasFeeCap: '0', Value: '100' })
  t.match(sentTo('MpoolPush').Message, { From: OTHER, Nonce: 4 })
  t.equal(sentTo('MpoolPush').Signature.Type, 1)
})

t.test('parameters of methods and contracts', async (t) => {
  await run('send', '--force', '--method', '2', '--params-hex', '8201', OTHER, '0')
  t.match(sentTo('MpoolPushMessage'), { Method: 2, Params: Buffer.from('8201', 'hex').toString('base64') })
  await run('send', '--force', '--method', '2', '--params-json', '{"A":1}', OWN, '0')
  t.match(sentTo('MpoolPushMessage'), { Method: 2, Params: 'gkEB' })
  t.same(rpc.calls.find(([m]) => m === 'Filecoin.StateEncodeParams')?.slice(1), [{ '/': CID }, 2, { A: 1 }])
  const eth = await run('send', '--force', '--params-hex', 'abcd', `0x${'11'.repeat(20)}`, '0')
  t.match(eth.stdout, /Sending message to: t410f/)
  t.match(sentTo('MpoolPushMessage'), { Method: 3844450837, Params: Buffer.from('42abcd', 'hex').toString('base64') })
  await run('send', '--force', `0xff${'00'.repeat(11)}${'00'.repeat(6)}04d2`, '0')
  t.match(sentTo('MpoolPushMessage'), { To: 't01234' }, 'a masked id')
  const from = await run('send', '--force', '--from-eth-addr', `0x${'11'.repeat(20)}`, OWN, '1')
  t.match(from.stdout, /^f4 addr: {2}t410f/)
  t.match(sentTo('MpoolPushMessage'), { To: 't01234', Method: 3844450837 }, 'contracts know no other addresses')
  for (const wrong of [
    [OTHER],
    [OTHER, 'much'],
    ['nobody', '1'],
    ['0x12', '1'],
    ['--from', OWN, '--from-eth-addr', `0x${'11'.repeat(20)}`, OTHER, '1'],
    ['--params-hex', 'ab', '--params-json', '1', OTHER, '1'],
    ['--params-json', '{', OTHER, '1'],
    ['--params-hex', 'abc', OTHER, '1'],
    ['--method', '1', `0x${'11'.repeat(20)}`, '1'],
    ['--params-json', '1', `0x${'11'.repeat(20)}`, '1'],
    ['--gas-premium', '-1', OTHER, '1'],
  ]) {
    const { code, stderr } = await run('send', ...wrong)
    t.equal(code, 2, wrong.join(' '))
    t.match(stderr, /^[^\n]+\n$/, 'one sentence')
  }
})

t.test('send --csv', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'send-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = (text: string): string => {
    const path = join(folder, 'rows.csv')
    writeFileSync(path, text)
    return path
  }
  const good = file(`Recipient,FIL,Method,Params\n${OTHER},1,0,nil\nt01000,0.5 FIL,2,8201\n`)
  t.equal(
    (await run('send', '--force', '--csv', good)).stdout,
    `Sending messages from: ${OWN}\nSent message 0: ${NEW}\nSent message 1: ${NEW}\n`,
  )
  t.same(
    rpc.calls.filter(([m]) => m === 'Filecoin.MpoolPushMessage').map(([, m]: any) => [m.To, m.Value, m.Method, m.Params]),
    [
      [OTHER, '1000000000000000000', 0, null],
      ['t01000', '500000000000000000', 2, 'ggE='],
    ],
  )
  for (const [text, why] of [
    ['To,FIL,Method,Params\n', /must begin with the row/],
    [`Recipient,FIL,Method,Params\n${OTHER},1,0,nil\nx,1,0,nil\n`, /row 1: Recipient "x" is not an address/],
    [`Recipient,FIL,Method,Params\n${OTHER},1,0\n`, /row 0: 3 fields instead of 4/],
    [`Recipient,FIL,Method,Params\n${OTHER},1,0,zz\n`, /row 0: Params is not hex/],
    [`Recipient,FIL,Method,Params\n${OTHER},3,0,nil\n${OTHER},0.1,0,nil\n`, /the rows send 3.1 FIL, the account has 3 FIL/],
  ] as const) {
    const { code, stderr } = await run('send', '--force', '--csv', file(text))
    t.not(code, 0)
    t.match(stderr, why)
    t.notOk(
      rpc.calls.some(([m]) => m === 'Filecoin.MpoolPushMessage'),
      'nothing is sent',
    )
  }
  t.equal((await run('send', '--csv', join(folder, 'none'))).code, 1)
  t.equal((await run('send', '--csv', good, OTHER, '1')).code, 2)
})
