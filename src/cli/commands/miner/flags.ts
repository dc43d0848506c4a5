import { commandOf, text } from '../../spec.ts'

/** Flags of every command that speaks to a miner. */
export const minerFlags = {
  'miner-repo': text({ aliases: ['storagerepo'] }),
  'miner-api-url': text(),
  actor: text({ aliases: ['a'] }),
} as const
export type MinerFlags = typeof minerFlags

/** Declares a command of a group that has `minerFlags`. */
export const minerCommand = commandOf(minerFlags)
