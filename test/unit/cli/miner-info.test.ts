// `miner info`: the lines of lotus-miner info (Lotus cli/miner/info.go) for a miner without power, with a beneficiary of its own and
// one that is proposed.

import t from 'tap'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

t.setTimeout(120_000)

const CID = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
const power = { RawBytePower: '0', QualityAdjPower: '0' }
const block = {
  Miner: 't01004',
  Timestamp: 1_000_000,
  Height: 787,
  ParentBaseFee: '100',
  Parents: [{ '/': CID }],
  ElectionProof: { WinCount: 2 },
}
const Resources = { MemPhysical: 1024, MemUsed: 0, MemSwap: 0, MemSwapUsed: 0, CPUs: 2, GPUs: null }
const Info = { Hostname: 'host', Resources }
const worker = (Tasks: readonly string[], Enabled = true) => ({ Enabled, Tasks, Info, MemUsedMin: 0, MemUsedMax: 0, CpuUse: 0 })
const PATH_ID = '3f2a3e4c-1d7f-4d6e-9f3a-6d3c4b8d7a10'
const disk = { Capacity: 1 << 20, Available: 1 << 19, FSAvailable: 1 << 19, Reserved: 0, Max: 0, Used: 1 << 19 }
const partition = {
  AllSectors: [0, 3],
  LiveSectors: [0, 3],
  ActiveSectors: [0, 2],
  FaultySectors: [2, 1],
  RecoveringSectors: [0],
}
const broken = { deadlines: false, mining: false }
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.ActorAddress': () => 't01004',
    'Filecoin.RuntimeSubsystems': () => ['Mining'],
    'Filecoin.StartTime': () => new Date().toISOString(),
    'Filecoin.LogAlerts': () => [{ Active: true }, { Active: false }, { Active: true }],
    'Filecoin.MiningStates': () => {
      if (broken.mining) throw new FakeError(-32601, "method 'Filecoin.MiningStates' not found")
      return []
    },
    'Filecoin.SectorsSummary': () => ({ Proving: 3 }),
    'Filecoin.WorkerStats': () => ({
      a: worker(['post/v0/windowproof', 'post/v0/winningproof']),
      b: worker(['post/v0/winningproof']),
      c: worker(['seal/v0/precommit/1']),
      d: worker(['post/v0/windowproof'], false),
    }),
    'Filecoin.ChainHead': () => ({ Cids: [{ '/': CID }], Blocks: [block], Height: 787 }),
    'Filecoin.ChainGetTipSet': () => ({ Cids: [{ '/': CID }], Blocks: [{ ...block, Miner: 't01000' }], Height: 0 }),
    'Filecoin.StateGetNetworkParams': () => ({ NetworkName: 'devnet', BlockDelaySecs: 4 }),
    'Filecoin.StateMinerInfo': () => ({
      Owner: 't0100',
      Worker: 't0101',
      NewWorker: '<empty>',
      ControlAddresses: null,
      WorkerChangeEpoch: -1,
      SectorSize: 2048,
      Beneficiary: 't0102',
      BeneficiaryTerm: { Quota: '7', UsedQuota: '5', Expiration: 9000 },
      PendingBeneficiaryTerm: {
        NewBeneficiary: 't0103',
        NewQuota: '11',
        NewExpiration: 9001,
        ApprovedByBeneficiary: true,
        ApprovedByNominee: false,
      },
    }),
    'Filecoin.StateMinerPower': () => ({ MinerPower: power, TotalPower: power, HasMinPower: false }),
    'Filecoin.StateMinerSectorCount': () => ({ Live: 3, Active: 2, Faulty: 1 }),
    'Filecoin.StateReadState': (address) =>
      address === 'f02'
        ? { State: { ThisEpochReward: '5000000000000000000' } }
        : { Balance: '9', State: { PreCommitDeposits: '1', InitialPledge: '2', LockedFunds: '3', FeeDebt: '0' } },
    'Filecoin.StateMarketBalance': () => ({ Escrow: '0', Locked: '0' }),
    'Filecoin.WalletBalance': () => '1000',
    'Filecoin.Version': () => ({ Version: '1.2.3+mainnet', APIVersion: 0x010600 }),
    'Filecoin.StorageList': () => ({
      [PATH_ID]: [
        { Miner: 1004, Number: 10, SectorFileType: 2 },
        { Miner: 1004, Number: 9, SectorFileType: 2 },
        { Miner: 1004, Number: 9, SectorFileType: 4 },
        { Miner: 1005, Number: 7, SectorFileType: 2 },
      ],
      none: null,
    }),
    'Filecoin.StorageLocal': () => ({ [PATH_ID]: '/disk' }),
    'Filecoin.StorageStat': () => disk,
    'Filecoin.StorageInfo': (ID) => ({ ID, URLs: null, Weight: 10, CanSeal: false, CanStore: true }),
    'Filecoin.StorageFindSector': ({ Number: number }, type) =>
      type === 2 || (type === 4 && number === 9) ? [{ ID: PATH_ID, URLs: null, CanSeal: false, CanStore: true }] : null,
    'Filecoin.StateMinerDeadlines': () => [{ PostSubmissions: [0, 1] }, { PostSubmissions: [0] }],
    'Filecoin.StateMinerProvingDeadline': () => {
      if (broken.deadlines) throw new FakeError(1, 'no such deadline')
      return {
        CurrentEpoch: 787,
        PeriodStart: 658,
        Index: 1,
        Open: 778,
        Close: 838,
        Challenge: 758,
        FaultCutoff: 708,
        WPoStPeriodDeadlines: 48,
        WPoStProvingPeriod: 2880,
      }
    },
    'Filecoin.StateMinerPartitions': (_miner, deadline) => (deadline === 1 ? [partition] : []),
  },
})
t.teardown(() => rpc.close())

const run = async (line: string): Promise<string> => {
  const { code, stdout, stderr } = await runCli(line.split(' '), { env: { FULLNODE_API_INFO: rpc.url, MINER_API_INFO: rpc.url } })
  if (code !== 0) throw new Error(stderr)
  return stdout
}

t.test('a miner of another make, which keeps no such record, is shown as well', async (t) => {
  const whole = (await run('miner info')).replace(/(StartTime|Chain): .*/g, '')
  broken.mining = true
  t.teardown(() => {
    broken.mining = false
  })
  t.equal((await run('miner info')).replace(/(StartTime|Chain): .*/g, ''), whole)
  t.same(JSON.parse(await run('--json miner info')).Mining, [])
})

t.test('all that there is to say of a miner', async (t) => {
  const text = await run('miner info --blocks 1')
  t.match(text, '\n⚠ 2 Active alerts (check ')
  t.match(
    text,
    `Total Spendable:  1.003 fFIL

Beneficiary:	t0102
Beneficiary Quota:	7
Beneficiary Used Quota:	5
Beneficiary Expiration:	9000
Pending Beneficiary Term:
New Beneficiary:	t0103
New Quota:	11
New Expiration:	9001
Approved By Beneficiary:	true
Approved By Nominee:	false

Sectors:
	Total: 3
	Proving: 3

Workers: Seal(1) WdPoSt(1) WinPoSt(1)
Produced newest blocks:
 Epoch   | Time                      | Block ID                                                       | Reward
     787 | 1970-01-12 13:46:40 +0000 | ${CID} | 2 FIL
`,
  )
  t.notMatch(await run('miner info --hide-sectors-info'), 'Sectors:')
  const other = await run('miner info --actor t01004')
  t.match(other, 'Beneficiary:\tt0102')
  for (const own of ['Sectors:', 'Workers:', 'alerts']) t.notMatch(other, own)
  t.match(JSON.parse(await run('--json miner info')), { SectorStates: { Proving: 3 }, Miner: 't01004' })
})

const commands = {
  Version: 'version',
  'Miner Info': 'miner info',
  'Storage List': 'storage list',
  'Proving Worker List': 'proving workers',
  'Proving Info': 'proving info',
  'Proving Deadlines': 'proving deadlines',
  'Proving Faults': 'proving faults',
}
/** Times since the start and since the head are others at each call. */
const timeless = (text: string): string => text.replace(/StartTime: .*/, 'StartTime:').replace(/\(\S+ behind\)/, '(behind)')

t.test('info all is the commands one after the other, under the headings of Lotus, and the files of each sector', async (t) => {
  const parts: string[] = []
  for (const [heading, command] of Object.entries(commands)) parts.push(`#: ${heading}\n${await run(command)}`)
  parts.push('#: Per Sector Info\n')
  for (const sector of [9, 10])
    parts.push(`##: Sector ${sector} Storage Location\n${await run(`storage find ${sector} --actor t01004`)}`)
  t.equal(timeless(await run('miner info all')), timeless(parts.join('\n')))
  t.match(parts.at(-1), `In ${PATH_ID} (Sealed)\n`)

  const json = JSON.parse(await run('--json miner info all')) as Record<string, unknown>
  for (const [heading, command] of Object.entries(commands))
    t.same(json[heading], JSON.parse(await run(`--json ${command}`)), heading)
  t.same(json['Per Sector Info'], [9, 10])
  t.match(json['Sector 10 Storage Location'], [{ ID: PATH_ID, Types: ['Sealed'] }])
})

t.test('what one section cannot tell keeps no other from being told', async (t) => {
  broken.deadlines = true
  t.teardown(() => {
    broken.deadlines = false
  })
  const text = await run('miner info all')
  t.match(
    text,
    /\n#: Proving Info\nERROR: {2}.*no such deadline\n\n#: Proving Deadlines\nERROR: {2}.*no such deadline\n\n#: Proving Faults\nMiner: t01004\n/,
  )
  t.match(text, '\n##: Sector 10 Storage Location\n')
  const json = JSON.parse(await run('--json miner info all')) as Record<string, unknown>
  t.match(json['Proving Info'], { Error: /no such deadline/ })
})

t.test('without a miner there is nothing to tell', async (t) => {
  const answer = await runCli(['miner', 'info', 'all'], {
    env: { FULLNODE_API_INFO: rpc.url, MINER_API_INFO: 'http://127.0.0.1:1' },
  })
  t.equal(answer.code, 1)
  t.equal(answer.stdout, '')
  t.equal(answer.stderr.trim().split('\n').length, 1)
})
