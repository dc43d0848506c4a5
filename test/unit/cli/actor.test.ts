// `actor` commands about beneficiaries, deals and sector numbers. The parameters of messages, and what is printed, are
// lotus-miner 1.36's for the same command lines and the same answers of the full node.

import t from 'tap'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

// Many runs of a program that takes its time to start on a busy machine.
t.setTimeout(300_000)

const CID = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
const CHANGE_PARAMS = 'g0IAZ0kARWORgkT0AAAZIyg='
const term = {
  NewBeneficiary: 't0103',
  NewQuota: '5000000000000000000',
  NewExpiration: 9000,
  ApprovedByBeneficiary: false,
  ApprovedByNominee: false,
}
const info = {
  Owner: 't0100',
  Worker: 't0101',
  Beneficiary: 't0102',
  ControlAddresses: null,
  PendingBeneficiaryTerm: null as typeof term | null,
}
const state = { gas: 1000, outOfGas: false, exitCode: 0, allocated: [0, 30] as number[] | null, returned: '' }
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.ActorAddress': () => 't01000',
    'Filecoin.ChainHead': () => ({ Cids: [{ '/': CID }], Blocks: [], Height: 787 }),
    'Filecoin.StateMinerInfo': () => info,
    'Filecoin.StateMinerAllocated': () => state.allocated,
    'Filecoin.StateLookupID': (address) => address,
    'Filecoin.GasEstimateMessageGas': (message) => {
      if (state.outOfGas) throw new FakeError(2, 'call ran out of gas')
      return { ...message, GasLimit: state.gas }
    },
    'Filecoin.MpoolPushMessage': (message) => ({ Message: message, Signature: {}, CID: { '/': CID } }),
    'Filecoin.MpoolBatchPushMessage': (messages) => messages.map((m: unknown) => ({ Message: m, CID: { '/': CID } })),
    'Filecoin.StateWaitMsg': () => ({
      Message: { '/': CID },
      Receipt: { ExitCode: state.exitCode, Return: state.returned, GasUsed: 1, EventsRoot: null },
      TipSet: [],
      Height: 790,
    }),
  },
})
t.teardown(() => rpc.close())

/** A command's end, with what it sent. */
async function run(line: string) {
  const before = rpc.calls.length
  const result = await runCli(line.split(' '), { env: { FULLNODE_API_INFO: rpc.url, MINER_API_INFO: rpc.url } })
  const calls = rpc.calls.slice(before)
  const push = calls.find(([method]) => method === 'Filecoin.MpoolPushMessage')?.[1]
  const batch = calls.find(([method]) => method === 'Filecoin.MpoolBatchPushMessage')?.[1]
  return {
    ...result,
    push: push as object | undefined,
    batch: batch as { Params: string; Method: number; To: string }[] | undefined,
  }
}

const warning = `WARNING: replacing Pending Beneficiary Term of:
Beneficiary:  t0103
Quota: 5000000000000000000
Expiration Epoch: 9000
`
const review = "Pass --really-do-it to actually execute this action. Review what you're about to approve CAREFULLY please\n"

t.test('another beneficiary is proposed', async (t) => {
  const line = 'actor propose-change-beneficiary'
  t.match(await run(`${line} t0103 5 9000`), { code: 0, stdout: review, push: undefined })
  const sent = await run(`${line} --really-do-it t0103 5 9000`)
  t.match(sent.push, { From: 't0100', To: 't01000', Method: 30, Value: '0', Params: CHANGE_PARAMS })
  t.equal(sent.stdout, `Propose Message CID: ${CID}\nBeneficiary address change awaiting additional confirmations\n`)
  info.PendingBeneficiaryTerm = term
  const refused = await run(`${line} --really-do-it t0103 5 9000`)
  t.match(refused, { code: 1, stdout: warning, push: undefined, stderr: /--overwrite-pending-change/ })
  const replaced = await run(`${line} --really-do-it --overwrite-pending-change t0103 5 9000`)
  t.match(replaced, { code: 0, push: { Params: CHANGE_PARAMS } })
  t.ok(replaced.stdout.startsWith(warning))
  info.PendingBeneficiaryTerm = null
  info.Beneficiary = 't0103'
  t.match(await run(`${line} --really-do-it t0103 5 9000`), { stdout: /\nBeneficiary address successfully changed\n$/ })
  info.Beneficiary = 't0100'
  t.match(await run(`${line} --really-do-it t0100 0 0`), { code: 1, push: undefined, stderr: /is the owner t0100 already/ })
  info.Beneficiary = 't0102'
  t.match(await run(`${line} t0103 5`), { code: 2 })
  t.match(await run(`${line} t0103 x 9000`), { code: 2, stderr: /<quota> "x" is not an amount/ })
  t.match(await run(`${line} t0103 5 1.5`), { code: 2, stderr: /<expiration> "1.5" is not a whole number/ })
})

t.test('a proposed beneficiary is confirmed', async (t) => {
  const line = 'actor confirm-change-beneficiary'
  t.match(await run(`${line} --new-beneficiary t01000`), {
    code: 1,
    stderr: /no change of the beneficiary of t01000 was proposed/,
  })
  info.PendingBeneficiaryTerm = term
  const shown = warning.replace('WARNING: replacing', 'Confirming')
  t.match(await run(`${line} --new-beneficiary t01000`), { code: 0, stdout: shown + review, push: undefined })
  const nominee = await run(`${line} --really-do-it --new-beneficiary t01000`)
  t.match(nominee.push, { From: 't0103', To: 't01000', Method: 30, Params: CHANGE_PARAMS })
  t.equal(nominee.stdout, `${shown}Confirm Message CID: ${CID}\nBeneficiary address change awaiting additional confirmations\n`)
  t.match((await run(`${line} --really-do-it --existing-beneficiary t01000`)).push, { From: 't0102' })
  for (const flags of ['', ' --existing-beneficiary --new-beneficiary'])
    t.match(await run(`${line} --really-do-it${flags} t01000`), { code: 2, stderr: /either --existing-beneficiary or/ })
  info.PendingBeneficiaryTerm = { ...term, ApprovedByBeneficiary: true }
  t.match(await run(`${line} --really-do-it --existing-beneficiary t01000`), {
    code: 1,
    push: undefined,
    stderr: /confirmed the change already/,
  })
  info.PendingBeneficiaryTerm = null
})

t.test('deals are settled in messages below the ceiling of gas', async (t) => {
  const line = 'actor settle-deal --max-deals 3'
  const dry = await run(`${line} 1-4 9 8`)
  const total = 'There are a total of 6 deals; gas-aware splitting will send 2 messages with deal counts: [3 3].\n'
  t.match(dry, { code: 1, stdout: total, batch: undefined, stderr: /pass --really-do-it to confirm this action/ })
  // Two deals of five that were named: a payment of 7 attoFIL that completes one, and one of nothing.
  state.returned = Buffer.from('8282028082824200' + '07f58240f4', 'hex').toString('base64')
  const sent = await run(`${line} --really-do-it 1-4 9 8`)
  t.same(
    sent.batch?.map((m) => [m.To, m.Method, m.Params]),
    [
      ['f05', 1900091594, 'Qeg='],
      ['f05', 1900091594, 'Q5A6Cg=='],
    ],
  )
  t.match(sent, { code: 0, stderr: '' })
  const asked = `Requested deal settlement in message: ${CID}\nwaiting for it to be included in a block..\n`
  const settled = `Message CID: ${CID}\nSettled 2 out of 6 deals\nTotal payment: 0.000000000000000007 FIL\nTotal number of deals finished their lifetime: 1\n`
  t.equal(sent.stdout, total + asked + asked + settled + settled)
  state.gas = 2_600_000_000
  const heavy = await run('actor settle-deal --really-do-it --skip-wait-msg 1-4')
  t.same(
    heavy.batch?.map((m) => m.Params),
    ['QRg=', 'QlAC', 'QnAC', 'QpAC'],
  )
  t.match(heavy.stdout, 'deal counts: [1 1 1 1].\nwarning: deal 1 has estimated gas 2600000000 above ceiling 2500000000;')
  t.match((await run('actor settle-deal --max-gas-fraction 2 1-4')).stdout, 'counts: [4]')
  state.outOfGas = true
  t.match(await run('actor settle-deal 1 2'), { code: 1, stderr: /the deal 1 cannot be settled: its message takes more gas/ })
  state.outOfGas = false
  t.match(await run('actor settle-deal 4-1'), { code: 2, stderr: /the range 4-1 ends before it begins/ })
  t.match(await run('actor settle-deal x'), { code: 2, stderr: /"x" is neither a deal's number nor a range/ })
  t.match(await run('actor settle-deal 1-99999999'), { code: 2, stderr: /more than 1000000 deals/ })
})

t.test('sector numbers are masked', async (t) => {
  const line = 'actor compact-allocated'
  t.match(await run(`${line} --mask-upto-n 10`), { code: 0, stdout: /^Pass --really-do-it/, push: undefined })
  const upTo = await run(`${line} --really-do-it --mask-upto-n 10`)
  // [bits 0 to 9], as the runs of go-bitfield.
  t.match(upTo.push, { From: 't0101', To: 't01000', Method: 20, Params: 'gUJUAQ==' })
  t.equal(upTo.stdout, `CompactSectorNumbers Message CID: ${CID}\n`)
  // The highest number is 29: all below 19.
  const offset = await run(`${line} --really-do-it --mask-last-offset 10`)
  t.match(offset.push, { Params: 'gUJkAg==' })
  t.match(await run(`${line} --really-do-it --mask-last-offset 28`), {
    code: 1,
    push: undefined,
    stderr: /leaves nothing to mask/,
  })
  state.allocated = null
  t.match(await run(`${line} --really-do-it --mask-last-offset 0`), {
    code: 1,
    push: undefined,
    stderr: /leaves nothing to mask/,
  })
  t.match(await run(`${line} --really-do-it`), { code: 2, stderr: /give either --mask-last-offset or --mask-upto-n/ })
  t.match(await run(`${line} --mask-upto-n 1 --mask-last-offset 2`), { code: 2 })
  state.exitCode = 16
  t.match(await run(`${line} --really-do-it --mask-upto-n 10`), { code: 1, stderr: /failed with exit code 16/ })
})
