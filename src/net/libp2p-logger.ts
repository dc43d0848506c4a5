import type { ComponentLogger, Logger } from '@libp2p/interface'

const nothing = (): void => {}

const silent: Logger = Object.assign((): void => {}, {
  enabled: false,
  error: nothing,
  trace: nothing,
  newScope: (): Logger => silent,
})

/**
 * A logger that says nothing, for libp2p. Its own makes a new one for every stream, which asks the system each time whether the
 * output is a terminal: 3 % of the thread under a flood of streams.
 */
export const silentLibp2p: ComponentLogger = { forComponent: () => silent }
