import { bool, command, type GroupSpec, int } from '../spec.ts'

export const sync: GroupSpec = {
  name: 'sync',
  commands: [
    command({ name: 'status', run: async (context) => (await import('../run/sync/status.ts')).status(context) }),
    command({
      name: 'wait',
      flags: { watch: bool() },
      run: async (context) => (await import('../run/sync/wait.ts')).wait(context),
    }),
    command({
      name: 'mark-bad',
      args: ['<blockCid>'],
      run: async (context) => (await import('../run/sync/bad.ts')).markBad(context),
    }),
    command({
      name: 'unmark-bad',
      args: ['[blockCid]'],
      flags: { all: bool() },
      run: async (context) => (await import('../run/sync/bad.ts')).unmarkBad(context),
    }),
    command({
      name: 'check-bad',
      args: ['<blockCid>'],
      run: async (context) => (await import('../run/sync/bad.ts')).checkBad(context),
    }),
    command({
      name: 'checkpoint',
      args: ['[tipsetKey...]'],
      flags: { epoch: int() },
      run: async (context) => (await import('../run/sync/checkpoint.ts')).checkpoint(context),
    }),
  ],
}
