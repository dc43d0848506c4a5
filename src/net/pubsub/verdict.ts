/**
 * What becomes of a message from gossip. `accept`: pass it on. `ignore`: drop it without blame. `reject`: drop it and lower
 * the score of whoever sent it.
 */
export type Verdict = 'accept' | 'ignore' | 'reject'
