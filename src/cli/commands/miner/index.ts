import { bool, type GroupSpec, int, list, text } from '../../spec.ts'
import { actor } from './actor.ts'
import { minerCommand, minerFlags } from './flags.ts'
import { mining } from './mining.ts'
import { proving } from './proving.ts'
import { storage } from './storage.ts'

export const runFlags = {
  'miner-api': text(),
  nosync: bool(),
  config: text(),
  'network-file': text(),
  'accept-unknown-past': bool(),
  // Node raises the limit of open files itself, and the addon's build decides about the GPU: accepted for Lotus's service files.
  'manage-fdlimit': bool({ default: true, hidden: true }),
  'enable-gpu-proving': bool({ default: true, hidden: true }),
} as const

export const initFlags = {
  owner: text({ aliases: ['o'] }),
  worker: text({ aliases: ['w'] }),
  'create-worker-key': bool(),
  'sector-size': text(),
  from: text(),
  'gas-premium': text({ default: '0' }),
  confidence: int({ default: 5 }),
  'deposit-margin-factor': text({ default: '1.01' }),
  'pre-sealed-sectors': list(),
  'pre-sealed-metadata': text(),
  nosync: bool(),
  'no-local-storage': bool(),
  // Sectors are left where they lie; there is nothing to copy or to link.
  'symlink-imported-sectors': bool({ hidden: true }),
  'genesis-miner': bool({ hidden: true }),
} as const

const auth: GroupSpec = {
  name: 'auth',
  commands: [
    minerCommand({
      name: 'create-token',
      flags: { perm: text() },
      run: async (context) => (await import('../../run/auth.ts')).createToken({ ...context, node: context.miner }),
    }),
    minerCommand({
      name: 'api-info',
      flags: { perm: text() },
      run: async (context) => (await import('../../run/auth.ts')).apiInfo({ ...context, node: context.miner }, 'MINER_API_INFO'),
    }),
  ],
}

const log: GroupSpec = {
  name: 'log',
  commands: [
    minerCommand({
      name: 'list',
      run: async (context) => (await import('../../run/log.ts')).listSystems({ ...context, node: context.miner }),
    }),
    minerCommand({
      name: 'set-level',
      args: ['<level>'],
      flags: { system: list() },
      run: async (context) => (await import('../../run/log.ts')).setLevel({ ...context, node: context.miner }),
    }),
    minerCommand({
      name: 'alerts',
      flags: { all: bool() },
      run: async (context) => (await import('../../run/log.ts')).alerts({ ...context, node: context.miner }),
    }),
  ],
}

const config: GroupSpec = {
  name: 'config',
  commands: [
    minerCommand({
      name: 'default',
      flags: { 'no-comment': bool() },
      run: async (context) => (await import('../../run/miner/config.ts')).defaultConfig(context),
    }),
    minerCommand({
      name: 'updated',
      flags: { 'no-comment': bool() },
      run: async (context) => (await import('../../run/miner/config.ts')).updatedConfig(context),
    }),
  ],
}

/** Groups about the miner that stand at the top level as well as below `miner`. */
export const minerGroups: readonly GroupSpec[] = [proving, storage, actor, mining]

export const miner: GroupSpec = {
  name: 'miner',
  flags: minerFlags,
  commands: [
    minerCommand({
      name: 'run',
      flags: runFlags,
      run: async (context) => (await import('../../run/miner/run.ts')).run(context),
    }),
    minerCommand({
      name: 'init',
      flags: initFlags,
      run: async (context) => (await import('../../run/miner/init.ts')).init(context),
    }),
    {
      name: 'info',
      self: minerCommand({
        name: 'info',
        flags: { 'hide-sectors-info': bool(), blocks: int() },
        run: async (context) => (await import('../../run/miner/info.ts')).info(context),
      }),
      commands: [
        minerCommand({ name: 'all', run: async (context) => (await import('../../run/miner/info-all.ts')).infoAll(context) }),
      ],
    },
    minerCommand({
      name: 'stop',
      run: async (context) => (await import('../../run/daemon-stop.ts')).stop({ ...context, node: context.miner }),
    }),
    auth,
    log,
    config,
    ...minerGroups,
  ],
}
