import type { ChainEpoch } from './scalars.ts'

/** Epochs after which nothing is undone by expected consensus (Lotus policy.ChainFinality). */
export const finality: ChainEpoch = 900
