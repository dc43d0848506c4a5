import { bool, type GroupSpec, int, text } from '../../spec.ts'
import { minerCommand, minerFlags } from './flags.ts'

const really = { 'really-do-it': bool() } as const

/** `actor`, at the top level and below `miner`. */
export const actor: GroupSpec = {
  name: 'actor',
  flags: minerFlags,
  commands: [
    minerCommand({
      name: 'set-addresses',
      aliases: ['set-addrs'],
      args: ['[multiaddrs...]'],
      flags: { from: text(), 'gas-limit': int({ default: 0 }), unset: bool() },
      run: async (context) => (await import('../../run/actor/settings.ts')).setAddresses(context),
    }),
    minerCommand({
      name: 'settle-deal',
      args: ['[dealIds...]'],
      flags: {
        confidence: int({ default: 5 }),
        from: text(),
        'max-deals': int({ default: 20, min: 1 }),
        'max-gas-fraction': int({ default: 4 }),
        'skip-wait-msg': bool(),
        'all-deals': bool(),
        'really-do-it': bool(),
      },
      run: async (context) => (await import('../../run/actor/settle.ts')).settleDeals(context),
    }),
    minerCommand({
      name: 'withdraw',
      args: ['[amount]'],
      flags: { confidence: int({ default: 5 }), beneficiary: bool() },
      run: async (context) => (await import('../../run/actor/owner.ts')).withdraw(context),
    }),
    minerCommand({
      name: 'repay-debt',
      args: ['[amount]'],
      flags: { from: text() },
      run: async (context) => (await import('../../run/actor/owner.ts')).repayDebt(context),
    }),
    minerCommand({
      name: 'set-peer-id',
      args: ['<peerId>'],
      flags: { 'gas-limit': int({ default: 0 }) },
      run: async (context) => (await import('../../run/actor/settings.ts')).setPeerId(context),
    }),
    minerCommand({
      name: 'set-owner',
      args: ['<newOwnerAddress>', '<senderAddress>'],
      flags: really,
      run: async (context) => (await import('../../run/actor/owner.ts')).setOwner(context),
    }),
    {
      name: 'control',
      commands: [
        minerCommand({
          name: 'list',
          flags: { verbose: bool() },
          run: async (context) => (await import('../../run/actor/control.ts')).list(context),
        }),
        minerCommand({
          name: 'set',
          args: ['[address...]'],
          flags: really,
          run: async (context) => (await import('../../run/actor/control.ts')).set(context),
        }),
      ],
    },
    minerCommand({
      name: 'propose-change-worker',
      args: ['<address>'],
      flags: really,
      run: async (context) => (await import('../../run/actor/owner.ts')).proposeWorker(context),
    }),
    minerCommand({
      name: 'confirm-change-worker',
      args: ['<address>'],
      flags: really,
      run: async (context) => (await import('../../run/actor/owner.ts')).confirmWorker(context),
    }),
    minerCommand({
      name: 'compact-allocated',
      flags: { 'mask-last-offset': int(), 'mask-upto-n': int(), ...really },
      run: async (context) => (await import('../../run/actor/compact.ts')).compactAllocated(context),
    }),
    minerCommand({
      name: 'propose-change-beneficiary',
      args: ['<beneficiaryAddress>', '<quota>', '<expiration>'],
      flags: { ...really, 'overwrite-pending-change': bool() },
      run: async (context) => (await import('../../run/actor/beneficiary.ts')).proposeBeneficiary(context),
    }),
    minerCommand({
      name: 'confirm-change-beneficiary',
      args: ['<minerID>'],
      flags: { ...really, 'existing-beneficiary': bool(), 'new-beneficiary': bool() },
      run: async (context) => (await import('../../run/actor/beneficiary.ts')).confirmBeneficiary(context),
    }),
  ],
}
