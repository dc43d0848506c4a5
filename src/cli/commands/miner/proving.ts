import { bool, type GroupSpec, int, text } from '../../spec.ts'
import { minerCommand, minerFlags } from './flags.ts'

const confidence = int({ default: 5 })

/** `proving`, at the top level and below `miner`. */
export const proving: GroupSpec = {
  name: 'proving',
  flags: minerFlags,
  commands: [
    minerCommand({ name: 'info', run: async (context) => (await import('../../run/proving/deadlines.ts')).info(context) }),
    minerCommand({
      name: 'deadlines',
      flags: { all: bool({ aliases: ['a'] }) },
      run: async (context) => (await import('../../run/proving/deadlines.ts')).deadlines(context),
    }),
    minerCommand({
      name: 'deadline',
      args: ['<deadlineIdx>'],
      flags: { 'sector-nums': bool({ aliases: ['n'] }), bitfield: bool({ aliases: ['b'] }) },
      run: async (context) => (await import('../../run/proving/deadlines.ts')).deadline(context),
    }),
    minerCommand({ name: 'faults', run: async (context) => (await import('../../run/proving/deadlines.ts')).faults(context) }),
    minerCommand({
      name: 'check',
      args: ['<deadlineIdx>'],
      flags: { 'only-bad': bool(), slow: bool(), 'storage-id': text(), faulty: bool() },
      run: async (context) => (await import('../../run/proving/check.ts')).check(context),
    }),
    minerCommand({ name: 'workers', run: async (context) => (await import('../../run/proving/workers.ts')).workers(context) }),
    {
      name: 'compute',
      commands: [
        minerCommand({
          name: 'windowed-post',
          aliases: ['window-post'],
          args: ['<deadlineIdx>'],
          run: async (context) => (await import('../../run/proving/compute.ts')).windowedPost(context),
        }),
      ],
    },
    minerCommand({
      name: 'recover-faults',
      args: ['[sectors...]'],
      flags: { confidence },
      run: async (context) => (await import('../../run/proving/compute.ts')).recoverFaults(context),
    }),
  ],
}
