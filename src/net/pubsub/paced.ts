/** Gossip is taken in turns: a peer that sends thousands of messages at once does not hold the event loop until all are looked at. */

import type { GossipSub } from '@libp2p/gossipsub'
import type { PeerId, Stream } from '@libp2p/interface'
import { TurnShare } from '../time-slice.ts'

/** Bytes that are handed to the router at a time: some ten messages. */
const PIECE = 4096
/** Messages of one frame that are begun at a time: each costs a signature check. */
const BATCH = 16

/** All gossip, of all peers. */
const share = new TurnShare('gossip')

/** What the router reads from a stream: bytes in pieces, the peer held back while the node's other work goes on. */
export function readInTurns(stream: Stream): void {
  const read = stream[Symbol.asyncIterator].bind(stream)
  stream[Symbol.asyncIterator] = () => pieces(stream, { [Symbol.asyncIterator]: read })
}

async function* pieces(
  stream: Stream,
  source: AsyncIterable<Uint8Array | { subarray(): Uint8Array }>,
): AsyncGenerator<Uint8Array> {
  for await (const data of source) {
    // What comes meanwhile stays in the stream, which takes no more than it holds, and then in the peer.
    if (stream.readStatus === 'readable') stream.pause()
    const bytes = data.subarray()
    for (let at = 0; at < bytes.length; at += PIECE) {
      if (share.isSpent) await share.pause()
      yield bytes.subarray(at, at + PIECE)
    }
    if (stream.readStatus === 'paused') stream.resume()
  }
}

interface Rpc {
  readonly subscriptions?: unknown
  readonly messages?: readonly unknown[]
  readonly control?: unknown
}

/** The router's entry for frames, which its authors mean to be replaceable. */
interface RpcHandler {
  handleReceivedRpc(from: PeerId, rpc: Rpc): Promise<void>
}

/** Lets the router begin with a few messages of a frame at a time. It must await its handler (`awaitRpcHandler`). */
export function handleInTurns(gossip: GossipSub): void {
  const router = gossip as unknown as RpcHandler
  const handle = router.handleReceivedRpc.bind(router)
  router.handleReceivedRpc = async (from, { subscriptions, messages = [], control }) => {
    for (let at = 0; at === 0 || at < messages.length; at += BATCH) {
      if (share.isSpent) await share.pause()
      await handle(from, {
        subscriptions: at === 0 ? subscriptions : undefined,
        messages: messages.slice(at, at + BATCH),
        // After the messages, as in a frame that is handled whole.
        control: at + BATCH >= messages.length ? control : undefined,
      })
    }
  }
}
