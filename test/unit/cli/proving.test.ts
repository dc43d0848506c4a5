// `proving` and `actor` as a user runs them. The parameters of messages are what lotus-miner 1.36 sends for the same command lines.

import t from 'tap'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

const CID = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
const CODE = 'bafk2bzaced7ijhx5q3xptubv4ksbvdjbcgt6zh5ukiqmzqqm5t6cssq4vf77u'
const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'
const KEY = 't3udyjtch4gcfspdu2x27zc2rvnf5mdm4wp2iocdfmvvcwn3vi5o5fefojddrmrix4ix2uz5b46iccss2cunuq'
const OWNER = 't3uojy7pvo4om4vrwwe73uu3rre6toscww7xyvlpen6y3csiscfkugi5zwsndmxrot5h72zpi2uyxpikxmkfjq'

const partition = {
  AllSectors: [0, 5],
  LiveSectors: [1, 4],
  ActiveSectors: [1, 2],
  FaultySectors: [3, 2],
  RecoveringSectors: [3, 1],
}
const info = {
  Owner: 't0100',
  Worker: 't0100',
  Beneficiary: 't0102',
  NewWorker: '<empty>',
  WorkerChangeEpoch: -1,
  ControlAddresses: ['t0103'] as string[] | null,
  WindowPoStProofType: 5,
}
const keys: Readonly<Record<string, string>> = { t0100: OWNER, t0101: KEY, t0103: `t1d2xrzcslx7xlbbylc5c3d5lvandqw4iwl6epxba` }
let exitCode = 0
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.ActorAddress': () => 't01000',
    'Filecoin.ActorAddressConfig': () => ({
      PreCommitControl: [KEY],
      CommitControl: ['t0101'],
      TerminateControl: null,
      DealPublishControl: [],
    }),
    'Filecoin.ChainHead': () => ({ Cids: [{ '/': CID }], Blocks: [{ Timestamp: 1_000_000 }], Height: 787 }),
    'Filecoin.StateGetNetworkParams': () => ({ NetworkName: 'devnet', BlockDelaySecs: 4 }),
    'Filecoin.StateMinerDeadlines': () => [{ PostSubmissions: [0, 1] }, { PostSubmissions: [0] }, { PostSubmissions: [0] }],
    'Filecoin.StateMinerProvingDeadline': () => ({
      CurrentEpoch: 787,
      PeriodStart: 658,
      Index: 1,
      Open: 778,
      Close: 838,
      Challenge: 758,
      FaultCutoff: 708,
      WPoStPeriodDeadlines: 48,
      WPoStProvingPeriod: 2880,
    }),
    'Filecoin.StateMinerPartitions': (_miner, deadline) =>
      deadline === 0
        ? [partition]
        : deadline === 1
          ? [{ ...partition, LiveSectors: [0], FaultySectors: [0], RecoveringSectors: [0] }]
          : null,
    'Filecoin.StateMinerInfo': () => info,
    'Filecoin.StateMinerSectors': (_miner, filter) =>
      (JSON.stringify(filter) === '[1,4]' ? [1, 2, 3, 4] : [3, 4]).map((SectorNumber) => ({ SectorNumber, SealProof: 5 })),
    'Filecoin.CheckProvable': () => ({ '2': 'the file is not there' }),
    'Filecoin.StateLookupID': (address) => {
      const [id] = Object.entries(keys).find(([, key]) => key === address) ?? [address]
      if (id === 't1unknown') throw new FakeError(1, 'actor not found')
      return id
    },
    'Filecoin.StateAccountKey': (address) => keys[address] ?? address,
    'Filecoin.StateGetActor': (address) => ({
      Code: { '/': CODE },
      Balance: address === 't0103' ? '1' : '60000000000000000000',
      Nonce: 1,
    }),
    'Filecoin.StateNetworkVersion': () => 27,
    'Filecoin.StateActorCodeCIDs': () => ({ account: { '/': CODE } }),
    'Filecoin.StateMinerAvailableBalance': () => '2000000000000000000',
    'Filecoin.StateReadState': () => ({ State: { FeeDebt: '77' } }),
    'Filecoin.MpoolPushMessage': (message) => ({ Message: message, Signature: {}, CID: { '/': CID } }),
    'Filecoin.StateWaitMsg': () => ({
      Message: { '/': CID },
      Receipt: { ExitCode: exitCode, Return: 'SQAN4Lazp2QAAA==', GasUsed: 1, EventsRoot: null },
      TipSet: [],
      Height: 790,
    }),
    'Filecoin.RecoverFault': () => [{ '/': CID }],
    'Filecoin.ComputeWindowPoSt': (Deadline) => [
      {
        Deadline,
        Partitions: [{ Index: 0, Skipped: [1, 2, 3, 1] }],
        Proofs: [{ PoStProof: 5, ProofBytes: 'AAEC' }],
        ChainCommitEpoch: 77,
        ChainCommitRand: 'AAEC',
      },
    ],
    'Filecoin.WorkerStats': () => ({
      b: { Info: { Hostname: 'sealer' }, Tasks: ['seal/v0/precommit/1'], Enabled: true },
      a: {
        Info: {
          Hostname: 'host',
          Resources: {
            MemPhysical: 8589934592,
            MemUsed: 4294967296,
            MemSwap: 1073741824,
            MemSwapUsed: 1000,
            CPUs: 16,
            GPUs: ['an H100'],
          },
        },
        Tasks: ['post/v0/windowproof'],
        Enabled: true,
        MemUsedMin: 1073741824,
        MemUsedMax: 2147483648,
        GpuUsed: 0.5,
        CpuUse: 4,
        TaskCounts: { '0:post/v0/windowproof': 2, '0:post/v0/winningproof': 0 },
      },
    }),
  },
})
t.teardown(() => rpc.close())

const run = (line: string) => runCli(line.split(' '), { env: { FULLNODE_API_INFO: rpc.url, MINER_API_INFO: rpc.url } })
async function answer(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line)
  if (code !== 0 || stderr !== '') throw new Error(`${line}: ${code} ${stderr}`)
  return stdout
}
/** The message that a command sends, and what it prints. */
async function sent(line: string) {
  const before = rpc.calls.length
  const { stdout, stderr, code } = await run(line)
  const push = rpc.calls.slice(before).find(([method]) => method === 'Filecoin.MpoolPushMessage')
  const message = push?.[1] as {
    From: string
    To: string
    Method: number
    Value: string
    Params: string | null
    GasLimit: number
  }
  return { message, stdout, stderr, code }
}

t.test('where the miner stands', async (t) => {
  t.equal(
    await answer('proving info'),
    `Miner: t01000
Current Epoch:           787
Proving Period Boundary: 658
Proving Period Start:    658 (12 Jan 70 13:38 UTC, 8 minutes 36 seconds ago)
Next Period Start:       3538 (12 Jan 70 16:50 UTC, in 3 hours 3 minutes)

Faults:      2 (50.00%)
Recovering:  1
Deadline Index:       1
Deadline Sectors:     0
Deadline Open:        778 (36 seconds ago)
Deadline Close:       838 (in 3 minutes 24 seconds)
Deadline Challenge:   758 (1 minute 56 seconds ago)
Deadline FaultCutoff: 708 (5 minutes 16 seconds ago)
`,
  )
  t.equal(
    await answer('proving deadlines'),
    `Miner: t01000
deadline  open      partitions  sectors (faults)  proven partitions
0         13:42:04  1           4 (2)             1
1         13:46:04  0           0 (0)             0  (current)
2         13:50:04  0           0 (0)             0
`,
  )
  t.match(
    await answer('miner proving deadlines -a --actor t01000'),
    '\n1         13:46:04  1           5 (0)             0  (current)\n',
  )
  t.equal(
    await answer('proving faults'),
    'Miner: t01000\ndeadline  partition  sectors\n0         0          3\n0         0          4\n',
  )
  t.equal(
    await answer('proving deadline -n -b 0'),
    `Deadline Index:           0
Deadline Open:            13:42:04
Partitions:               1
Proven Partitions:        1
Current:                  false

Partition Index:          0
	All Sectors:               5 (bitfield - runs 0+1=1 - 0 0s 5 1s - 0 inv - 2 B 2B)
	All Sector Numbers:         [0 1 2 3 4]
	Live Sectors:              4 (bitfield - runs 1+1=2 - 1 0s 4 1s - 0 inv - 3 B 3B)
	Live Sector Numbers:        [1 2 3 4]
	Active Sectors:            2 (bitfield - runs 1+1=2 - 1 0s 2 1s - 0 inv - 2 B 2B)
	Active Sector Numbers:      [1 2]
	Faulty Sectors:            2 (bitfield - runs 1+1=2 - 3 0s 2 1s - 0 inv - 3 B 3B)
	Faulty Sector Numbers:      [3 4]
	Recovering Sectors:        1 (bitfield - runs 1+1=2 - 3 0s 1 1s - 0 inv - 3 B 3B)
	Recovering Sector Numbers:  [3]
`,
  )
  t.match(await run('proving deadline 3'), { code: 2, stderr: /<deadlineIdx> 3 does not exist; the deadlines are 0 to 2/ })
  t.match(await run('proving deadline x'), { code: 2, stderr: /<deadlineIdx> "x" is not a whole number/ })
})

t.test('checks and proofs', async (t) => {
  t.equal(
    await answer('proving check 0'),
    `deadline  partition  sector  status
0         0          1       good
0         0          2       bad (the file is not there)
0         0          3       good
0         0          4       good
`,
  )
  t.same(rpc.calls.at(-1), [
    'Filecoin.CheckProvable',
    5,
    [1, 2, 3, 4].map((sector) => ({ ID: { Miner: 1000, Number: sector }, ProofType: 5 })),
  ])
  t.equal(
    await answer('proving check --only-bad 0'),
    'deadline  partition  sector  status\n0         0          2       bad (the file is not there)\n',
  )
  await answer('proving check --faulty 0')
  t.same(
    rpc.calls.at(-1)?.[2],
    [3, 4].map((sector) => ({ ID: { Miner: 1000, Number: sector }, ProofType: 5 })),
  )
  t.match(
    await answer('proving compute windowed-post 7'),
    /^Took [\d.]+m?s\n\[\n {2}\{\n {4}"Deadline": 7,\n {4}"Partitions": \[\n {6}\{\n {8}"Index": 0,\n {8}"Skipped": \[\n {10}1,\n {10}2,\n {10}6\n/,
  )
  t.match(await answer('proving recover-faults 3 4'), /^Declared in message bafy/)
  t.ok(rpc.calls.some(([method, sectors]) => method === 'Filecoin.RecoverFault' && JSON.stringify(sectors) === '[3,4]'))
  exitCode = 16
  t.match(await run('proving recover-faults 3'), { code: 1, stderr: /failed with exit code 16/ })
  exitCode = 0
  t.match(await run('proving recover-faults'), { code: 2, stderr: /no sector is named/ })
  t.equal(
    await answer('proving workers'),
    `Worker a, host host
	TASK: WDP(2) 
	CPU:  [||||||||||||||||${' '.repeat(48)}] 4/16 core(s) in use
	RAM:  [${'|'.repeat(32)}${' '.repeat(32)}] 50% 4 GiB/8 GiB
	VMEM: [${'|'.repeat(28)}${' '.repeat(36)}] 44% 4 GiB/9 GiB
	GPU:  [${'|'.repeat(32)}${' '.repeat(32)}] 50% 0.50/1 gpu(s) in use
	GPU: an H100, used
`,
  )
})

t.test('control addresses', async (t) => {
  info.ControlAddresses = ['t0101', 't0103']
  t.equal(
    await answer('actor control list'),
    `name         ID     key        use               balance                   
owner        t0100  t3uojy...  other             60 FIL                    
worker       t0100  t3uojy...  other             60 FIL                    
beneficiary  t0102  t0102                        60 FIL                    
control-0    t0101  t3udyj...  precommit commit  60 FIL                    
control-1    t0103  t1d2xr...  post              0.000000000000000001 FIL  
`,
  )
  t.equal(
    await answer('actor control set t0101 t0100'),
    `Remove ${keys.t0103}\nAdd ${OWNER}\nPass --really-do-it to actually execute this action\n`,
  )
  info.ControlAddresses = null
  const { message, stdout } = await sent('actor control set --really-do-it t0101')
  t.match(message, { To: 't01000', From: 't0100', Method: 3, Value: '0', GasLimit: 0 })
  t.equal(message.Params, 'gkIAZIFYMQOg8JmI/DCLJ46avr+RajVpesGzln6Q4QysrUVm7qjrulIVyRjiyKL8RfVM9DzyBCk=')
  t.equal(stdout, `Add ${KEY}\nMessage CID: ${CID}\n`)
  t.match(await run('actor control set t1unknown'), { code: 2, stderr: /is not an address/ })
})

t.test('messages to the actor', async (t) => {
  const rows: readonly (readonly [line: string, message: object, printed: RegExp])[] = [
    [
      `actor set-peer-id --gas-limit=5 ${PEER}`,
      { Method: 4, GasLimit: 5, Params: 'gVgmACQIARIgarj87TBf04OYUEh/24ShCmoVILhUUXhsLlxIowOI8mw=' },
      /^Requested peerid change in message bafy/,
    ],
    [
      `actor set-addresses /ip4/1.2.3.4/tcp/1234 /dns4/a.b/udp/3/quic-v1/p2p/${PEER}`,
      { Method: 18, Params: 'gYJIBAECAwQGBNJLNgNhLmKRAgADzQM=' },
      /^Stripping peerid {2}\/p2p\/12D3.*\nRequested multiaddrs change in message bafy/,
    ],
    ['actor set-addrs --unset', { Method: 18, Params: 'gYA=' }, /^Requested/],
    ['actor set-owner --really-do-it t0101 t0100', { Method: 23, Params: 'QgBl' }, /^Message CID: bafy.*\nmessage succeeded!\n$/],
    [
      'actor withdraw 1',
      { Method: 16, Params: 'gUkADeC2s6dkAAA=' },
      /^Requested withdrawal .*\nwaiting for it .*\nSuccessfully withdrew 1 FIL \n$/,
    ],
    ['actor withdraw', { Method: 16, Params: 'gUkAG8FtZ07IAAA=' }, /Successfully withdrew 1 FIL \n$/],
    ['actor withdraw --beneficiary 0.5', { From: 't0102', Method: 16, Params: 'gUkABvBbWdOyAAA=' }, /Successfully withdrew/],
    ['actor repay-debt 2', { Method: 22, Value: '2000000000000000000', Params: null }, /^Sent repay debt message bafy/],
    ['actor repay-debt', { Method: 22, Value: '77', Params: null }, /^Sent/],
  ]
  for (const [line, expected, printed] of rows) {
    const { message, stdout, stderr, code } = await sent(line)
    t.same([code, stderr], [0, ''], line)
    t.match(message, { To: 't01000', From: 't0100', ...expected }, line)
    t.match(stdout, printed, line)
  }
  const proposed = await sent('actor propose-change-worker --really-do-it t0101')
  t.equal(proposed.message.Params, 'gkIAZYA=')
  t.match(proposed, { code: 1, stderr: /the chain shows no proposal of t0101/ })
  info.NewWorker = 't0101'
  info.WorkerChangeEpoch = 900
  const early = await sent('actor confirm-change-worker --really-do-it t0101')
  t.match(early, { code: 1, message: undefined, stderr: /cannot be confirmed before epoch 900; the head is at 787/ })
  info.WorkerChangeEpoch = 787
  info.Worker = 't0101'
  t.match((await sent('actor confirm-change-worker --really-do-it t0101')).message, { Method: 21, Params: null })
  info.Worker = 't0100'
  info.NewWorker = '<empty>'
})

t.test('nothing is sent', async (t) => {
  for (const [line, code, text] of [
    ['actor set-owner t0101 t0100', 0, /^Pass --really-do-it/],
    ['actor propose-change-worker t0101', 0, /^Pass --really-do-it/],
    ['actor propose-change-worker t0100', 1, /t0100 is the worker already/],
    ['actor confirm-change-worker t0101', 1, /no change of the worker was proposed/],
    ['actor set-owner --really-do-it t0101 t0103', 1, /the sender must be the present owner or the new one/],
    ['actor withdraw 3', 1, /3 FIL is more than what is available, 2 FIL/],
    ['actor withdraw -- -1', 1, /must not be negative/],
    ['actor set-peer-id nonsense', 2, /"nonsense" is not a peer id/],
    ['actor set-addresses', 2, /no address is given/],
    ['actor set-addresses --unset /ip4/1.2.3.4', 2, /--unset takes no addresses/],
    ['actor set-addresses 1.2.3.4', 2, /"1.2.3.4" is not a multiaddress/],
    [`actor set-addresses /p2p/${PEER}`, 2, /is not a multiaddress/],
    ['actor set-addresses --from t0109 /ip4/1.2.3.4/tcp/1', 1, /t0109 is neither owner, worker nor control address/],
  ] as const) {
    const { message, ...rest } = await sent(line)
    t.equal(message, undefined, line)
    t.equal(rest.code, code, line)
    t.match(code === 0 ? rest.stdout : rest.stderr, text, line)
  }
})
