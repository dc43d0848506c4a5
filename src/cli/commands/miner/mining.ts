import { type GroupSpec, int } from '../../spec.ts'
import { minerCommand, minerFlags } from './flags.ts'

/** `mining`, at the top level and below `miner`. */
export const mining: GroupSpec = {
  name: 'mining',
  flags: minerFlags,
  commands: [
    minerCommand({
      name: 'record',
      flags: { epoch: int(), count: int({ default: 20, min: 1 }) },
      run: async (context) => (await import('../../run/mining/record.ts')).record(context),
    }),
    minerCommand({ name: 'states', run: async (context) => (await import('../../run/mining/record.ts')).states(context) }),
    minerCommand({
      name: 'start',
      args: ['[miner...]'],
      run: async (context) => (await import('../../run/mining/record.ts')).start(context),
    }),
    minerCommand({
      name: 'stop',
      args: ['[miner...]'],
      run: async (context) => (await import('../../run/mining/record.ts')).stop(context),
    }),
    minerCommand({ name: 'warmup', run: async (context) => (await import('../../run/mining/record.ts')).warmUp(context) }),
    minerCommand({
      name: 'winners',
      args: ['<from>', '<to>'],
      run: async (context) => (await import('../../run/mining/record.ts')).winners(context),
    }),
  ],
}
