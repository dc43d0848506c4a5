// Finding peers: bootstrap addresses, the book of earlier runs, the DHT; and starting and stopping.

import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p, type Libp2p } from 'libp2p'
import t, { type Test } from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import type { PeerAddresses } from '../../../src/net/addresses.ts'
import { HostilePeer } from '../../kit/hostile-peer.ts'
import { connect, type LotusWireChain, makeNode, newHostKey, readChain, until } from '../../kit/net-pair.ts'
import { sharedData } from '../../kit/shared-data.ts'

configureLogging({ level: 'fatal' })

const DHT_PROTOCOL = '/fil/kad/test/kad/1.0.0'

let loaded: LotusWireChain | undefined
function chainOf(t: Test): LotusWireChain | undefined {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return undefined
  loaded ??= readChain(folder)
  return loaded
}

/** What a Lotus node is to the DHT: a server. */
async function dhtServer(t: Test): Promise<{ libp2p: Libp2p; addr: string }> {
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({ protocol: DHT_PROTOCOL, clientMode: false, peerInfoMapper: passthroughMapper }),
    } as never,
  })
  t.teardown(() => libp2p.stop())
  return { libp2p, addr: String(libp2p.getMultiaddrs()[0]) }
}

t.test('a node finds peers by its bootstrap address, and keeps them in its book', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const a = await makeNode(chain)
  await a.start()
  t.teardown(() => a.stop())
  const { id, addrs } = a.view.self()
  let book: readonly PeerAddresses[] = []
  const peerBook = {
    load: async () => book,
    save: async (peers: readonly PeerAddresses[]) => {
      book = peers
    },
  }
  const dead = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWCAacWHnfMWGSnbEpUBTgPg8dUUaixLSjjCxDN6BeaS1J'
  const b = await makeNode(
    chain,
    { peerBook },
    { bootstrapPeers: [dead, `${addrs[0]}/p2p/${id}`], minPeers: 1, checkEveryMs: 50 },
  )
  await b.start()
  await until(() => b.peers.peers.has(id), 5000, 'the bootstrap peer')
  t.ok(b.appScore(id) === 2500, 'bootstrap peers have a score of their own')
  t.ok(b.view.protectedPeers().includes(id))
  await b.stop()
  t.same(
    book.map((p) => p.id),
    [id],
  )
  t.equal(book[0]?.addrs.includes(addrs[0]!), true)

  const c = await makeNode(chain, { peerBook }, { minPeers: 1, checkEveryMs: 50 })
  await c.start()
  await until(() => c.peers.peers.has(id), 5000, 'the peer of the book')
  await c.stop()
  t.same(
    book.map((p) => p.id),
    [id],
    'it stays in the book',
  )
  await t.rejects(makeNode(chain, {}, { bootstrapPeers: ['/ip4/127.0.0.1/tcp/1'] }), { code: 'NET_ADDRESS' })
  await t.rejects(makeNode(chain, {}, { listen: ['/ip4/0.0.0.0/udp/0/quic-v1'] }), { code: 'NET_ADDRESS' })
})

t.test('a peer whose connection is lost is looked for again', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const a = await makeNode(chain)
  const b = await makeNode(chain, {}, { minPeers: 1, checkEveryMs: 50 })
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  await connect(b, a)
  await until(() => b.peers.peers.has(a.peerId), 5000, 'the peer')
  const [connection] = b.host.libp2p.getConnections()
  connection?.abort(new Error('the cable was pulled'))
  await until(() => b.view.connectedness(a.peerId) === 0 || b.host.libp2p.getConnections()[0] !== connection, 2000, 'the end')
  await until(() => b.peers.peers.has(a.peerId) && b.view.connectedness(a.peerId) === 1, 5000, 'the peer again')

  // One that was turned away is not.
  b.expel(a.peerId, 60_000)
  await until(() => !b.peers.peers.has(a.peerId), 2000, 'the end of the peer')
  let again = false
  b.events.on('hello', () => {
    again = true
  })
  for (let i = 0; i < 3; i++) {
    b.peers.expand()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.notOk(again)
  t.equal(b.view.connectedness(a.peerId), 0)
})

t.test('addresses of transports that the node does not speak are left out', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const node = await makeNode(
    chain,
    {},
    { listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/udp/0/quic-v1', '/ip4/127.0.0.1/udp/0/quic-v1/webtransport'] },
  )
  await node.start()
  t.equal(node.view.self().addrs.length, 1)
  await node.stop()
})

t.test('the DHT leads from one peer to another; nothing is stored for anybody', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const server = await dhtServer(t)
  const init = { dht: true, publicAddressesOnly: false, bootstrapPeers: [server.addr], minPeers: 1, checkEveryMs: 100 }
  const a = await makeNode(chain, {}, init)
  const b = await makeNode(chain, {}, init)
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  await until(() => server.libp2p.getConnections().length >= 2, 5000, 'both nodes at the server')
  const info = await a.view.findPeer(b.peerId)
  t.equal(info.id, b.peerId)
  t.ok(info.addrs.includes(b.view.self().addrs[0]!), 'with the address that it listens on')
  await a.view.connect({ id: b.peerId, addrs: [] })
  t.equal(a.view.connectedness(b.peerId), 1, 'a peer without addresses is looked for')
  await t.rejects(a.view.findPeer('12D3KooWCAacWHnfMWGSnbEpUBTgPg8dUUaixLSjjCxDN6BeaS1J', AbortSignal.timeout(2000)), {
    code: 'NET_UNREACHABLE',
  })

  const peer = await HostilePeer.start({ listen: false })
  t.teardown(() => peer.stop())
  const connection = await peer.dial(a)
  await t.rejects(connection.newStream(DHT_PROTOCOL), 'a client answers nobody: there is nothing to put values into')
})

t.test('a node stops when its signal fires, and what listens to it cannot break it', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const key = newHostKey()
  const a = await makeNode(chain, {}, { privateKey: key })
  const b = await makeNode(chain)
  t.teardown(() => b.stop())
  const stop = new AbortController()
  await Promise.all([a.start({ signal: stop.signal }), b.start()])
  b.events.on('hello', () => {
    throw new Error('a fault in a listener')
  })
  await connect(a, b)
  await until(() => b.peers.peers.size === 1 && a.peers.peers.size === 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(b.view.connectedness(a.peerId), 1)
  const gone: string[] = []
  b.events.on('disconnect', (p) => gone.push(p))
  stop.abort()
  await a.stop()
  await until(() => gone.length === 1)
  t.same(gone, [a.peerId])
  t.equal(b.peers.peers.size, 0)
  const again = await makeNode(chain, {}, { privateKey: key })
  t.equal(again.peerId, a.peerId, 'the key makes the id')
})

t.test('a port that is taken is said so, and nothing stays open', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const a = await makeNode(chain)
  await a.start()
  t.teardown(() => a.stop())
  const b = await makeNode(chain, {}, { listen: [...a.view.self().addrs] })
  await t.rejects(b.start(), { code: 'NET_ADDRESS', message: /could not be started/ })
  t.equal(b.host.libp2p.status, 'stopped')
})

t.test('direct peers are connected to without being asked', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const a = await makeNode(chain)
  await a.start()
  const b = await makeNode(chain, {}, { directPeers: [`${a.view.self().addrs[0]}/p2p/${a.peerId}`] })
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await b.start()
  await until(() => b.view.connectedness(a.peerId) === 1, 10_000, 'the direct peer')
  await t.rejects(makeNode(chain, {}, { directPeers: ['/ip4/127.0.0.1/tcp/1'] }), { code: 'NET_ADDRESS' })
  await t.rejects(makeNode(chain, {}, { ipColocationWhitelist: ['10.0.0.0'] }), { code: 'NET_ADDRESS' })
})

t.test('a bootstrapper joins messages at once, and serves as others do', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const boot = await makeNode(chain, {}, { bootstrapper: true })
  const node = await makeNode(chain)
  t.teardown(() => Promise.all([boot.stop(), node.stop()]))
  await Promise.all([boot.start(), node.start()])
  await connect(node, boot)
  await until(() => node.pubsub.subscribers(node.pubsub.messagesTopic).includes(boot.peerId))
  t.notOk(boot.pubsub.subscribers(boot.pubsub.messagesTopic).includes(node.peerId), 'others wait until they are near the head')
})
