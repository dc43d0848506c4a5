import { changeBeneficiaryParams } from '../../../actors/methods/miner.ts'
import { encode } from '../../../codec/codec.ts'
import { actorErrors, actorWords } from '../../en-actor.ts'
import { failed, usage } from '../../errors.ts'
import { MESSAGE_CONFIDENCE, type MinerContext, minerActor, minerInfo, pushToActor, waitExecuted } from '../../miner-actor.ts'
import { parseAddress, parseFil, parseInteger } from '../../parse.ts'
import type { Output } from '../../print.ts'
import type { Link, MinerInfoJson } from '../../wire.ts'

const METHOD_CHANGE_BENEFICIARY = 30

type Bool = { readonly kind: 'bool' }
type Pending = NonNullable<MinerInfoJson['PendingBeneficiaryTerm']>
type Term = Pick<Pending, 'NewBeneficiary' | 'NewQuota' | 'NewExpiration'>

export async function proposeBeneficiary(
  context: MinerContext<{ readonly 'really-do-it': Bool; readonly 'overwrite-pending-change': Bool }>,
): Promise<void> {
  const { node, args, flags, out } = context
  const given = parseAddress(args[0] ?? '', '<beneficiaryAddress>')
  const NewQuota = parseFil(args[1] ?? '', '<quota>')
  const NewExpiration = parseInteger(args[2] ?? '', '<expiration>')
  const NewBeneficiary = await node.call<string>('StateLookupID', given, [])
  const actor = await minerActor(context)
  const info = await minerInfo(context, actor)
  if (info.Beneficiary === info.Owner && NewBeneficiary === info.Owner)
    throw failed(actorErrors.beneficiaryIsOwner(info.Beneficiary))
  const pending = info.PendingBeneficiaryTerm
  if (pending !== null) {
    if (!out.wantsJson) {
      out.line('WARNING: replacing Pending Beneficiary Term of:')
      printTerm(out, pending)
    }
    if (!flags['overwrite-pending-change']) throw failed(actorErrors.pendingChange())
  }
  if (!flags['really-do-it']) return dryRun(out)
  const term = { NewBeneficiary, NewQuota, NewExpiration }
  await change(context, actor, { from: info.Owner, term, name: 'Propose', at: 'message' })
}

export async function confirmBeneficiary(
  context: MinerContext<{
    readonly 'really-do-it': Bool
    readonly 'existing-beneficiary': Bool
    readonly 'new-beneficiary': Bool
  }>,
): Promise<void> {
  const { args, flags, out } = context
  const actor = parseAddress(args[0] ?? '', '<minerID>')
  const { 'existing-beneficiary': existing, 'new-beneficiary': nominee } = flags
  if (existing === nominee) throw usage(actorErrors.whichBeneficiary())
  const info = await minerInfo(context, actor)
  const pending = info.PendingBeneficiaryTerm
  if (pending === null) throw failed(actorErrors.noPendingChange(actor))
  if (existing ? pending.ApprovedByBeneficiary : pending.ApprovedByNominee) throw failed(actorErrors.approvedAlready(existing))
  if (!out.wantsJson) {
    out.line('Confirming Pending Beneficiary Term of:')
    printTerm(out, pending)
  }
  if (!flags['really-do-it']) return dryRun(out)
  const from = existing ? info.Beneficiary : pending.NewBeneficiary
  await change(context, actor, { from, term: pending, name: 'Confirm', at: 'head' })
}

/** Sends the message and tells what the chain made of it. */
async function change(
  context: MinerContext,
  actor: string,
  o: { readonly from: string; readonly term: Term; readonly name: string; readonly at: 'message' | 'head' },
): Promise<void> {
  const { node, out } = context
  const { NewBeneficiary, NewQuota, NewExpiration } = o.term
  const json = { NewBeneficiary, NewQuota, NewExpiration }
  const params = encode(changeBeneficiaryParams, changeBeneficiaryParams.fromJson(json, ''))
  const message: Link = await pushToActor(context, actor, { from: o.from, method: METHOD_CHANGE_BENEFICIARY, params })
  if (!out.wantsJson) out.line(`${o.name} Message CID: ${message['/']}`)
  const { TipSet } = await waitExecuted(context, message, MESSAGE_CONFIDENCE)
  const after = await node.call<MinerInfoJson>('StateMinerInfo', actor, o.at === 'message' ? TipSet : [])
  const changed = after.PendingBeneficiaryTerm === null && after.Beneficiary === NewBeneficiary
  out.answer({ Message: message, Changed: changed }, () =>
    out.line(
      changed ? 'Beneficiary address successfully changed' : 'Beneficiary address change awaiting additional confirmations',
    ),
  )
}

function printTerm(out: Output, { NewBeneficiary, NewQuota, NewExpiration }: Term): void {
  out.line(`Beneficiary:  ${NewBeneficiary}`)
  out.line(`Quota: ${NewQuota}`)
  out.line(`Expiration Epoch: ${NewExpiration}`)
}

function dryRun(out: Output): void {
  out.answer({ Message: null }, () => out.line(actorWords.reviewFirst))
}
