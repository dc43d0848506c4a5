import { bool, command, type GroupSpec, int, text } from '../spec.ts'

/** Where the devnet is; the same for all commands about it. */
export const devnetFolderFlag = { folder: text() } as const

export const devnetFlags = {
  ...devnetFolderFlag,
  miners: int({ default: 1, min: 1 }),
  sectors: int({ default: 2, min: 1 }),
  'block-delay': int({ min: 1 }),
  'fake-proofs': bool(),
  bundles: text(),
  host: text({ default: '127.0.0.1' }),
  api: text({ default: '1234' }),
} as const

export const devnet: GroupSpec = {
  name: 'devnet',
  self: command({
    name: 'devnet',
    flags: devnetFlags,
    run: async (context) => (await import('../run/devnet/start.ts')).start(context),
  }),
  commands: [
    command({
      name: 'faucet',
      args: ['<address>', '[amount]'],
      flags: devnetFolderFlag,
      run: async (context) => (await import('../run/devnet/faucet.ts')).faucet(context),
    }),
    command({
      name: 'info',
      flags: devnetFolderFlag,
      run: async (context) => (await import('../run/devnet/info.ts')).info(context),
    }),
    command({
      name: 'reset',
      flags: { ...devnetFolderFlag, 'really-do-it': bool() },
      run: async (context) => (await import('../run/devnet/reset.ts')).reset(context),
    }),
  ],
}
