import t from 'tap'
import { restoreOutboundStreams } from '../../../src/net/pubsub/outbound-streams.ts'

t.test('a stream is opened anew where it is missing and a connection stands, and nowhere else', (t) => {
  const pushed: unknown[] = []
  const gossip = {
    peers: new Map(['mute', 'heard', 'leaving', 'gone'].map((name) => [name, { name }])),
    streamsOutbound: new Map([['heard', {}]]),
    outboundInflightQueue: { push: (item: unknown) => pushed.push(item) },
  }
  const connections: Record<string, object[]> = {
    mute: [{ status: 'closing' }, { status: 'open', id: 1 }, { status: 'open', id: 2 }],
    heard: [{ status: 'open', id: 3 }],
    leaving: [{ status: 'closing' }],
  }
  type Given = Parameters<typeof restoreOutboundStreams>
  restoreOutboundStreams(
    gossip as unknown as Given[0],
    ((peer: { name: string }) => connections[peer.name] ?? []) as unknown as Given[1],
  )
  t.same(pushed, [{ peerId: { name: 'mute' }, connection: { status: 'open', id: 1 } }])
  t.end()
})
