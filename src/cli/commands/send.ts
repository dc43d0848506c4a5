import { bool, command, int, text } from '../spec.ts'

export const send = command({
  name: 'send',
  args: ['[targetAddress]', '[amount]'],
  flags: {
    from: text(),
    'from-eth-addr': text(),
    'gas-premium': text({ default: '0' }),
    'gas-feecap': text({ default: '0' }),
    'gas-limit': int({ default: 0 }),
    nonce: int(),
    method: int(),
    'params-json': text(),
    'params-hex': text(),
    force: bool(),
    csv: text(),
  },
  run: async (context) => (await import('../run/send.ts')).send(context),
})
