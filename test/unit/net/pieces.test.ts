// The small parts: where a CBOR value ends, addresses, gates, who is asked first, which connections are cut.

import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { checkPeerAddress, peerIdIn, withoutPeer } from '../../../src/net/addresses.ts'
import { ByteBuffer } from '../../../src/net/byte-buffer.ts'
import { CborFrame } from '../../../src/net/cbor-frame.ts'
import { Conduct } from '../../../src/net/conduct.ts'
import { ConnectionTrimmer } from '../../../src/net/connection-trimmer.ts'
import { PeerTracker } from '../../../src/net/exchange/peer-tracker.ts'
import { type BlockLists, Gater } from '../../../src/net/gater.ts'
import { IpSet, ipOf, isPublic, parseSubnet } from '../../../src/net/ip.ts'

configureLogging({ level: 'fatal' })

const hex = (s: string): Uint8Array => new Uint8Array(Buffer.from(s, 'hex'))
const PEER = '12D3KooWCAacWHnfMWGSnbEpUBTgPg8dUUaixLSjjCxDN6BeaS1J'
const OTHER = '12D3KooWBF8cpp65hp2u9LK5mh19x67ftAam84z9LsfaquTDSBpt'

t.test('the end of a CBOR value is found in any pieces', (t) => {
  const values = [
    '00',
    'f6',
    '1903e8',
    '1bffffffffffffffff',
    '40',
    '43010203',
    '63616263',
    '80',
    '83010203',
    'a0',
    'a1616101',
    '818181f6',
  ]
  values.push('d82a45000171a0e4', `590100${'ab'.repeat(256)}`, 'fb3ff0000000000000', '8282010282030480')
  for (const value of values) {
    const bytes = hex(value)
    for (let step = 1; step <= bytes.length; step++) {
      const frame = new CborFrame(1000)
      let end: number | undefined
      let at = 0
      for (; at < bytes.length && end === undefined; at += step) {
        const piece = bytes.subarray(at, at + step)
        const n = frame.push(piece)
        if (n !== undefined) end = at + n
      }
      if (value === '8282010282030480') t.equal(end, 7, 'what follows is not taken')
      else if (end !== bytes.length) t.fail(`${value} in pieces of ${step}: ends at ${end}`)
    }
    t.equal(new CborFrame(1000).push(bytes.subarray(0, -1)), value === '8282010282030480' ? 7 : undefined, value.slice(0, 20))
  }
  t.end()
})

t.test('values that cannot be, or are too long, are refused when their heads are read', (t) => {
  for (const [value, code] of [
    ['9f', 'NET_PROTOCOL'],
    ['5f', 'NET_PROTOCOL'],
    ['1c', 'NET_PROTOCOL'],
    ['81'.repeat(40), 'NET_PROTOCOL'],
    ['5903e8', 'NET_TOO_LARGE'],
    ['9b00ffffffffffffff', 'NET_TOO_LARGE'],
    ['bb7fffffffffffffff', 'NET_TOO_LARGE'],
    ['7bffffffffffffffff', 'NET_TOO_LARGE'],
    [`98c8${'00'.repeat(150)}`, 'NET_TOO_LARGE'],
  ] as const) {
    t.throws(() => new CborFrame(100).push(hex(value)), { code }, value.slice(0, 24))
  }
  const frame = new CborFrame(100)
  t.throws(
    () => {
      for (let i = 0; i < 200; i++) frame.push(hex(i === 0 ? '98c7' : '00'))
    },
    { code: 'NET_TOO_LARGE' },
  )
  t.end()
})

t.test('bytes in single pieces cost what they are', (t) => {
  const b = new ByteBuffer()
  for (let i = 0; i < 100_000; i++) b.push(Uint8Array.of(i & 255))
  const bytes = b.take()
  t.equal(bytes.length, 100_000)
  t.equal(bytes[99_999], 99_999 & 255)
  t.equal(b.length, 0)
  b.push(Uint8Array.of(7))
  t.equal(bytes[0], 0, 'what was taken is not written to again')
  t.end()
})

t.test('addresses', (t) => {
  t.equal(ipOf(multiaddr('/ip4/1.2.3.4/tcp/1')), '1.2.3.4')
  t.equal(ipOf(multiaddr('/ip6/::ffff:1.2.3.4/tcp/1')), '1.2.3.4', 'one block holds for both forms')
  t.equal(ipOf(multiaddr('/dns/example.com/tcp/1')), undefined)
  for (const [addr, yes] of [
    ['/ip4/1.2.3.4/tcp/1', true],
    ['/ip4/10.2.3.4/tcp/1', false],
    ['/ip4/172.31.0.1/tcp/1', false],
    ['/ip4/172.32.0.1/tcp/1', true],
    ['/ip4/127.0.0.1/tcp/1', false],
    ['/ip6/::1/tcp/1', false],
    ['/ip6/fd00::1/tcp/1', false],
    ['/ip6/2001:db8::1/tcp/1', true],
    ['/dns/example.com/tcp/1', true],
  ] as const) {
    t.equal(isPublic(multiaddr(addr)), yes, addr)
  }
  t.equal(peerIdIn(multiaddr(`/ip4/1.2.3.4/tcp/1/p2p/${PEER}`)), PEER)
  t.equal(withoutPeer(multiaddr(`/ip4/1.2.3.4/tcp/1/p2p/${PEER}`)), '/ip4/1.2.3.4/tcp/1')
  t.doesNotThrow(() => checkPeerAddress('/dnsaddr/bootstrap-mainnet.chainsafe-fil.io'))
  for (const bad of ['', 'x', '/ip4/1.2.3.4/tcp/1', '/ip4/300.1.1.1/tcp/1', `/p2p/x`]) {
    t.throws(() => checkPeerAddress(bad), { code: 'NET_ADDRESS' }, bad)
  }
  for (const bad of ['10.0.0.0', '10.0.0.0/33', '10.0.0/8', '::/129', '/8', '10.0.0.0/-1', '10.0.0.0/1e1']) {
    t.throws(() => parseSubnet(bad), { code: 'NET_ADDRESS' }, bad)
  }
  const set = new IpSet()
  set.addSubnet('fd00::/8')
  set.addSubnet('10.0.0.0/8')
  t.same(
    ['10.9.9.9', '11.0.0.1', 'fd01::1', 'fe00::1', 'x'].map((ip) => set.has(ip)),
    [true, false, true, false, false],
  )
  t.end()
})

t.test('block lists are kept, and shunned peers come back', async (t) => {
  const saved: BlockLists[] = []
  const store = {
    load: async () => saved.at(-1),
    save: async (lists: BlockLists) => void saved.push(lists),
  }
  const gater = new Gater({ store }, { maxPerIp: 2 })
  await gater.add({ peers: [PEER], ipAddrs: ['::ffff:1.2.3.4'], ipSubnets: ['10.0.0.0/8'] })
  const again = new Gater({ store })
  await again.load()
  t.same(again.lists, { peers: [PEER], ipAddrs: ['1.2.3.4'], ipSubnets: ['10.0.0.0/8'] })
  t.equal(again.denyDialPeer(peerIdFromString(PEER)), true)
  t.equal(again.denyDialPeer(peerIdFromString(OTHER)), false)
  const closers: (() => void)[] = []
  const conn = (addr: string) =>
    ({ remoteAddr: multiaddr(addr), addEventListener: (_name: string, close: () => void) => closers.push(close) }) as never
  t.equal(again.denyInboundConnection(conn('/ip4/10.1.1.1/tcp/5')), true)
  t.equal(again.denyInboundConnection(conn('/ip4/1.2.3.4/tcp/5')), true)
  t.equal(again.denyInboundConnection(conn('/ip4/1.2.3.5/tcp/5')), false)
  const inbound = (addr: string): boolean => gater.denyInboundConnection(conn(addr))
  t.same(
    [1, 2, 3].map((n) => inbound(`/ip4/9.9.9.9/tcp/${n}`)),
    [false, false, true],
    'an address with too many connections',
  )
  t.equal(inbound('/ip4/8.8.8.8/tcp/5'), false)
  t.same(
    [1, 2, 3].map((n) => inbound(`/ip4/127.0.0.1/tcp/${n}`)),
    [false, false, false],
    'this machine may have any number',
  )
  closers.at(-1)?.()
  closers.at(-3)?.()
  t.equal(inbound('/ip4/9.9.9.9/tcp/4'), false, 'one closed, so one more may come')
  t.equal(inbound('/ip4/9.9.9.9/tcp/5'), true)
  t.equal(gater.denyInboundEncryptedConnection(peerIdFromString(PEER), conn('/ip4/8.8.8.8/tcp/5')), true)
  await t.rejects(gater.add({ peers: [OTHER], ipAddrs: ['x'], ipSubnets: [] }), { code: 'NET_ADDRESS' })
  t.notOk(gater.lists.peers.includes(OTHER), 'all or nothing')
  await gater.remove({ peers: [PEER], ipAddrs: ['1.2.3.4'], ipSubnets: ['10.0.0.0/8'] })
  t.same(saved.at(-1), { peers: [], ipAddrs: [], ipSubnets: [] })
  gater.shun(OTHER, 30)
  t.equal(gater.isBlocked(OTHER), true)
  await new Promise((resolve) => setTimeout(resolve, 40))
  t.equal(gater.isBlocked(OTHER), false)
  for (let i = 0; i < 10_000; i++) gater.shun(`p${i}`, 1e9)
  t.equal(gater.isBlocked('p0'), false, 'the oldest are forgotten')
  t.equal(gater.isBlocked('p9999'), true)
})

t.test('misdeeds add up', (t) => {
  const expelled: string[] = []
  const conduct = new Conduct({ expel: (peer) => void expelled.push(peer) })
  for (let i = 0; i < 50; i++) conduct.report('slow', 'slow', 'took long')
  conduct.report('wrong', 'wrong', 'lied')
  conduct.report('wrong', 'wrong', 'lied')
  t.same(expelled, [])
  conduct.report('wrong', 'wrong', 'lied')
  conduct.report('bad', 'hostile', 'flooded')
  t.same(expelled, ['wrong', 'bad'])
  t.equal(conduct.points('nobody'), 0)
  t.end()
})

t.test('peers that answer fast and well are asked first', (t) => {
  const tracker = new PeerTracker()
  for (let i = 0; i < 40; i++) tracker.add(`p${i}`)
  for (let i = 0; i < 40; i++) tracker.success(`p${i}`, (i + 1) * 100, 1)
  tracker.globalSuccess(1000)
  t.same(new Set(tracker.best()), new Set(Array.from({ length: 16 }, (_, i) => `p${i}`)), 'the best 16')
  t.same(tracker.best(() => 0.999_999)[0], 'p0', 'in the order that chance gives')
  for (let i = 0; i < 5; i++) tracker.failure('p0', 100, 1)
  t.ok(tracker.cost('p0') > tracker.cost('p5'), 'failures cost')
  tracker.add('new')
  t.equal(tracker.cost('new'), 900, 'a new peer counts as a little better than the average')
  tracker.success('unknown', 1, 1)
  t.equal(tracker.size, 41)
  tracker.success('p1', 5000, 500)
  t.ok(tracker.cost('p1') < 200, 'time counts by tipset')
  t.end()
})

t.test('connections of least worth are cut first', async (t) => {
  const closed: string[] = []
  const make = (peer: string, direction: 'inbound' | 'outbound', open: number): Connection =>
    ({ remotePeer: { toString: () => peer }, direction, timeline: { open }, close: async () => void closed.push(peer) }) as never
  const connections = [
    make('old-in', 'inbound', 1000),
    make('old-out', 'outbound', 1000),
    make('tagged', 'inbound', 1000),
    make('protected', 'inbound', 1000),
    make('new', 'inbound', 99_000),
  ]
  const trimmer = new ConnectionTrimmer({ connections: () => connections }, { low: 2, high: 4, graceMs: 20_000 })
  for (const c of connections) trimmer.connected(c.remotePeer.toString())
  trimmer.tag('tagged', 'fcpeer', 10)
  trimmer.protect('protected')
  t.equal(await trimmer.trim(100_000), 3)
  t.same(closed, ['old-in', 'old-out', 'tagged'], 'untagged before tagged, inbound before outbound; protected and new ones stay')
  trimmer.setHigh(1)
  t.same(trimmer.marks, { low: 1, high: 1, graceMs: 20_000 })
  t.same(trimmer.worth('tagged')?.value, 10)
  trimmer.disconnected('tagged')
  t.equal(trimmer.worth('tagged'), undefined)
  trimmer.setHigh(10)
  t.equal(await trimmer.trim(100_000), 0)
})
