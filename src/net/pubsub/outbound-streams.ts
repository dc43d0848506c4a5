import type { GossipSub } from '@libp2p/gossipsub'
import type { Connection, PeerId } from '@libp2p/interface'
import { getLogger } from '../../lib/log.ts'

const log = getLogger('net')

/** The parts of gossipsub's class that its interface does not name. */
interface GossipStreams {
  readonly peers: ReadonlyMap<string, PeerId>
  readonly streamsOutbound: ReadonlyMap<string, unknown>
  /** Streams are opened one after the other; one that is there already is not opened twice. */
  readonly outboundInflightQueue: { push(item: { peerId: PeerId; connection: Connection }): unknown }
}

/**
 * Opens anew the streams for gossip that peers have ended while their connections stand. gossipsub leaves that be, so that
 * nothing that this node publishes reaches such a peer any more; go-libp2p-pubsub resets a peer's stream when it cannot read
 * from it, or when the peer opens a second one, and opens its own ones anew (comm.go handlePeerDead, pubsub.go handleDeadPeers).
 */
export function restoreOutboundStreams(gossip: GossipSub, connections: (peer: PeerId) => readonly Connection[]): void {
  const { peers, streamsOutbound, outboundInflightQueue } = gossip as unknown as GossipStreams
  for (const [id, peerId] of peers) {
    if (streamsOutbound.has(id)) continue
    const connection = connections(peerId).find((c) => c.status === 'open')
    if (connection === undefined) continue
    log.debug('a stream for gossip has ended and is opened anew', { peer: id })
    outboundInflightQueue.push({ peerId, connection })
  }
}
