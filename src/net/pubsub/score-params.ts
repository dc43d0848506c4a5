import type { PeerScoreParams, PeerScoreThresholds, TopicScoreParams } from '@libp2p/gossipsub/score'
import { createTopicScoreParams } from '@libp2p/gossipsub/score'

/** Scores at which a peer loses gossip, publishing and attention (Lotus node/modules/lp2p/pubsub.go). */
export const scoreThresholds: PeerScoreThresholds = {
  gossipThreshold: -500,
  publishThreshold: -1000,
  graylistThreshold: -2500,
  acceptPXThreshold: 1000,
  opportunisticGraftThreshold: 3.5,
}

/** Added to bootstrap peers, so that they are never pruned and their introductions are taken. */
export const BOOTSTRAPPER_SCORE = 2500
/** What a peer has after it was blacklisted: far below the graylist, whatever good it did. */
export const BLACKLISTED_SCORE = -100_000

/** Peers of one IP address beyond which all of them lose score. */
export const MAX_PEERS_PER_IP = 5

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Interval at which scores decay, and the value below which a counter is zero (go-libp2p-pubsub's defaults). */
const DECAY_INTERVAL_MS = SECOND
const DECAY_TO_ZERO = 0.01

/** The factor that, applied each second, brings a counter to zero in the time given (go-libp2p-pubsub ScoreParameterDecay). */
function decayOver(ms: number): number {
  return DECAY_TO_ZERO ** (DECAY_INTERVAL_MS / ms)
}

/** Counting mesh deliveries is off: traffic is too low for it to be fair. An invalid message costs 100 points of score. */
function topic(
  weight: number,
  timeInMeshWeight: number,
  deliveries: { weight: number; decayMs: number; cap: number },
): TopicScoreParams {
  return createTopicScoreParams({
    topicWeight: weight,
    timeInMeshWeight,
    timeInMeshQuantum: SECOND,
    timeInMeshCap: 1,
    firstMessageDeliveriesWeight: deliveries.weight,
    firstMessageDeliveriesDecay: decayOver(deliveries.decayMs),
    firstMessageDeliveriesCap: deliveries.cap,
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    invalidMessageDeliveriesWeight: -1000,
    invalidMessageDeliveriesDecay: decayOver(HOUR),
  })
}

export const blockTopicScore = topic(0.1, 0.00027, { weight: 5, decayMs: HOUR, cap: 100 })
export const messageTopicScore = topic(0.1, 0.0002778, { weight: 0.5, decayMs: 10 * MINUTE, cap: 100 })
/** For F3's topics, which Lotus leaves unscored: membership is worth nothing, invalid messages cost as elsewhere. */
export const otherTopicScore = topic(0.1, 0, { weight: 0, decayMs: MINUTE, cap: 1 })

/** Parameters of peer scores in Lotus's numbers; `appScore` gives what the node itself thinks of a peer. */
export function peerScoreParams(init: {
  readonly topics: Readonly<Record<string, TopicScoreParams>>
  readonly appScore: (peer: string) => number
  /** IP addresses from which any number of peers is welcome. */
  readonly ipWhitelist: ReadonlySet<string>
}): PeerScoreParams {
  return {
    topics: { ...init.topics },
    topicScoreCap: 0,
    appSpecificScore: init.appScore,
    appSpecificWeight: 1,
    IPColocationFactorThreshold: MAX_PEERS_PER_IP,
    IPColocationFactorWeight: -100,
    IPColocationFactorWhitelist: init.ipWhitelist as Set<string>,
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyWeight: -10,
    behaviourPenaltyDecay: decayOver(HOUR),
    decayInterval: DECAY_INTERVAL_MS,
    decayToZero: DECAY_TO_ZERO,
    retainScore: 6 * HOUR,
  }
}
