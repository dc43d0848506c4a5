import { chainHandlers } from './chain.ts'
import type { BoundQuery } from './env.ts'
import { finalityHandlers } from './finality.ts'
import { objectHandlers } from './objects.ts'
import { stateActorHandlers } from './state-actors.ts'
import { stateMarketHandlers } from './state-market.ts'
import { stateMessageHandlers } from './state-messages.ts'
import { stateMinerHandlers } from './state-miner.ts'

/** What answers the methods marked `query`, in a worker thread. */
export const queryHandlers: readonly BoundQuery[] = [
  ...chainHandlers,
  ...finalityHandlers,
  ...objectHandlers,
  ...stateActorHandlers,
  ...stateMarketHandlers,
  ...stateMessageHandlers,
  ...stateMinerHandlers,
]
