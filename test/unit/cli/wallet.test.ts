// `wallet` as a user runs it, against a daemon that answers in Lotus's JSON.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'
import { sharedData } from '../../kit/shared-data.ts'

const SECP = 't1d2xrzcslx7xlbbylc5c3d5lvandqw4iwl6epxba'
const BLS = 't3uojy7pvo4om4vrwwe73uu3rre6toscww7xyvlpen6y3csiscfkugi5zwsndmxrot5h72zpi2uyxpikxmkfjq'
const BROKEN = 't17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy'
const NEW = 't410fx2tbx6jxp45qmg6weh3uxtj4rcgra6c7b5aonaq'
const MSIG = 't2uuj6pjrttm7dmtmphp6asyjlhvqbnp3xkbjeavq'
const KEY = Buffer.alloc(32, 7)
const CODE = 'bafk2bzaced7ijhx5q3xptubv4ksbvdjbcgt6zh5ukiqmzqqm5t6cssq4vf77u'
const base64 = KEY.toString('base64')

let kind: string | number = 'secp256k1'
let encrypted = true
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.WalletList': () => [SECP, BLS, NEW, BROKEN],
    'Filecoin.WalletDefaultAddress': () => BLS,
    'Filecoin.WalletNew': (type) => {
      if (type === 'rsa') throw new FakeError(1, 'the kind of key "rsa" is not known')
      return NEW
    },
    'Filecoin.WalletBalance': (address) => (address === BLS ? '1500000000000000000' : '0'),
    'Filecoin.WalletSetDefault': () => null,
    'Filecoin.WalletDelete': () => null,
    'Filecoin.WalletExport': () => ({ Type: kind, PrivateKey: base64 }),
    'Filecoin.WalletImport': () => SECP,
    'Filecoin.WalletSign': (address) => {
      if (address === MSIG) throw new FakeError(1, 'cannot resolve actor address')
      return { Type: 1, Data: Buffer.from('0102', 'hex').toString('base64') }
    },
    'Filecoin.WalletVerify': (_address, _data, { Data }) => Data === 'AQI=',
    'Filecoin.StateGetActor': (address) => {
      if (address === NEW) throw new FakeError(11, 'actor not found')
      if (address === BROKEN) throw new FakeError(1, 'the state is not there')
      return { Code: { '/': CODE }, Balance: address === BLS ? '1500000000000000000' : '7', Nonce: 3 }
    },
    'Filecoin.StateLookupID': (address) => {
      if (address === NEW) throw new FakeError(1, 'actor not found')
      return 't0100'
    },
    'Filecoin.StateMarketBalance': (address) => {
      if (address !== BLS) throw new FakeError(1, 'none')
      return { Escrow: '3000000000000000000', Locked: '1000000000000000000' }
    },
    'Filecoin.StateNetworkVersion': () => 27,
    'Filecoin.StateActorCodeCIDs': () => ({ multisig: { '/': CODE } }),
    'Filecoin.ChainHead': () => ({ Cids: [], Blocks: [{ Timestamp: 1 }], Height: 5 }),
    'Filecoin.Version': () => ({ BlockDelay: 4 }),
    'Filecoin.MarketGetReserved': () => '500000000000000000',
    'Filecoin.MarketAddBalance': () => ({ '/': CODE }),
    'Filecoin.MarketWithdraw': () => ({ '/': CODE }),
    'Filecoin.StateWaitMsg': () => ({ Message: { '/': CODE }, Receipt: { ExitCode: 0, Return: 'SQAN4Lazp2QAAA==' } }),
    'Filecoin.HasPassword': () => encrypted,
    'Filecoin.SetPassword': () => null,
    'Filecoin.LockWallet': () => null,
    'Filecoin.UnLockWallet': (password) => {
      if (password !== Buffer.from('right').toString('base64')) throw new FakeError(1, 'the passphrase is wrong')
      return null
    },
  },
})
t.teardown(() => rpc.close())

const run = (args: readonly string[], input?: string) =>
  runCli(['wallet', ...args], { env: { FULLNODE_API_INFO: rpc.url }, ...(input === undefined ? {} : { input }) })

async function answer(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(args, input)
  if (code !== 0 || stderr !== '') throw new Error(`${args.join(' ')}: ${code} ${stderr}`)
  return stdout
}

const called = (method: string) =>
  rpc.calls
    .filter(([name]) => name === `Filecoin.${method}`)
    .at(-1)
    ?.slice(1)

t.test('the table of Lotus', async (t) => {
  const lines = (await answer(['list', '-i', '-m'])).split('\n')
  t.match(lines[0], /^Address +ID +Balance +Market\(Avail\) +Market\(Locked\) +Nonce +Default *$/)
  t.match(lines[1], new RegExp(`^${SECP} +t0100 +0\\.000000000000000007 FIL +3 *$`))
  t.match(lines[2], new RegExp(`^${BLS} +t0100 +1\\.5 FIL +2 FIL +1 FIL +3 +X *$`))
  t.match(lines[3], new RegExp(`^${NEW} +n/a +0 FIL +0 *$`))
  t.match(lines[4], new RegExp(`^${BROKEN} *$`))
  t.equal(lines[5], '  Error: the state is not there')
  t.equal(await answer(['list', '-a']), `${[SECP, BLS, NEW, BROKEN].join('\n')}\n`)
  t.match(JSON.parse(await answer(['list', '--json']))[1], { Address: BLS, Balance: '1.5 FIL', Nonce: 3, Default: 'X' })
})

t.test('keys', async (t) => {
  t.equal(await answer(['new']), `${NEW}\n`)
  t.same(called('WalletNew'), ['secp256k1'])
  await answer(['new', 'delegated'])
  t.same(called('WalletNew'), ['delegated'])
  t.match(await run(['new', 'rsa']), { code: 1, stdout: '', stderr: /the kind of key "rsa" is not known/ })
  t.equal(await answer(['default']), `${BLS}\n`)
  t.equal(await answer(['set-default', SECP]), `Default address set to: ${SECP}\n`)
  t.same(called('WalletSetDefault'), [SECP])
  t.equal(await answer(['balance']), '1.5 FIL\n')
  t.equal(await answer(['balance', SECP]), '0 FIL (warning: may display 0 if chain sync in progress)\n')
  t.match(await answer(['delete', SECP]), new RegExp(`^Soft deleting address: ${SECP}\nHard deletion`))
  t.same(called('WalletDelete'), [SECP])
  t.match(await run(['set-default', 'x']), { code: 2, stderr: /is not an address/ })
})

t.test("export and import are each other's reverse", async (t) => {
  kind = 'secp256k1'
  const json = `{"Type":"secp256k1","PrivateKey":"${base64}"}`
  const forms = {
    'hex-lotus': Buffer.from(json).toString('hex'),
    'json-lotus': json,
    'hex-eth': `0x${KEY.toString('hex')}`,
  }
  for (const [format, text] of Object.entries(forms)) {
    t.equal(await answer(['export', '--format', format, SECP]), `${text}\n`, format)
    t.equal(
      await answer(['import', `--format=${format}`, '--type=secp256k1'], `${text}\n`),
      `imported key ${SECP} successfully!\n`,
    )
    t.same(called('WalletImport'), [{ Type: 'secp256k1', PrivateKey: base64 }], format)
  }
  await answer(['import', '--format', 'hex-eth', '-'], KEY.toString('hex').toUpperCase())
  t.same(called('WalletImport'), [{ Type: 'delegated', PrivateKey: base64 }], 'the kind of Ethereum is the default')
  const file = join(t.testdir({}), 'key')
  writeFileSync(file, JSON.stringify({ KeyInfo: [{ PrivateKey: base64, SigType: 2 }] }))
  await answer(['import', '--format', 'gfc-json', '--as-default', file])
  t.same(called('WalletImport'), [{ Type: 2, PrivateKey: base64 }])
  t.same(called('WalletSetDefault'), [SECP])
  const seed = sharedData(t, 'chains', 'lotus-devnet-proofs', 'miners', 't01000', 'pre-seal-t01000.key')
  if (seed !== undefined) {
    await answer(['import', seed])
    t.match(called('WalletImport'), [{ Type: 'bls', PrivateKey: /^H6pP/ }], 'of lotus-seed')
  }
  kind = 'bls'
  t.match(await run(['export', '--format', 'hex-eth', BLS]), { code: 1, stdout: '', stderr: /kind bls has no hex-eth form/ })
})

t.test('keys that are none are refused without a word of them', async (t) => {
  const secret = KEY.toString('hex')
  for (const [args, input, sentence] of [
    [[], `${secret}x`, /not a key in the form hex-lotus/],
    [[], secret, /not a key in the form hex-lotus/],
    [['--format', 'json-lotus'], `{"Type":"bls","PrivateKey":"${base64}"`, /not a key in the form json-lotus/],
    [['--format', 'json-lotus'], `{"Type":"bls"}`, /not a key in the form json-lotus/],
    [['--format', 'json-lotus'], 'null', /not a key in the form json-lotus/],
    [['--format', 'gfc-json'], '{"KeyInfo":[]}', /not a key in the form gfc-json/],
    [['--format', 'hex-eth'], secret.slice(2), /32 bytes, not 31/],
    [['--format', 'hex-eth'], 'zz', /not a key in the form hex-eth/],
    [[], '', /nothing came on standard input/],
    [['--format', 'nope'], secret, /--format nope is not known; give one of hex-lotus, json-lotus, gfc-json, hex-eth/],
    [['--format', 'hex-eth', '--type', 'bls'], secret, /--type bls is not a kind of key for hex-eth/],
    [['/nowhere/key'], '', /\/nowhere\/key cannot be read \(ENOENT\)/],
  ] as const) {
    const { code, stdout, stderr } = await run(['import', ...args], input)
    t.not(code, 0)
    t.equal(stdout, '')
    t.match(stderr, sentence)
    t.equal(stderr.trim().split('\n').length, 1)
    for (const part of [secret.slice(0, 16), base64.slice(0, 12)]) t.notOk(stderr.includes(part))
  }
})

t.test('signing', async (t) => {
  t.equal(await answer(['sign', SECP, '00ff']), '010102\n')
  const wrapped = Buffer.concat([Buffer.from('\x19Filecoin Signed Message:\n2'), Buffer.of(0, 255)])
  t.same(called('WalletSign'), [SECP, wrapped.toString('base64')], 'FRC-0102')
  await answer(['sign', '--raw', SECP, '00ff'])
  t.same(called('WalletSign'), [SECP, 'AP8='])
  t.equal(await answer(['verify', '--raw', SECP, '00ff', '010102']), 'valid\n')
  t.same(called('WalletVerify'), [SECP, 'AP8=', { Type: 1, Data: 'AQI=' }])
  t.match(await run(['verify', SECP, '00ff', '010103']), { code: 1, stdout: 'invalid\n', stderr: /is not that of the address/ })
  t.match(await run(['verify', SECP, '00ff', '09']), { code: 2, stderr: /must begin with its kind/ })
  t.match(await run(['sign', SECP, '00f']), { code: 2, stderr: /<hexMessage> is not hex/ })
  t.match(await run(['sign', MSIG, '00']), { code: 1, stderr: /is a multisig actor, which has no key/ })
})

t.test('the passphrase', async (t) => {
  t.match(await answer(['set-password'], 'right\n'), /^The keys are encrypted/)
  t.same(called('SetPassword'), [Buffer.from('right').toString('base64')])
  t.equal(await answer(['lock']), 'The wallet is locked\n')
  t.match(await run(['unlock'], 'wrong\n'), { code: 1, stdout: '', stderr: 'ERROR: the passphrase is wrong\n' })
  t.equal(await answer(['unlock'], 'right\n'), 'The wallet is unlocked\n')
  encrypted = false
  t.match(await run(['unlock'], 'right\n'), { code: 1, stderr: /the wallet has no passphrase/ })
})

t.test('the storage market', async (t) => {
  t.equal(
    await answer(['market', 'add', '--address', SECP, '2']),
    `Submitting Add Balance message for amount 2 FIL for address ${SECP}\nAddBalance message cid: ${CODE}\n`,
  )
  t.same(called('MarketAddBalance'), [BLS, SECP, '2000000000000000000'])
  t.equal(
    await answer(['market', 'withdraw']),
    `Submitting WithdrawBalance message for amount 1.5 FIL for address ${BLS}
WithdrawBalance message cid: ${CODE}
Successfully withdrew 1 FIL 
Note that this is less than the requested amount of 1.5 FIL 
`,
  )
  t.same(called('MarketWithdraw'), [BLS, BLS, '1500000000000000000'])
  await answer(['market', 'withdraw', '-w', SECP, '-a', BLS, '1'])
  t.same(called('MarketWithdraw'), [SECP, BLS, '1000000000000000000'])
  t.match(await run(['market', 'withdraw', '1.6']), {
    code: 1,
    stdout: '',
    stderr: /requested: 1.6 FIL; available \(1.5 FIL\) = escrow \(3 FIL\) - locked \(1 FIL\) - reserved \(0.5 FIL\)/,
  })
  t.match(await run(['market', 'add', '0']), { code: 2, stderr: /must be more than 0/ })
})
