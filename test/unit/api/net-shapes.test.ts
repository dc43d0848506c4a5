// The examples in Lotus's description of its API (documentation/en/api-methods-v0-deprecated.md; v1's OpenRPC leaves Net out).

import t from 'tap'
import { lookupMethod } from '../../../src/api/contract.ts'
import { type AnyMethod, decodeParams, encodeResult } from '../../../src/api/method.ts'

const ID = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'
const info = {
  ID,
  Addrs: ['/ip4/52.36.61.156/tcp/1347/p2p/12D3KooWFETiESTf1v4PGUvtnxMAcEFMzLZbJGg4tjWfGEimYior'],
}
const traffic = { TotalIn: 174000, TotalOut: 12500, RateIn: 100, RateOut: 50 }
const lists = { Peers: [ID], IPAddrs: ['string value'], IPSubnets: ['string value'] }
const scope = {
  NumStreamsInbound: 123,
  NumStreamsOutbound: 123,
  NumConnsInbound: 123,
  NumConnsOutbound: 123,
  NumFD: 123,
  Memory: 9,
}
const limit = {
  Memory: 123,
  Streams: 3,
  StreamsInbound: 1,
  StreamsOutbound: 2,
  Conns: 4,
  ConnsInbound: 3,
  ConnsOutbound: 4,
  FD: 5,
}
const peerInfo = {
  ID,
  Agent: 'string value',
  Addrs: ['string value'],
  Protocols: ['string value'],
  ConnMgrMeta: {
    FirstSeen: '0001-01-01T00:00:00.000Z',
    Value: 123,
    Tags: { name: 42 },
    Conns: { name: '2021-03-08T22:52:18.000Z' },
  },
}
const score = {
  ID,
  Score: {
    Score: 12.3,
    Topics: {
      '/blocks': {
        TimeInMesh: 60_000_000_000,
        FirstMessageDeliveries: 122,
        MeshMessageDeliveries: 1234,
        InvalidMessageDeliveries: 3,
      },
    },
    AppSpecificScore: 12.3,
    IPColocationFactor: 12.3,
    BehaviourPenalty: 12.3,
  },
}

const examples: readonly (readonly [method: string, perm: string, params: readonly unknown[], ...results: unknown[]])[] = [
  ['NetAddrsListen', 'read', [], info],
  ['NetAgentVersion', 'read', [ID], 'string value'],
  ['NetAutoNatStatus', 'read', [], { Reachability: 1, PublicAddrs: ['string value'] }, { Reachability: 0, PublicAddrs: null }],
  ['NetBandwidthStats', 'read', [], { TotalIn: 9, TotalOut: 9, RateIn: 12.3, RateOut: 12.3 }],
  ['NetBandwidthStatsByPeer', 'read', [], { [ID]: traffic }, {}],
  ['NetBandwidthStatsByProtocol', 'read', [], { '/fil/hello/1.0.0': traffic }],
  ['NetBlockAdd', 'admin', [lists]],
  ['NetBlockList', 'read', [], lists, { Peers: [], IPAddrs: null, IPSubnets: null }],
  ['NetBlockRemove', 'admin', [lists]],
  ['NetConnect', 'write', [info]],
  ['NetConnectedness', 'read', [ID], 1],
  ['NetDisconnect', 'write', [ID]],
  ['NetFindPeer', 'read', [ID], info],
  ['NetLimit', 'read', ['string value'], limit],
  ['NetPeerInfo', 'read', [ID], peerInfo, { ID, Agent: '', Addrs: null, Protocols: null, ConnMgrMeta: null }],
  ['NetPeers', 'read', [], [info], []],
  ['NetPing', 'read', [ID], 60_000_000_000],
  ['NetProtectAdd', 'admin', [[ID]]],
  ['NetProtectList', 'read', [], [ID], null],
  ['NetProtectRemove', 'admin', [[ID]]],
  ['NetPubsubScores', 'read', [], [score], []],
  ['NetSetLimit', 'admin', ['string value', limit]],
  [
    'NetStat',
    'read',
    ['string value'],
    { System: scope, Transient: scope, Services: { abc: scope }, Protocols: { abc: scope }, Peers: { abc: scope } },
    { Peers: { [ID]: scope } },
  ],
]

t.test('Net methods: names, permissions, parameters and results as Lotus shows them', async (t) => {
  for (const [name, perm, params, ...results] of examples) {
    for (const version of ['v0', 'v1'] as const) {
      const def = lookupMethod(version, `Filecoin.${name}`) as AnyMethod
      t.ok(def !== undefined, `${version} has ${name}`)
      if (def === undefined) continue
      t.equal(def.perm, perm, `${name}: permission`)
      t.doesNotThrow(() => decodeParams(def, params), `${name}: parameters`)
      for (const result of results) {
        const json = encodeResult(def, def.result.fromJson(result, ''), { addressPrefix: 'f' })
        t.equal(JSON.stringify(json), JSON.stringify(result), `${name}: result`)
      }
    }
  }
})

t.test('parameters of the wrong form', async (t) => {
  const wrong: readonly (readonly [string, readonly unknown[]])[] = [
    ['NetConnectedness', [7]],
    ['NetConnect', ['/ip4/1.2.3.4/tcp/1']],
    ['NetConnect', [{ ID: 7, Addrs: [] }]],
    ['NetConnect', [{ ID, Addrs: 'x' }]],
    ['NetBlockAdd', [[ID]]],
    ['NetProtectAdd', [ID]],
    ['NetSetLimit', ['system', { Conns: 'many' }]],
  ]
  for (const [name, params] of wrong)
    t.throws(
      () => decodeParams(lookupMethod('v1', `Filecoin.${name}`) as AnyMethod, params),
      { rpcCode: -32700, message: new RegExp(`^unmarshaling params for 'Filecoin.${name}': [^\\n]+$`) },
      `${name} ${JSON.stringify(params)}`,
    )
})
