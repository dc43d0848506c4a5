// Commands as a user runs them, against answers that Lotus gave.

import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { runCli } from '../../kit/cli.ts'
import { FakeError, type RecordedAnswer, recordedAnswers, startFakeRpc } from '../../kit/fake-rpc.ts'
import { sharedFile } from '../../kit/shared-data.ts'

const HEAD = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
const MESSAGE = 'bafy2bzacebragattphjclnufer36os2yzh32a4jnxdfvqfgz4iywjyzrtqhpy'
const BLOCK = 'bafy2bzacedgdmu2nklpoc27huw2zv7sivyn3b7sqvm6ncsvqf4f52slbqwxk6'

const file = sharedFile(t, 'chains', 'lotus-devnet', 'rpc-answers.ndjson.zst')
if (file !== undefined) await suite(recordedAnswers(file))

async function suite(answers: readonly RecordedAnswer[]): Promise<void> {
  const find = (method: string, matches: (params: readonly any[]) => boolean = () => true): any =>
    answers.find((a) => a.method === `Filecoin.${method}` && a.error === undefined && matches(a.params))?.result
  const tipsets = new Map<string, any>()
  for (const { method, result } of answers) {
    if (method.startsWith('Filecoin.ChainGetTipSet') && result) tipsets.set((result as any).Cids[0]['/'], result)
  }
  const byHeight = (height: number) => [...tipsets.values()].find(({ Height }) => Height === height)
  let heights: (height: number) => unknown = byHeight
  let paths: (path: string) => unknown = () => null
  const exports: unknown[][] = []
  const rpc = await startFakeRpc({
    answers,
    methods: {
      'Filecoin.ChainHead': () => tipsets.get(HEAD),
      'Filecoin.ChainGetTipSet': (key) => tipsets.get(key[0]['/']),
      'Filecoin.ChainGetTipSetByHeight': (height) => heights(height),
      'Filecoin.ChainGetNode': (path) => paths(path),
      'Filecoin.StateNetworkVersion': () => 28,
      'Filecoin.StateReplay': (_tipset, cid) => find('StateReplay', (p) => p[1]['/'] === cid['/']),
      'Filecoin.StateSearchMsg': (_tipset, cid) => find('StateSearchMsg', (p) => p[1]['/'] === cid['/']) ?? null,
      'Filecoin.StateMinerInfo': (miner) => find('StateMinerInfo', (p) => p[0] === miner),
      'Filecoin.StateMinerPower': (miner) => find('StateMinerPower', (p) => miner === 'f00' || p[0] === miner),
      'Filecoin.StateVMCirculatingSupplyInternal': () => find('StateVMCirculatingSupplyInternal'),
      'Filecoin.ChainStatObj': () => ({ Size: 2000, Links: 12 }),
      'Filecoin.ChainDeleteObj': () => null,
      'Filecoin.ChainSetHead': () => null,
      'Filecoin.AuthNew': (permissions) => Buffer.from(`token-${permissions.join('-')}`).toString('base64'),
      'Filecoin.LogList': () => ['chain', 'rpc'],
      'Filecoin.LogSetLevel': () => null,
      'Filecoin.Version': () => ({ Version: '1.36.2-dev+2k', APIVersion: 0x020300, BlockDelay: 4, Agent: 'lotus' }),
      'Filecoin.Shutdown': () => null,
      'Filecoin.StateMarketProposalPending': () => true,
      'Filecoin.StateListMessages': (_match, _tipset, end) => {
        if (end > 2950) return [{ '/': MESSAGE }]
        throw new FakeError(1, 'too far')
      },
    },
    streams: {
      'Filecoin.ChainExport': (...params) => {
        exports.push(params)
        return [Buffer.from('part one,').toString('base64'), Buffer.from('part two').toString('base64'), '']
      },
    },
  })
  t.teardown(() => rpc.close())
  const run = (line: string, ...more: string[]) => runCli([...line.split(' '), ...more], { env: { FULLNODE_API_INFO: rpc.url } })
  const prints = async (t: Pick<Test, 'same'>, line: string, expected: string, ...more: string[]) => {
    const { code, stdout, stderr } = await run(line, ...more)
    t.same({ code, stdout, stderr }, { code: 0, stdout: expected, stderr: '' }, line)
  }
  const json = async (line: string, ...more: string[]) => JSON.parse((await run(line, ...more)).stdout)

  t.test('chain: head and list', async (t) => {
    await prints(t, 'chain head', `${HEAD}\n`)
    await prints(t, 'chain head --height', '3001\n')
    await prints(t, 'chain head -height=true', '3001\n')
    await prints(t, 'chain list --count 1', `3001: (Jul 28 17:15:54) [ ${HEAD}: t01001, ]\n`)
    await prints(t, 'chain ls --count=1 --format', `3001 ${HEAD} <x>\n`, '<epoch> <tipset> <x>')
    t.same(
      (await json('chain list --count 2 --json')).map((ts: any) => ts.Height),
      [3000, 3001],
    )
    await prints(t, 'chain list --count 0', '')
    await prints(
      t,
      'chain list --count 1 --height 1 --gas-stats',
      `1: 1 blocks (baseFee: 87500000 -> maxFee: 0.875 FIL)\n\tt01000: \t2 msgs, gasLimit: 12431684 / 10000000000 (0.12%), avgPremium: ${premium(find('ChainGetBlockMessages', (p) => p[0]['/'] === byHeight(1).Cids[0]['/']))}\n\n`,
    )
  })

  t.test('chain: objects', async (t) => {
    const block = await json('chain get-block', BLOCK)
    t.match(
      block,
      find('ChainGetBlock', (p) => p[0]['/'] === BLOCK),
    )
    t.same(
      block.ParentMessages,
      find('ChainGetParentMessages', (p) => p[0]['/'] === BLOCK).map((m: any) => m.Cid),
    )
    t.same(
      block.ParentReceipts,
      find('ChainGetParentReceipts', (p) => p[0]['/'] === BLOCK),
    )
    t.same(
      await json('chain getblock --raw', BLOCK),
      find('ChainGetBlock', (p) => p[0]['/'] === BLOCK),
    )
    const bytes = Buffer.from(
      find('ChainReadObj', (p) => p[0]['/'] === BLOCK),
      'base64',
    )
    await prints(t, `chain read-obj ${BLOCK}`, `${bytes.toString('hex')}\n`)
    await prints(t, `chain stat-obj ${BLOCK}`, 'Links: 12\nSize: 1.953 KiB (2000)\n')
    await prints(t, `chain stat-obj --base ${HEAD} ${BLOCK}`, 'Links: 12\nSize: 1.953 KiB (2000)\n')
    t.same(rpc.calls.at(-1), ['Filecoin.ChainStatObj', { '/': BLOCK }, { '/': HEAD }])
    await prints(t, `chain delete-obj --really-do-it ${BLOCK}`, `Obj ${BLOCK} deleted\n`)
    await prints(t, 'chain sethead --epoch 1500', '')
    t.same(rpc.calls.at(-1), ['Filecoin.ChainSetHead', byHeight(1500).Cids])
    await prints(t, 'chain set-head --genesis', '')
    t.same(rpc.calls.at(-1), ['Filecoin.ChainSetHead', find('ChainGetGenesis').Cids])
    await prints(t, `chain sethead ${HEAD}`, '')
    t.same(rpc.calls.at(-1), ['Filecoin.ChainSetHead', [{ '/': HEAD }]])
  })

  t.test('chain: parameters', async (t) => {
    const recorded = answers.find((a) => a.method === 'Filecoin.StateDecodeParams' && (a.params[3] as any)[0]?.['/'] === HEAD)
    if (recorded === undefined) throw new Error('no recorded StateDecodeParams')
    const [to, method, params] = recorded.params as [string, number, string]
    t.same(await json(`chain decode params ${to} ${method} ${params}`), recorded.result)
    const hex = Buffer.from(params, 'base64').toString('hex')
    t.same(await json(`chain decode params --encoding=hex ${to} ${method} ${hex}`), recorded.result)
  })

  t.test('chain: export is written beside its target and renamed', async (t) => {
    const dir = t.testdir({})
    await prints(t, `chain export --recent-stateroots 900 --skip-old-msgs ${dir}/out.car`, '')
    t.equal(readFileSync(`${dir}/out.car`, 'utf8'), 'part one,part two')
    t.same(exports, [[900, true, [{ '/': HEAD }]]])
    t.throws(() => readFileSync(`${dir}/out.car.partial`))
  })

  t.test('chain: nodes by path', async (t) => {
    const nodes: Record<string, unknown> = { '/ipfs/x': { Cid: { '/': BLOCK }, Obj: [1, { a: '<' }] } }
    paths = (path) => nodes[path] ?? { Cid: { '/': BLOCK }, Obj: Number(path.split('/').at(-1)) }
    await prints(t, 'chain get /ipfs//y/../x', '[\n\t1,\n\t{\n\t\t"a": "\\u003c"\n\t}\n]\n')
    const state = byHeight(3001).Blocks[0].ParentStateRoot['/']
    await prints(t, 'chain get --verbose /pstate/7', `/ipfs/${state}/7\n7\n`)
    const bytes = Buffer.from(
      find('ChainReadObj', (p) => p[0]['/'] === BLOCK),
      'base64',
    )
    await prints(t, 'chain get --as-type raw /ipfs/x', bytes.toString('hex'))
    t.same(
      await json('chain get --as-type block /ipfs/x'),
      find('ChainGetBlock', (p) => p[0]['/'] === BLOCK),
    )
    t.match(await run('chain get --as-type message /ipfs/x'), {
      code: 1,
      stderr: 'ERROR: the object cannot be read as message\n',
    })
    t.match(await run('chain get --as-type amt /ipfs/x'), { code: 1, stderr: 'ERROR: the object is not the root of an AMT\n' })
  })

  t.test('chain: bisection ends at the first tipset that the command accepts', async (t) => {
    // Heights 0 to 16; the state counts the epochs.
    heights = (height) => ({ ...byHeight(3001), Height: height, Blocks: [{ ParentStateRoot: { '/': `state${height}` } }] })
    paths = (path) => ({ Cid: { '/': BLOCK }, Obj: Number(/state(\d+)/.exec(path)?.[1]) })
    const { code, stdout } = await run('chain bisect 0 16 some/path sh -c', 'read n; test "$n" -ge 11')
    t.equal(code, 0)
    t.equal(stdout.split('\n').at(-2), '11')
    t.match(stdout, /^\* Testing 8 \(0 - 16\) \(\/ipld\/state8\/some\/path\): false\n/)
    t.match((await run('chain bisect 0 16 p sh -c', 'read n; test "$n" -ge 12')).stdout, /\n12\n$/)
    t.match((await run('chain bisect 0 16 p sh -c', 'read n; test "$n" -ge 11 && echo true || echo false')).stdout, /\n11\n$/)
    const never = await run('chain bisect 0 16 p false')
    t.match(never, { code: 1, stderr: 'ERROR: the command accepts no tipset up to epoch 16\n' })
    const failing = await run('chain bisect 0 16 p sh -c', 'echo broken >&2; exit 3')
    t.match(failing, { code: 1, stderr: 'ERROR: the command of the bisection failed: broken\n' })
    const missing = await run('chain bisect 0 16 p no-such-command -x')
    t.match(missing, { code: 1, stderr: /^ERROR: the command of the bisection failed: .*ENOENT\n$/ })
    heights = byHeight
  })

  t.test('state: miners', async (t) => {
    await prints(t, 'state power', '143356(140 KiB)\n')
    await prints(t, 'state power t01000', '90110(88 KiB) / 143356(140 KiB) ~= 62.8575%\n')
    await prints(t, 'state list-miners', 't01000\nt01001\n')
    await prints(t, 'state list-miners --sort-by num-deals', 't01000 2\nt01001 2\n')
    await prints(t, 'state sector-size t01001', '2 KiB (2048)\n')
    await prints(
      t,
      'state miner-proving-deadline t01000',
      'Period Start:\t658\nIndex:\t\t39\nOpen:\t\t2998\nClose:\t\t3058\nChallenge:\t2978\nFaultCutoff:\t2928\n',
    )
    const { stdout } = await run('state miner-info t01001')
    t.match(stdout, /^Available Balance: 12595\.141601400999026669 FIL\nOwner:\tt0103\nWorker:\tt0103\nBeneficiary:\tt0103\n/)
    t.match(stdout, /\nPeerID:\t12D3KooWFFYvac4gbeCcUBstxtZ6T5QbkCoow2gKhDFspr5akPb5\nMultiaddrs:\t\nConsensus Fault End:\t-1\n/)
    t.match(
      stdout,
      /\nSectorSize:\t2 KiB \(2048\)\nByte Power: {3}16 KiB \/ 68 KiB \(23\.5294%\)\nActual Power: 52 Ki \/ 140 Ki \(37\.1425%\)\n\n/,
    )
  })

  t.test('state: sectors', async (t) => {
    const sectors = find('StateMinerSectors', (p) => p[0] === 't01000' && p[2][0]['/'] === HEAD)
    const { stdout } = await run('state sectors --all t01000')
    const lines = stdout.trimEnd().split('\n')
    t.equal(lines[0], 'Sector Number,Sealed CID,Activation,Expiration,InitialPledge (attoFIL),DailyFee (attoFIL)')
    t.same(
      lines.slice(1),
      sectors.map((s: any) =>
        [s.SectorNumber, s.SealedCID['/'], s.Activation, s.Expiration, s.InitialPledge, s.DailyFee].join(','),
      ),
    )
    const active = find('StateMinerActiveSectors', (p) => p[0] === 't01000' && p[1][0]['/'] === HEAD)
    t.same(await json('state active-sectors t01000 --json'), active)
    const human = (await run('state sectors --human t01000')).stdout.split('\n')
    t.equal(human[0], 'Sector Number,Sealed CID,Activation (UTC),Expiration (UTC),InitialPledge (FIL),DailyFee (FIL)')
    t.match(human[3], /^3,bagboea4\w+,2026-07-28 15:37:04,2026-09-02 12:24:22,0\.00000005960464384,0\.000000000000311729$/)
    const one = (await run('state sector t01000 3')).stdout
    t.match(
      one,
      /^SectorNumber: {2}3\nSealProof: {2}5\nSealedCID: {2}bagboea4\w+\n\nActivation: {2}36 \(28 Jul 26 15:37 UTC, 1 hour 38 minutes ago\)\n/,
    )
    t.match(
      one,
      /\nInitialPledge: {2}0\.00000005960464384 FIL\n\nDealIDs \(deprecated\): \[\]\n.*Deadline: {2}1\nPartition: {2}0\n$/s,
    )
  })

  t.test('state: actors', async (t) => {
    const actor = find('StateGetActor', (p) => p[0] === 't01000' && p[1][0]['/'] === HEAD)
    await prints(
      t,
      'state get-actor t01000',
      `Address:\tt01000\nBalance:\t348.155770676401982949 FIL\nNonce:\t\t0\nCode:\t\t${actor.Code['/']} (fil/18/storageminer)\nHead:\t\t${actor.Head['/']}\n`,
    )
    t.same(await json('state get-actor t01000 --json'), actor)
    await prints(t, 'state lookup t01018', 't01018\n')
    await prints(t, 'state lookup -r t01034', 't1mqyojquswr5zliwp4flbgzn7qa2fgsdlt2duvsa\n')
    const state = find('StateReadState', (p) => p[0] === 't01099').State
    t.same(await json('state read-state t01099'), state)
    const fields = (await run('state read-state t01099')).stdout.match(/(?<=^ {2}")\w+/gm) ?? []
    t.same(fields, Object.keys(state).sort())
    t.not(fields.join(), Object.keys(state).join(), 'the node answers in another order')
    const list = find('StateListActors', (p) => p[0][0]['/'] === HEAD)
    await prints(t, 'state list-actors', `${list.join('\n')}\n`)
  })

  t.test('state: network', async (t) => {
    await prints(t, 'state network-version', 'Network Version: 28\n')
    await prints(t, 'state circulating-supply', 'Exact circulating supply:  430012682.170343994357924891 FIL\n')
    t.match(
      (await run('state circulating-supply --vm-supply')).stdout,
      /^Circulating supply: {2}941318672\.36\d+ FIL\nMined: {2}50612\.704\d+ FIL\nVested: .*\nBurnt: .*\nLocked: .* FIL\n$/,
    )
    const codes = find('StateActorCodeCIDs')
    const { stdout } = await run('state actor-cids')
    t.match(
      stdout,
      /^Network Version: 28\nActor Version: 18\nManifest CID: bafy2bzacebhqxufvuk42n44l2h3ilek5jrp7lgdyapnyu76j5ocgi5koxkh7u\n\nActor {13}CID {2}\naccount {11}bafk/,
    )
    for (const name of Object.keys(codes)) t.ok(stdout.includes(`\n${name.padEnd(18)}${codes[name]['/']}\n`), name)
    await prints(t, 'state market balance t01000', 'Escrow: 0 FIL\nLocked: 0 FIL\n')
    await prints(t, `state market proposal-pending ${BLOCK}`, 'pending: true\n')
  })

  t.test('state: messages', async (t) => {
    const found = find('StateSearchMsg', (p) => p[1]['/'] === MESSAGE)
    const { stdout } = await run(`state search-msg ${MESSAGE}`)
    t.match(stdout, `Executed in tipset: [${found.TipSet[0]['/']}]\nExit Code: 0\nGas Used: 33838278\nReturn: 84184bf40040\n`)
    const replayed = find('StateReplay', (p) => p[1]['/'] === MESSAGE)
    await prints(
      t,
      `state replay --detailed-gas ${MESSAGE}`,
      `Replay receipt:\nExit code: 0\nReturn: 84184bf40040\nGas Used: 33838278\nBase Fee Burn: 3383827800\nOverestimaton Burn: 126633600\nMiner Penalty: 0\nMiner Tip: 4251210783134\nRefund: 41064618338\nTotal Message Cost: 4254721244534\n`,
    )
    const traced = (await run(`state replay --show-trace ${MESSAGE}`)).stdout.split('\n')
    const { Msg } = replayed
    t.equal(
      traced[5],
      [Msg.From, Msg.To, Msg.Value, Msg.Method, Buffer.from(Msg.Params, 'base64').toString('hex'), 0, '84184bf40040'].join('\t'),
    )
    await prints(t, 'state list-messages --cids --toheight 2990', `${MESSAGE}\n`)
    t.same(
      await json('state list-messages --toheight 2990'),
      find('ChainGetMessage', (p) => p[0]['/'] === MESSAGE),
    )
    const computed = find('StateCompute', (p) => p[0] === 2998)
    await prints(t, 'state compute-state --tipset @2998', `computed state cid:  ${computed.Root['/']}\n`)
    t.same(await json('state compute-state --json --tipset @2998'), computed)
    t.match((await run('state compute-state --html --tipset @2998')).stdout, new RegExp(`<p>State: ${computed.Root['/']}</p>`))
  })

  t.test('the node', async (t) => {
    await prints(t, 'auth create-token --perm sign', 'token-read-write-sign\n')
    await prints(t, 'auth api-info --perm read', `FULLNODE_API_INFO=token-read:${rpc.url}\n`)
    await prints(t, 'log list', 'chain\nrpc\n')
    await prints(t, 'log set-level debug', '')
    t.same(rpc.calls.slice(-2), [
      ['Filecoin.LogSetLevel', 'chain', 'debug'],
      ['Filecoin.LogSetLevel', 'rpc', 'debug'],
    ])
    await prints(t, 'log set-level --system a --system b warn', '')
    t.same(rpc.calls.slice(-2), [
      ['Filecoin.LogSetLevel', 'a', 'warn'],
      ['Filecoin.LogSetLevel', 'b', 'warn'],
    ])
    t.match((await run('version')).stdout, /^Daemon: {2}1\.36\.2-dev\+2k\+api2\.3\.0\nLocal: nelumbo version \d/)
    await prints(t, 'wait-api', '')
    await prints(t, 'daemon stop', '')
    t.same(rpc.calls.at(-1), ['Filecoin.Shutdown'])
  })
}

function premium({ BlsMessages, SecpkMessages }: any): string {
  const all = [...BlsMessages, ...SecpkMessages.map((m: any) => m.Message)]
  return (all.reduce((sum: bigint, m: any) => sum + BigInt(m.GasPremium), 0n) / BigInt(all.length)).toString()
}
