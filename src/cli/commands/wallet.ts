import { bool, command, type GroupSpec, int, text } from '../spec.ts'

export const wallet: GroupSpec = {
  name: 'wallet',
  commands: [
    command({
      name: 'new',
      args: ['[type]'],
      run: async (context) => (await import('../run/wallet/keys.ts')).newKey(context),
    }),
    command({
      name: 'list',
      flags: { 'addr-only': bool({ aliases: ['a'] }), id: bool({ aliases: ['i'] }), market: bool({ aliases: ['m'] }) },
      run: async (context) => (await import('../run/wallet/list.ts')).list(context),
    }),
    command({
      name: 'balance',
      args: ['[address]'],
      run: async (context) => (await import('../run/wallet/list.ts')).balance(context),
    }),
    command({
      name: 'export',
      args: ['<address>'],
      flags: { format: text({ default: 'hex-lotus' }) },
      run: async (context) => (await import('../run/wallet/transfer.ts')).exportKey(context),
    }),
    command({
      name: 'import',
      args: ['[path]'],
      flags: { format: text({ default: 'hex-lotus' }), type: text({ default: 'delegated' }), 'as-default': bool() },
      run: async (context) => (await import('../run/wallet/transfer.ts')).importKey(context),
    }),
    command({ name: 'default', run: async (context) => (await import('../run/wallet/keys.ts')).getDefault(context) }),
    command({
      name: 'set-default',
      args: ['<address>'],
      run: async (context) => (await import('../run/wallet/keys.ts')).setDefault(context),
    }),
    command({
      name: 'sign',
      args: ['<address>', '<hexMessage>'],
      flags: { raw: bool() },
      run: async (context) => (await import('../run/wallet/sign.ts')).sign(context),
    }),
    command({
      name: 'verify',
      args: ['<address>', '<hexMessage>', '<signature>'],
      flags: { raw: bool() },
      run: async (context) => (await import('../run/wallet/sign.ts')).verify(context),
    }),
    command({
      name: 'delete',
      args: ['<address>'],
      run: async (context) => (await import('../run/wallet/keys.ts')).deleteKey(context),
    }),
    command({ name: 'lock', run: async (context) => (await import('../run/wallet/passphrase.ts')).lock(context) }),
    command({ name: 'unlock', run: async (context) => (await import('../run/wallet/passphrase.ts')).unlock(context) }),
    command({
      name: 'set-password',
      run: async (context) => (await import('../run/wallet/passphrase.ts')).setPassword(context),
    }),
    {
      name: 'market',
      commands: [
        command({
          name: 'withdraw',
          args: ['[amount]'],
          flags: { wallet: text({ aliases: ['w'] }), address: text({ aliases: ['a'] }), confidence: int({ default: 5 }) },
          run: async (context) => (await import('../run/wallet/market.ts')).withdraw(context),
        }),
        command({
          name: 'add',
          args: ['<amount>'],
          flags: { from: text({ aliases: ['f'] }), address: text({ aliases: ['a'] }) },
          run: async (context) => (await import('../run/wallet/market.ts')).add(context),
        }),
      ],
    },
  ],
}
