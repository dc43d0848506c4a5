// Every mistake is answered with one sentence on stderr, nothing on stdout, and an exit code that tells whose mistake it is.

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import t from 'tap'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

const CID = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
const USAGE = 2
const FAILED = 1

type Row = readonly [line: string, code: number, sentence: RegExp]

const rpc = await startFakeRpc({
  methods: {
    'Filecoin.ChainHead': () => ({ Cids: [{ '/': CID }], Blocks: [{ Timestamp: 1, ParentBaseFee: '1' }], Height: 5 }),
    'Filecoin.ChainGetTipSet': (key) => ({ Cids: key, Blocks: [], Height: 4 }),
    'Filecoin.ChainSetHead': () => {
      throw new FakeError(1, "missing permission to invoke 'ChainSetHead' (need 'admin')")
    },
    'Filecoin.ChainReadObj': () => 'gA==',
    'Filecoin.StateGetNetworkParams': () => ({ NetworkName: 'testing', BlockDelaySecs: 4 }),
    'Filecoin.StateGetActor': () => {
      throw new FakeError(11, 'resolution lookup failed\nactor not found')
    },
    'Filecoin.StateSearchMsg': () => null,
    'Filecoin.StateWaitMsg': () => {
      throw new FakeError(1, 'no')
    },
  },
  streams: { 'Filecoin.ChainExport': () => ['AAAA'] },
})
t.teardown(() => rpc.close())

const withDaemon: readonly Row[] = [
  ['nope', USAGE, /unknown command 'nope'/],
  ['chian', USAGE, /unknown command 'chian' \(did you mean chain\?\)/],
  ['chain nope', USAGE, /unknown command 'nope'; nelumbo chain --help/],
  ['chain head --nope', USAGE, /unknown flag '--nope'; nelumbo chain head --help/],
  ['chain head --height=maybe', USAGE, /--height=maybe is neither true nor false/],
  ['chain head extra', USAGE, /too many arguments/],
  ['chain get-block', USAGE, /the argument <blockCid> is missing/],
  ['chain get-block xyz', USAGE, /<blockCid> "xyz" is not a CID/],
  ['chain list --count x', USAGE, /--count "x" is not a whole number/],
  ['chain list --count=-1', USAGE, /--count "-1" is not a whole number/],
  ['chain list --count', USAGE, /the flag '--count <number>' needs a value/],
  [`chain delete-obj ${CID}`, USAGE, /--really-do-it/],
  ['chain sethead', USAGE, /no tipset is named/],
  ['chain get / --as-type nope', USAGE, /--as-type nope is not known/],
  ['chain export /tmp/x --recent-stateroots 10', USAGE, /must be at least 900/],
  ['chain export /tmp/x --skip-old-msgs', USAGE, /needs --recent-stateroots/],
  ['chain export /nowhere/x.car', FAILED, /\/nowhere\/x\.car cannot be written \(ENOENT\)/],
  ['chain bisect 5 5 path true', USAGE, /must be lower than/],
  ['chain decode params t01 x AA==', USAGE, /<method> "x" is not a whole number/],
  ['chain decode params t01 1 A', USAGE, /<params> is not base64/],
  ['chain decode params t01 1 AA== --encoding utf8', USAGE, /--encoding "utf8" is not known/],
  ['chain encode params t01 1 {', USAGE, /<params> is not JSON/],
  ['state power nonsense', USAGE, /\[minerAddress\] "nonsense" is not an address/],
  ['state power --tipset @x', USAGE, /the epoch of --tipset "x" is not a whole number/],
  ['state power --tipset abc', USAGE, /--tipset "abc" is not a CID/],
  ['state sector t01000 x', USAGE, /<sectorNumber> "x"/],
  ['state call t01 1 --ret odd', USAGE, /--ret odd is not known/],
  ['state call t01 1 --value much', USAGE, /--value "much" is not an amount/],
  ['state list-miners --sort-by size', USAGE, /--sort-by size is not known/],
  ['state list-messages --order-by-nonce', USAGE, /needs --from/],
  ['state compute-state --compute-state-output /nowhere', FAILED, /\/nowhere cannot be read \(ENOENT\)/],
  ['state wait-msg --timeout soon x', USAGE, /--timeout "soon" is not a duration/],
  [`state wait-msg ${CID}`, FAILED, /^ERROR: no\n$/],
  [`state search-msg ${CID}`, FAILED, /is not on the chain/],
  ['state get-actor t01', FAILED, /resolution lookup failed actor not found/],
  ['state list-actors', FAILED, /does not know the method StateListActors/],
  ['log set-level loud', USAGE, /the level loud is not known/],
  ['auth create-token', USAGE, /--perm is missing/],
  ['auth create-token --perm root', USAGE, /--perm root is not known/],
  [`chain sethead --epoch 3`, FAILED, /does not know the method ChainGetTipSetByHeight/],
  [`chain getmessage ${CID}`, FAILED, /is not a message/],
  ['daemon --network nope', FAILED, /no network called "nope"/],
  ['daemon --network devnet --network-file /x', USAGE, /--network-file \/x: there is no such file/],
  ['daemon --network-file /nowhere.json', USAGE, /--network-file \/nowhere\.json: there is no such file/],
  ['daemon --import-chain a --import-snapshot b', USAGE, /not both/],
  ['daemon --import-chain /nowhere.car', USAGE, /--import-chain \/nowhere\.car: there is no such file/],
  ['daemon --halt-after-import', USAGE, /needs --import-chain or --import-snapshot/],
  ['daemon --profile fast', USAGE, /--profile fast is not known/],
  ['daemon --api 99999', USAGE, /--api 99999 is not a port number/],
  ['daemon --api-listen here', USAGE, /--api-listen here is not an address/],
  ['daemon --api 1 --api-listen /ip4/127.0.0.1/tcp/1/http', USAGE, /not both/],
  ['daemon --bootstrap=no', USAGE, /--bootstrap=no is neither true nor false/],
  ['daemon --config /nowhere.toml', USAGE, /--config \/nowhere\.toml: there is no such file/],
]

t.test('wrong command lines and refusals', async (t) => {
  const env = { FULLNODE_API_INFO: rpc.url }
  const check = async ([line, code, sentence]: Row) => {
    const result = await runCli(line.split(' '), { env })
    t.match(result, { code, stdout: '', stderr: sentence }, line)
    t.match(result.stderr, /^ERROR: [^\n]+\n$/, `one line: ${line}`)
  }
  // Two at a time: a start takes most of a core.
  const rows = [...withDaemon]
  const worker = async () => {
    for (let row = rows.shift(); row !== undefined; row = rows.shift()) await check(row)
  }
  await Promise.all([worker(), worker()])
})

t.test('an export that breaks off leaves nothing behind', async (t) => {
  const dir = t.testdir({})
  const result = await runCli(['chain', 'export', `${dir}/x.car`], { env: { FULLNODE_API_INFO: rpc.url } })
  t.match(result, { code: FAILED, stdout: '', stderr: /the export ended before it was complete/ })
  const { readdirSync } = await import('node:fs')
  t.same(readdirSync(dir), [])
})

t.test('permissions, tokens, and where the daemon is', async (t) => {
  const denied = await runCli(['chain', 'sethead', CID], { env: { FULLNODE_API_INFO: rpc.url } })
  t.match(denied, { code: FAILED, stdout: '', stderr: /does not permit ChainSetHead, which needs the permission admin; / })
  const locked = await startFakeRpc({ token: 'aa.bb.cc' })
  t.teardown(() => locked.close())
  const refused = await runCli(['chain', 'head'], { env: { FULLNODE_API_INFO: `xx.yy.zz:${locked.multiaddr}` } })
  t.match(refused, { code: FAILED, stdout: '', stderr: /does not accept the token/ })
  t.notMatch(refused.stderr, /xx\.yy/)

  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const repo = t.testdir({ api: `/ip4/127.0.0.1/tcp/${port}/http` })
  const gone = await runCli(['chain', 'head', '--repo', repo])
  t.match(gone, { code: FAILED, stdout: '', stderr: `ERROR: no daemon answers at 127.0.0.1:${port}; start it with` })
  const none = await runCli(['--repo', '/nowhere', 'chain', 'head'])
  t.match(none, { code: FAILED, stdout: '', stderr: 'ERROR: there is no node repository at /nowhere; ' })
  const broken = await runCli(['chain', 'head'], { env: { FULLNODE_API_INFO: 'nonsense' } })
  t.match(broken, { code: FAILED, stdout: '', stderr: 'ERROR: FULLNODE_API_INFO does not hold an API address; ' })
})

t.test('help and version', async (t) => {
  t.match(await runCli(['--version']), { code: 0, stdout: /^nelumbo version \d+\.\d+\.\d+\n$/, stderr: '' })
  t.match(await runCli([]), { code: 0, stdout: /^Usage: nelumbo/, stderr: '' })
  t.match(await runCli(['chain']), { code: 0, stdout: /^Usage: nelumbo chain/, stderr: '' })
  t.match(await runCli(['chain', 'list', '--help']), { code: 0, stdout: /--gas-stats/, stderr: '' })
})
