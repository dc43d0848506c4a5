// `net` and `sync` as a user runs them, against a daemon that answers in Lotus's JSON.

import t, { type Test } from 'tap'
import { Eta } from '../../../src/cli/eta.ts'
import { goDurationText } from '../../../src/cli/go-duration.ts'
import { runCli } from '../../kit/cli.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

const A = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'
const B = '12D3KooWSXmXLJmBR1M7i9RW9GQPNUhZSzXKzxDHWtAgNuJAbyEJ'
const C = '12D3KooWFETiESTf1v4PGUvtnxMAcEFMzLZbJGg4tjWfGEimYior'
const CID = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
const OTHER = 'bafy2bzacebragattphjclnufer36os2yzh32a4jnxdfvqfgz4iywjyzrtqhpy'
const [ADDR, LISTEN] = ['/ip4/52.36.61.156/tcp/1347', '/ip4/127.0.0.1/tcp/4001']
const scope = (conns: number) => ({
  NumStreamsInbound: 3,
  NumStreamsOutbound: 0,
  NumConnsInbound: conns,
  NumConnsOutbound: 0,
  NumFD: conns,
  Memory: 0,
})
const info = (ID: string) => ({ ID, Agent: 'lotus-1.36', Addrs: [ADDR], Protocols: null, ConnMgrMeta: null })
const score = (ID: string) => ({
  ID,
  Score: { Score: -1.25, Topics: {}, AppSpecificScore: 0, IPColocationFactor: 0, BehaviourPenalty: 0 },
})
const tipset = (height: number, cid: string) => ({ Cids: [{ '/': cid }], Blocks: [{ Timestamp: 1000 }], Height: height })
const active = {
  WorkerID: 1,
  Base: tipset(10, CID),
  Target: tipset(25, OTHER),
  Stage: 4,
  Height: 25,
  Start: '2026-01-02T03:04:05Z',
  End: '2026-01-02T03:05:06.5Z',
  Message: '',
}
const failedSync = { ...active, WorkerID: 2, Base: null, Target: null, Stage: 5, Height: 7, Message: 'no peers' }

let pings = 0
let headTime = () => 1000
/** Seconds by which the network's clock is set back; undefined for a node that does not tell. */
let pausedSecs: (() => number) | undefined
let syncs: unknown[] = [active, failedSync]
t.setTimeout(120_000)
const rpc = await startFakeRpc({
  methods: {
    'Filecoin.NetPeers': () => [
      { ID: A, Addrs: [ADDR] },
      { ID: B, Addrs: ['/ip4/1.2.3.4/tcp/1', '/ip6/::1/tcp/2'] },
      { ID: A, Addrs: [LISTEN] },
    ],
    'Filecoin.NetAgentVersion': (id) => {
      if (id === B) throw new FakeError(1, 'it has not said what it runs')
      return 'lotus-1.36'
    },
    'Filecoin.NetPeerInfo': info,
    'Filecoin.NetPing': () => {
      if (++pings === 2) throw new FakeError(1, 'no answer')
      return pings * 1_000_000
    },
    'Filecoin.NetConnect': ({ ID }) => {
      if (ID === C) throw new FakeError(1, `${C} could not be reached`)
      return null
    },
    'Filecoin.NetDisconnect': () => null,
    'Filecoin.NetAddrsListen': () => ({ ID: A, Addrs: [ADDR, LISTEN] }),
    'Filecoin.ID': () => A,
    'Filecoin.NetFindPeer': (ID) => ({ ID, Addrs: [ADDR, LISTEN] }),
    'Filecoin.NetPubsubScores': () => [score(A), score(B)],
    'Filecoin.NetAutoNatStatus': () => ({ Reachability: 1, PublicAddrs: [ADDR] }),
    'Filecoin.NetBandwidthStats': () => ({ TotalIn: 174_000, TotalOut: 12_500, RateIn: 100, RateOut: 5.5 }),
    'Filecoin.NetBandwidthStatsByPeer': () => ({
      [B]: { TotalIn: 9, TotalOut: 0, RateIn: 0, RateOut: 0 },
      [A]: { TotalIn: 2_000_000, TotalOut: 12_500, RateIn: 100, RateOut: 50 },
    }),
    'Filecoin.NetBandwidthStatsByProtocol': () => ({ '': { TotalIn: 1, TotalOut: 1, RateIn: 0, RateOut: 0 } }),
    'Filecoin.NetBlockAdd': ({ IPSubnets }) => {
      if (IPSubnets[0] === 'x') throw new FakeError(1, '"x" is not a subnet; write it as 10.0.0.0/8')
      return null
    },
    'Filecoin.NetBlockRemove': () => null,
    'Filecoin.NetBlockList': () => ({ Peers: [A, B], IPAddrs: ['10.1.2.3', '10.1.2.2'], IPSubnets: null }),
    'Filecoin.NetStat': (name) =>
      name === 'system'
        ? { System: scope(90) }
        : { System: scope(90), Protocols: { '/b/1': scope(0), '/a/1': scope(0) }, Peers: { [A]: scope(1) } },
    'Filecoin.NetLimit': (name) => {
      if (name !== 'system') throw new FakeError(1, `the scope ${name} has no limits`)
      return {
        Memory: 0,
        Streams: 24,
        StreamsInbound: 12,
        StreamsOutbound: 12,
        Conns: 180,
        ConnsInbound: 180,
        ConnsOutbound: 180,
        FD: 180,
      }
    },
    'Filecoin.NetSetLimit': () => null,
    'Filecoin.NetProtectAdd': () => null,
    'Filecoin.NetProtectRemove': () => null,
    'Filecoin.NetProtectList': () => null,
    'Filecoin.StateMinerInfo': (miner) => ({
      PeerId: miner === 'f01001' ? null : A,
      // /ip4/52.36.61.156/tcp/1347
      Multiaddrs: ['BDQkPZwGBUM='],
    }),
    'Filecoin.SyncState': () => ({ ActiveSyncs: syncs, VMApplied: 42 }),
    'Filecoin.MiningParams': () => {
      if (pausedSecs === undefined) throw new FakeError(-32601, 'method not found')
      return { PausedSecs: pausedSecs() }
    },
    'Filecoin.SyncMarkBad': () => null,
    'Filecoin.SyncUnmarkBad': () => null,
    'Filecoin.SyncUnmarkAllBad': () => null,
    'Filecoin.SyncCheckBad': (cid) => (cid['/'] === CID ? 'manually marked bad' : ''),
    'Filecoin.SyncCheckpoint': () => null,
    'Filecoin.Version': () => ({ BlockDelay: 30 }),
    'Filecoin.ChainHead': () => ({ ...tipset(25, OTHER), Blocks: [{ Timestamp: headTime() }] }),
    'Filecoin.ChainGetTipSetByHeight': (height) => tipset(height, CID),
  },
})
t.teardown(() => rpc.close())

const run = (line: string, ...more: string[]) => runCli([...line.split(' '), ...more], { env: { FULLNODE_API_INFO: rpc.url } })
const prints = async (t: Pick<Test, 'same'>, line: string, stdout: string, stderr = '', ...more: string[]) => {
  const got = await run(line, ...more)
  t.same(got, { code: 0, stdout, stderr }, line)
}
const json = async (line: string, ...more: string[]) => JSON.parse((await run(`${line} --json`, ...more)).stdout)

await t.test('net: peers and scores', async (t) => {
  const lines = [`${B}, [/ip4/1.2.3.4/tcp/1 /ip6/::1/tcp/2]`, `${A}, [${ADDR}]`, `${A}, [${LISTEN}]`]
  await prints(t, 'net peers', `${lines.join('\n')}\n`)
  await prints(
    t,
    'net peers -a',
    `${lines[0]}\n${lines[1]}, lotus-1.36\n${lines[2]}, lotus-1.36\n`,
    `${B}: it has not said what it runs\n`,
  )
  await prints(t, 'net peers --extended', `${JSON.stringify(info(B))}\n${JSON.stringify(info(A))}\n`)
  t.same(await json('net peers -x'), [info(B), info(A)])
  t.same(
    (await json('net peers --agent')).map((p: any) => p.Agent),
    [undefined, 'lotus-1.36', 'lotus-1.36'],
  )
  await prints(t, 'net scores', `${A}, -1.250000\n${B}, -1.250000\n`)
  await prints(t, 'net scores -x', `${JSON.stringify(score(A))}\n${JSON.stringify(score(B))}\n`)
  t.same(await json('net scores'), [score(A), score(B)])
})

await t.test('net: connections', async (t) => {
  await prints(
    t,
    `net ping -c 3 -i 1ms ${ADDR}/p2p/${A}`,
    `PING ${A}\nPong received: time=1ms\nPong received: time=3ms\nAverage latency: 2ms\n`,
    'Ping failed: no answer\n',
  )
  t.same(rpc.calls.find(([m]) => m === 'Filecoin.NetConnect')?.[1], { ID: A, Addrs: [ADDR] })
  t.same(await json(`net ping --count 2 --interval 1ms ${ADDR}/p2p/${A}`), { ID: A, Times: [4e6, 5e6], Average: 4_500_000 })
  await prints(t, `net connect ${ADDR}/p2p/${A} ${LISTEN}/p2p/${A} /p2p/${B}`, `connect ${A}: success\nconnect ${B}: success\n`)
  t.same(rpc.calls.slice(-2), [
    ['Filecoin.NetConnect', { ID: A, Addrs: [ADDR, LISTEN] }],
    ['Filecoin.NetConnect', { ID: B, Addrs: [] }],
  ])
  await prints(t, 'net connect f01000', `f01000 -> {${A}: [${ADDR}]}\nconnect ${A}: success\n`)
  t.same(await run(`net connect ${ADDR}/p2p/${C} ${ADDR}/p2p/${A}`), {
    code: 1,
    stdout: `connect ${C}: failure\n`,
    stderr: `ERROR: ${C} could not be reached\n`,
  })
  await prints(t, `net disconnect ${A} ${B}`, `disconnect ${A}: success\ndisconnect ${B}: success\n`)
  await prints(t, `net findpeer ${A}`, `{${A}: [${ADDR} ${LISTEN}]}\n`)
  t.same(await json(`net find-peer ${A}`), { ID: A, Addrs: [ADDR, LISTEN] })
  await prints(t, 'net listen', `${ADDR}/p2p/${A}\n${LISTEN}/p2p/${A}\n`)
  await prints(t, 'net id', `${A}\n`)
  t.equal(await json('net id'), A)
  await prints(t, 'net reachability', `AutoNAT status:  Public\nPublic address: [${ADDR}]\n`)
})

await t.test('net: bandwidth, limits, lists', async (t) => {
  await prints(t, 'net bandwidth', 'Segment  TotalIn  TotalOut  RateIn   RateOut\nTotal    174 kB   12 kB     100 B/s  5 B/s\n')
  const [heading, first, second] = (await run('net bandwidth --by-peer')).stdout.split('\n')
  t.match(heading, /^Segment +TotalIn +TotalOut +RateIn +RateOut$/)
  t.match(first, new RegExp(`^${A}  2\\.0 MB `))
  t.match(second, new RegExp(`^${B}  9 B `))
  t.match((await run('net bandwidth --by-protocol')).stdout, /^<unknown> {2}1 B/m)
  t.equal((await json('net bandwidth')).RateOut, 5.5)

  await prints(t, `net block add peer ${A} ${B}`, '')
  t.same(rpc.calls.at(-1), ['Filecoin.NetBlockAdd', { Peers: [A, B], IPAddrs: [], IPSubnets: [] }])
  await prints(t, 'net block add ip 10.1.2.3', '')
  t.same(rpc.calls.at(-1), ['Filecoin.NetBlockAdd', { Peers: [], IPAddrs: ['10.1.2.3'], IPSubnets: [] }])
  await prints(t, 'net block remove subnet 10.0.0.0/8', '')
  t.same(rpc.calls.at(-1), ['Filecoin.NetBlockRemove', { Peers: [], IPAddrs: [], IPSubnets: ['10.0.0.0/8'] }])
  await prints(t, 'net block list', `Blocked Peers:\n\t${B}\n\t${A}\nBlocked IPs:\n\t10.1.2.2\n\t10.1.2.3\n`)
  t.same((await json('net block list')).IPSubnets, null)

  const bar = (full: number) => `[${'|'.repeat(full)}${' '.repeat(64 - full)}]`
  const system = `system\n\tmemory:      0 B\n\tstreams in:  ${bar(16)} 3/12\n\tstreams out: ${bar(0)} 0/12\n\tconn in:     ${bar(32)} 90/180\n\tconn out:    ${bar(0)} 0/180\n\tfile desc:   ${bar(32)} 90/180\n\n`
  const plain = (name: string, n: number) =>
    `${name}\n\tmemory:      0 B\n\tstreams in:  3\n\tstreams out: 0\n\tconn in:     ${n}\n\tconn out:    0\n\tfile desc:   ${n}\n\n`
  await prints(t, 'net stat system', system)
  await prints(t, 'net stat all', system + plain('proto:/a/1', 0) + plain('proto:/b/1', 0) + plain(`peer:${A}`, 1))
  t.same(await json('net stat system'), { System: scope(90) })
  t.match(JSON.parse((await run('net limit system')).stdout), { ConnsInbound: 180 })
  await prints(t, 'net limit --set system', '', '', '{"Conns":50}')
  t.same(rpc.calls.at(-1), ['Filecoin.NetSetLimit', 'system', { Conns: 50 }])

  await prints(t, `net protect ${A}`, `added to protected peers:\n ${A}\n`)
  await prints(t, `net unprotect ${A} ${B}`, `removed from protected peers:\n ${A}\n ${B}\n`)
  await prints(t, 'net list-protected', '')
  t.same(await json('net list-protected'), [])
})

await t.test('sync', async (t) => {
  await prints(
    t,
    'sync status',
    `sync status:\nworker 1:\n\tBase:\t[${CID}]\n\tTarget:\t[${OTHER}] (25)\n\tHeight diff:\t15\n\tStage: complete\n\tHeight: 25\n\tElapsed: 1m1.5s\n` +
      'worker 2:\n\tBase:\t[]\n\tTarget:\t[] (0)\n\tHeight diff:\t0\n\tStage: error\n\tHeight: 7\n\tElapsed: 1m1.5s\n\tError: no peers\n',
  )
  t.same((await json('sync status')).VMApplied, 42)
  let asked = 0
  headTime = () => (++asked < 3 ? 1000 : Math.floor(Date.now() / 1000))
  const { code, stdout } = await run('sync wait')
  t.equal(code, 0)
  t.equal(asked, 3, 'it waits until the head is of now')
  const line =
    'Worker: 2; Base: 0; Target: 0 (diff: 0)\nState: error; Current Epoch: 7; Todo: -7, ETA: \nValidated 0 messages (0 per second)\n'
  const epochs = Math.floor((Date.now() / 1000 - 1000) / 30)
  const waits = (behind: string) =>
    `No sync is under way: waiting for a block of the present epoch; the head is at height 25, ${behind} behind the clock\n`
  t.match(stdout.replace(/\d{6,} epochs/, 'N epochs'), [line, waits('N epochs'), line, '\nDone!\n'].join(''))
  t.ok(Math.abs(Number(/(\d{6,}) epochs/.exec(stdout)?.[1]) - epochs) <= 1)
  t.same(await json('sync wait'), { Height: 25, Cids: [{ '/': OTHER }] })
  // A node whose clock was set back is in sync by its own clock, and says by how much it is not.
  headTime = () => 1000
  let left = 75
  pausedSecs = () => {
    const pause = Math.floor(Date.now() / 1000) - 1000 - left
    left -= 60
    return pause
  }
  syncs = []
  t.equal((await run('sync wait')).stdout, `${waits('2 epochs')}\nDone!\n`, 'also where no sync was ever begun')
  headTime = () => Math.floor(Date.now() / 1000) + 3600
  t.equal((await run('sync wait')).stdout, '\nDone!\n', 'a head that is ahead of the clock')
  syncs = [active, failedSync]
  await prints(t, `sync mark-bad ${CID}`, '')
  t.same(rpc.calls.at(-1), ['Filecoin.SyncMarkBad', { '/': CID }])
  await prints(t, `sync unmark-bad ${CID}`, '')
  t.same(rpc.calls.at(-1), ['Filecoin.SyncUnmarkBad', { '/': CID }])
  await prints(t, 'sync unmark-bad --all', '')
  t.same(rpc.calls.at(-1), ['Filecoin.SyncUnmarkAllBad'])
  await prints(t, `sync check-bad ${CID}`, 'manually marked bad\n')
  await prints(t, `sync check-bad ${OTHER}`, 'block was not marked as bad\n')
  t.same(await json(`sync check-bad ${OTHER}`), { Block: { '/': OTHER }, Bad: false, Reason: '' })
  await prints(t, `sync checkpoint ${CID},${OTHER}`, '')
  t.same(rpc.calls.at(-1), ['Filecoin.SyncCheckpoint', [{ '/': CID }, { '/': OTHER }]])
  await prints(t, 'sync checkpoint --epoch 12', '')
  t.same(rpc.calls.at(-1), ['Filecoin.SyncCheckpoint', [{ '/': CID }]])
})

await t.test('wrong input is answered with one sentence', async (t) => {
  const rows: readonly (readonly [string, number, RegExp])[] = [
    ['net disconnect nonsense', 2, /<peerId> "nonsense" is not a peer id: it should look like 12D3KooW…/],
    ['net find-peer', 2, /the argument <peerId> is missing/],
    ['net block add peer 12D3', 2, /<peerId> "12D3" is not a peer id/],
    ['net block add subnet x', 1, /"x" is not a subnet; write it as 10\.0\.0\.0\/8/],
    ['net block add nope', 2, /unknown command 'nope'/],
    ['net protect', 2, /the argument <peerId> is missing/],
    ['net connect /ip4/1.2.3.4/tcp/1', 2, /<peer> "\/ip4\/1\.2\.3\.4\/tcp\/1" is not a peer: give a multiaddress that ends in/],
    ['net connect /ip4/1.2.3.4/tcp/1/p2p/x', 2, /<peer> "x" is not a peer id/],
    ['net connect f01001', 1, /the miner f01001 has published no peer id/],
    ['net ping --count 0 x', 2, /--count "0" is not a whole number of 1 or more/],
    ['net ping --interval soon x', 2, /--interval "soon" is not a duration/],
    [`net ping ${ADDR}/p2p/${C}`, 1, /could not be reached/],
    ['net limit --set system', 2, /--set needs the limit/],
    ['net limit --set system {', 2, /\[limit\] is not JSON/],
    ['net limit system {}', 2, /only taken with --set/],
    ['net limit proto:/a', 1, /the scope proto:\/a has no limits/],
    ['sync mark-bad nonsense', 2, /<blockCid> "nonsense" is not a CID/],
    ['sync check-bad', 2, /the argument <blockCid> is missing/],
    ['sync unmark-bad', 2, /no block is named; give its CID or --all/],
    [`sync unmark-bad --all ${CID}`, 2, /not both/],
    ['sync checkpoint', 2, /no tipset is named; give its CIDs or --epoch/],
    [`sync checkpoint --epoch 3 ${CID}`, 2, /not both/],
    ['sync checkpoint x', 2, /<tipsetKey> "x" is not a CID/],
  ]
  for (const [line, code, sentence] of rows) {
    const got = await run(line)
    t.equal(got.code, code, line)
    t.match(got.stderr, sentence, line)
    t.equal(got.stderr.trimEnd().split('\n').length, 1, `${line}: one line`)
    t.equal(got.stdout, '', line)
  }
})

t.test("Go's text of durations", async (t) => {
  // time.Duration.String for the same numbers.
  for (const [ns, text] of [
    [0, '0s'],
    [1, '1ns'],
    [1100, '1.1µs'],
    [2_200_000, '2.2ms'],
    [999_999_999, '999.999999ms'],
    [3_300_000_000, '3.3s'],
    [245_000_000_000, '4m5s'],
    [245_001_000_000, '4m5.001s'],
    [18_367_001_000_000, '5h6m7.001s'],
    [480_000_000_001, '8m0.000000001s'],
    [-1_500_000_000, '-1.5s'],
    [9_223_372_036_854_775_807n, '2562047h47m16.854775807s'],
  ] as const)
    t.equal(goDurationText(ns), text)
})

t.test('the time that is left', async (t) => {
  // Ten seconds for each item, and then a target that moves on.
  const eta = new Eta(4)
  t.equal(eta.update(100, 0), '')
  t.equal(eta.update(99, 10_000), '00h:16m:30s')
  t.equal(eta.update(99, 15_000), '00h:16m:30s', 'the same where nothing was done')
  t.equal(eta.update(98, 20_000), '00h:16m:20s')
  t.equal(eta.update(100, 30_000), '00h:16m:40s', 'one that grew by three while one was done')
  t.equal(eta.update(0, 1000_000), '00h:00m:00s')
})
