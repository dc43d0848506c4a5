/** English texts of the commands about block production. */
import type { CommandText } from './en.ts'

const one = 'Without an address it is for all actors of the miner.'

export const miningCommands: Readonly<Record<string, CommandText>> = {
  mining: { about: 'Follow and steer block production' },
  'mining record': {
    about: 'Print what became of epochs, won or not, the newest first',
    flags: { epoch: 'the last epoch to print (default: the newest)', count: 'how many' },
  },
  'mining states': { about: 'Print whether blocks are made for each miner actor' },
  'mining start': { about: 'Make blocks again', long: one },
  'mining stop': { about: 'Make no more blocks until a start, of the process or with mining start', long: one },
  'mining warmup': { about: 'Prove a sector as for a block, to see whether it can be done and how long it takes' },
  'mining winners': {
    about: 'Count the epochs of a range that the draws win',
    long: 'They are computed anew from the chain, whether a block was made or not. A range has 2880 epochs at most.',
  },
}
