import { bool, type GroupSpec, int, list, text } from '../../spec.ts'
import { minerCommand, minerFlags } from './flags.ts'

export const attachFlags = {
  init: bool(),
  weight: int({ default: 10 }),
  seal: bool(),
  store: bool(),
  'max-storage': text(),
  groups: list(),
  'allow-to': list(),
} as const

export const redeclareFlags = { id: text(), all: bool(), 'drop-missing': bool({ default: true }) } as const

export const storage: GroupSpec = {
  name: 'storage',
  flags: minerFlags,
  commands: [
    minerCommand({
      name: 'attach',
      args: ['<path>'],
      flags: attachFlags,
      run: async (context) => (await import('../../run/miner/storage/attach.ts')).attach(context),
    }),
    minerCommand({
      name: 'detach',
      args: ['<path>'],
      flags: { 'really-do-it': bool() },
      run: async (context) => (await import('../../run/miner/storage/attach.ts')).detach(context),
    }),
    minerCommand({
      name: 'redeclare',
      args: ['[path]'],
      flags: redeclareFlags,
      run: async (context) => (await import('../../run/miner/storage/attach.ts')).redeclare(context),
    }),
    minerCommand({
      name: 'list',
      run: async (context) => (await import('../../run/miner/storage/list.ts')).list(context),
    }),
    minerCommand({
      name: 'find',
      args: ['<sectorNumber>'],
      run: async (context) => (await import('../../run/miner/storage/find.ts')).find(context),
    }),
  ],
}
