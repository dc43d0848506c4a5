import { changeWorkerAddressParams, minerWithdrawBalanceParams } from '../../../actors/methods/miner.ts'
import { decode, encode } from '../../../codec/codec.ts'
import { address } from '../../../types/address.ts'
import { tokenAmount } from '../../../types/scalars.ts'
import { provingErrors } from '../../en-proving.ts'
import { failed } from '../../errors.ts'
import { fil } from '../../format.ts'
import {
  controller,
  MESSAGE_CONFIDENCE,
  type MinerContext,
  minerActor,
  minerInfo,
  pushToActor,
  waitExecuted,
} from '../../miner-actor.ts'
import { parseAddress, parseFil } from '../../parse.ts'
import type { TipsetJson } from '../../wire.ts'
import { METHOD_CHANGE_WORKER } from './control.ts'

const METHOD_WITHDRAW = 16
const METHOD_CONFIRM_WORKER = 21
const METHOD_REPAY_DEBT = 22
const METHOD_CHANGE_OWNER = 23

type Bool = { readonly kind: 'bool' }
type Really = { readonly 'really-do-it': Bool }

export async function withdraw(
  context: MinerContext<{ readonly confidence: { readonly kind: 'int'; readonly default: number }; readonly beneficiary: Bool }>,
): Promise<void> {
  const { node, args, flags, out } = context
  const asked = args[0] === undefined ? 0n : BigInt(parseFil(args[0], '[amount]'))
  if (asked < 0n) throw failed(provingErrors.negativeAmount())
  const actor = await minerActor(context)
  const available = BigInt(await node.call<string>('StateMinerAvailableBalance', actor, []))
  if (asked > available) throw failed(provingErrors.notAvailable(fil(asked), fil(available)))
  const amount = asked === 0n ? available : asked
  const { Owner, Beneficiary } = await minerInfo(context, actor)
  const params = encode(minerWithdrawBalanceParams, { amountRequested: amount })
  const from = flags.beneficiary ? Beneficiary : Owner
  const message = await pushToActor(context, actor, { from, method: METHOD_WITHDRAW, params })
  if (!out.wantsJson) {
    out.line(`Requested withdrawal in message ${message['/']}`)
    out.line('waiting for it to be included in a block..')
  }
  const { Receipt } = await waitExecuted(context, message, flags.confidence)
  const withdrawn = decode(tokenAmount, Buffer.from(Receipt.Return ?? '', 'base64'))
  out.answer({ Message: message, Withdrawn: withdrawn.toString() }, () => {
    out.line(`Successfully withdrew ${fil(withdrawn)} `)
    if (withdrawn < asked) out.line(`Note that this is less than the requested amount of ${fil(asked)}`)
  })
}

export async function setOwner(context: MinerContext<Really>): Promise<void> {
  const { node, args, flags, out } = context
  const [owner, sender] = [parseAddress(args[0] ?? '', '<newOwnerAddress>'), parseAddress(args[1] ?? '', '<senderAddress>')]
  if (!flags['really-do-it']) return dryRun(context)
  const newOwner = await node.call<string>('StateLookupID', owner, [])
  const from = await node.call<string>('StateLookupID', sender, [])
  const actor = await minerActor(context)
  const { Owner } = await minerInfo(context, actor)
  if (from !== Owner && from !== newOwner) throw failed(provingErrors.ownerSender())
  const params = encode(address, address.fromJson(newOwner, ''))
  const message = await pushToActor(context, actor, { from, method: METHOD_CHANGE_OWNER, params })
  if (!out.wantsJson) out.line(`Message CID: ${message['/']}`)
  await waitExecuted(context, message, MESSAGE_CONFIDENCE)
  out.answer({ Message: message }, () => out.line('message succeeded!'))
}

export async function proposeWorker(context: MinerContext<Really>): Promise<void> {
  const { node, args, flags, out } = context
  const given = parseAddress(args[0] ?? '', '<address>')
  const worker = await node.call<string>('StateLookupID', given, [])
  const actor = await minerActor(context)
  const info = await minerInfo(context, actor)
  if (info.NewWorker === worker) throw failed(provingErrors.workerPending(given))
  if (!isPending(info.NewWorker) && info.Worker === worker) throw failed(provingErrors.workerSet(given))
  if (!flags['really-do-it']) return dryRun(context)
  const json = { NewWorker: worker, NewControlAddrs: info.ControlAddresses ?? [] }
  const params = encode(changeWorkerAddressParams, changeWorkerAddressParams.fromJson(json, ''))
  const message = await pushToActor(context, actor, { from: info.Owner, method: METHOD_CHANGE_WORKER, params })
  if (!out.wantsJson) out.line(`Propose Message CID: ${message['/']}`)
  const { TipSet } = await waitExecuted(context, message, MESSAGE_CONFIDENCE)
  const after = await node.call<typeof info>('StateMinerInfo', actor, TipSet)
  if (after.NewWorker !== worker) throw failed(provingErrors.workerNotProposed(given))
  out.answer({ Message: message, WorkerChangeEpoch: after.WorkerChangeEpoch }, () => {
    out.line(`Worker key change to ${given} successfully sent, change happens at height ${after.WorkerChangeEpoch}.`)
    out.line(
      `If you have no active deadlines, call 'confirm-change-worker' at or after height ${after.WorkerChangeEpoch} to complete.`,
    )
  })
}

export async function confirmWorker(context: MinerContext<Really>): Promise<void> {
  const { node, args, flags, out } = context
  const given = parseAddress(args[0] ?? '', '<address>')
  const worker = await node.call<string>('StateLookupID', given, [])
  const actor = await minerActor(context)
  const info = await minerInfo(context, actor)
  if (!isPending(info.NewWorker)) throw failed(provingErrors.noWorkerProposed())
  if (info.NewWorker !== worker) throw failed(provingErrors.otherWorker(given, info.NewWorker))
  const { Height } = await node.call<TipsetJson>('ChainHead')
  if (Height < info.WorkerChangeEpoch) throw failed(provingErrors.workerTooEarly(info.WorkerChangeEpoch, Height))
  if (!flags['really-do-it']) return dryRun(context)
  const message = await pushToActor(context, actor, { from: info.Owner, method: METHOD_CONFIRM_WORKER })
  if (!out.wantsJson) out.line(`Confirm Message CID: ${message['/']}`)
  const { TipSet } = await waitExecuted(context, message, MESSAGE_CONFIDENCE)
  const after = await node.call<typeof info>('StateMinerInfo', actor, TipSet)
  if (after.Worker !== worker) throw failed(provingErrors.workerNotChanged(given))
  if (out.wantsJson) out.json({ Message: message })
}

export async function repayDebt(context: MinerContext<{ readonly from: { readonly kind: 'text' } }>): Promise<void> {
  const { node, args, flags, out } = context
  const given = args[0] === undefined ? undefined : parseFil(args[0], '[amount]')
  const from = flags.from === undefined ? undefined : parseAddress(flags.from, '--from')
  const actor = await minerActor(context)
  const value = given ?? (await node.call<{ State: { FeeDebt: string } }>('StateReadState', actor, [])).State.FeeDebt
  const info = await minerInfo(context, actor)
  const sender = await controller(context, info, from ?? info.Worker)
  const message = await pushToActor(context, actor, { from: sender, method: METHOD_REPAY_DEBT, value })
  out.answer({ Message: message }, () => out.line(`Sent repay debt message ${message['/']}`))
}

function dryRun({ out }: MinerContext<Really>): void {
  out.answer({ Message: null }, () => out.line('Pass --really-do-it to actually execute this action'))
}

/** What Go prints for no address. */
const isPending = (worker: string): boolean => worker !== '' && worker !== '<empty>'
