// `miner info`: the lines of lotus-miner info (Lotus cli/miner/info.go) for a miner without power, with a beneficiary of its own and
// one that is proposed.

import t from 'tap'
import { runCli } from '../../kit/cli.ts'
import { startFakeRpc } from '../../kit/fake-rpc.ts'

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
const worker = (Tasks: readonly string[], Enabled = true) => ({ Enabled, Tasks })
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.ActorAddress': () => 't01004',
    'Filecoin.RuntimeSubsystems': () => ['Mining'],
    'Filecoin.StartTime': () => new Date().toISOString(),
    'Filecoin.LogAlerts': () => [{ Active: true }, { Active: false }, { Active: true }],
    'Filecoin.MiningStates': () => [],
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
  },
})
t.teardown(() => rpc.close())

const run = async (line: string): Promise<string> => {
  const { code, stdout, stderr } = await runCli(line.split(' '), { env: { FULLNODE_API_INFO: rpc.url, MINER_API_INFO: rpc.url } })
  if (code !== 0) throw new Error(stderr)
  return stdout
}

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
