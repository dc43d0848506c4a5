/** English texts of `actor` commands about beneficiaries, deals and sector numbers. */
import type { CommandText } from './en.ts'

const really = 'must be given; without it nothing is sent'

export const actorCommands: Readonly<Record<string, CommandText>> = {
  'actor settle-deal': {
    about: 'Settle the payments of deals; of all that have ended when none is named',
    long: 'Deals are named by numbers and ranges: 123 124 125-200.',
    flags: {
      confidence: 'how many epochs on top of a message to wait for',
      from: "account to send from, any one (default: the miner's worker)",
      'max-deals': 'most deals of one message',
      'max-gas-fraction': "most gas of one message, as a share of a block's: 4 is a quarter",
      'skip-wait-msg': 'do not wait for the messages',
      'all-deals': 'those that have not ended, too',
      'really-do-it': really,
    },
  },
  'actor compact-allocated': {
    about: 'Mark sector numbers as used, so that the list of them takes less room',
    flags: {
      'mask-last-offset': 'all numbers up to so many below the highest that is used',
      'mask-upto-n': 'all numbers below this one',
      'really-do-it': really,
    },
  },
  'actor propose-change-beneficiary': {
    about: 'Propose another beneficiary',
    long: `It may withdraw up to the quota, in FIL, until the epoch of expiration. The present beneficiary, where it is not the owner, and
the new one confirm with actor confirm-change-beneficiary.`,
    flags: {
      'overwrite-pending-change': 'replace a proposal that was not confirmed yet',
      'really-do-it': really,
    },
  },
  'actor confirm-change-beneficiary': {
    about: 'Confirm a proposed beneficiary',
    flags: {
      'existing-beneficiary': 'as the present beneficiary',
      'new-beneficiary': 'as the proposed one',
      'really-do-it': really,
    },
  },
}

export const actorErrors = {
  beneficiaryIsOwner: (address: string) => `the beneficiary is the owner ${address} already`,
  pendingChange: () => 'there is a proposal already; pass --overwrite-pending-change to replace it',
  whichBeneficiary: () => 'give either --existing-beneficiary or --new-beneficiary',
  noPendingChange: (miner: string) => `no change of the beneficiary of ${miner} was proposed`,
  approvedAlready: (existing: boolean) => `the ${existing ? 'present' : 'new'} beneficiary has confirmed the change already`,
  oneMask: () => 'give either --mask-last-offset or --mask-upto-n',
  maskAboveAll: (highest: bigint, offset: number) =>
    `the highest sector number, ${highest}, leaves nothing to mask with an offset of ${offset}`,
  veryHighSector: (highest: bigint) =>
    `the highest sector number is ${highest}: masking up to there could leave none for new sectors`,
  notDeals: (text: string) => `"${text}" is neither a deal's number nor a range such as 125-200`,
  rangeBackwards: (text: string) => `the range ${text} ends before it begins`,
  tooManyDeals: (most: number) => `more than ${most} deals are named; settle them in several runs`,
  dealTooHeavy: (deal: bigint) => `the deal ${deal} cannot be settled: its message takes more gas than a block has`,
}

export const actorWords = {
  reviewFirst: "Pass --really-do-it to actually execute this action. Review what you're about to approve CAREFULLY please",
  settling: (deals: number, counts: readonly number[]) =>
    `There are a total of ${deals} deals; gas-aware splitting will send ${counts.length} messages with deal counts: [${counts.join(' ')}].`,
  heavyDeal: (deal: bigint, gas: number, ceiling: number) =>
    `warning: deal ${deal} has estimated gas ${gas} above ceiling ${ceiling}; sending it as a single-deal batch because it cannot be split further.`,
  notWaiting: 'the messages are sent; nelumbo state search-msg tells what became of each',
}
