import { bool, command, type GroupSpec, list } from '../spec.ts'

export const log: GroupSpec = {
  name: 'log',
  commands: [
    command({ name: 'list', run: async (context) => (await import('../run/log.ts')).listSystems(context) }),
    command({
      name: 'set-level',
      args: ['<level>'],
      flags: { system: list() },
      run: async (context) => (await import('../run/log.ts')).setLevel(context),
    }),
    command({
      name: 'alerts',
      flags: { all: bool() },
      run: async (context) => (await import('../run/log.ts')).alerts(context),
    }),
  ],
}
