import type { Output } from './print.ts'
import type { MinerInfoJson } from './wire.ts'

/** Whether a miner names one: actors from before the beneficiary (FIP-0029) do not. */
export function hasBeneficiary({ Beneficiary }: MinerInfoJson): boolean {
  return Beneficiary !== '' && Beneficiary !== '<empty>'
}

/** The lines of `miner info` and `state miner-info` about the beneficiary and who is to follow it (Lotus cli/state.go). */
export function printBeneficiary(out: Output, info: MinerInfoJson): void {
  const { Beneficiary, BeneficiaryTerm: term, PendingBeneficiaryTerm: pending } = info
  if (hasBeneficiary(info)) {
    out.line(`Beneficiary:\t${Beneficiary}`)
    if (Beneficiary !== info.Owner && term !== null) {
      out.line(`Beneficiary Quota:\t${term.Quota}`)
      out.line(`Beneficiary Used Quota:\t${term.UsedQuota}`)
      out.line(`Beneficiary Expiration:\t${term.Expiration}`)
    }
  }
  if (pending === null) return
  out.line('Pending Beneficiary Term:')
  out.line(`New Beneficiary:\t${pending.NewBeneficiary}`)
  out.line(`New Quota:\t${pending.NewQuota}`)
  out.line(`New Expiration:\t${pending.NewExpiration}`)
  out.line(`Approved By Beneficiary:\t${pending.ApprovedByBeneficiary}`)
  out.line(`Approved By Nominee:\t${pending.ApprovedByNominee}`)
}
