// lotus-devnet-proofs, after its end: the keys and sectors that Lotus sealed make blocks and window PoSts here, and a node that
// has nothing but the genesis validates all of it.
//
// The chain's own proving parameters were drawn at random and are gone. What Lotus proved is verified with the chain's keys, what
// is proven here with the devnet's: a process holds one set of them, so that the new node is started twice.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { disputeWindowedPoStParams, submitWindowedPoStParams } from '../../src/actors/methods/miner-sectors.ts'
import type { Api } from '../../src/api/api.ts'
import { decode, encode } from '../../src/codec/codec.ts'
import type { PostParams } from '../../src/miner/wdpost/prove-deadline.ts'
import { verifyWindowPost } from '../../src/native/proofs.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { type Address, address } from '../../src/types/address.ts'
import { BitField } from '../../src/types/bitfield.ts'
import { type Message, messageCid } from '../../src/types/message.ts'
import { type Tipset, TipsetKey } from '../../src/types/tipset.ts'
import { startDaemon, temporaryFolder } from '../kit/daemon.ts'
import { isFull } from '../kit/figures.ts'
import { callMiner, lotusMiners, type MinedOn, mineOn } from '../kit/mine-on.ts'
import { connect, until } from '../kit/net-pair.ts'
import { call, netOf } from '../kit/node-call.ts'
import { useTestParameters } from '../kit/proof-parameters.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(isFull ? 7_200_000 : 900_000)

/** Method of the miner actor. */
const SUBMIT_WINDOWED_POST = 5n
/** Height of Lotus's head. */
const END = 787
const LOTUS_HEAD = 'bafy2bzacedsm6mfbexsnpsw6djb4tw5jarg5w7g4aajdnalqe3ugqyzfgit6e'
/** A proof takes ten seconds of processor time. */
const TOGETHER = isFull ? 8 : 1
const ALONE = isFull ? 40 : 0
const [first, second] = lotusMiners
/** Deadlines that are proven on chain: the actor's, with the epochs at which they open. */
const DEADLINES = [
  { miner: second, index: 0n, open: 3034, sectors: 2n },
  { miner: first, index: 0n, open: 3538, sectors: 2n },
  { miner: first, index: 1n, open: 3598, sectors: 1n },
] as const
/** After the last of them has closed. */
const CLOSED = 3598 + 62

t.test('the miners of a Lotus chain go on here', async (t) => {
  const chain = sharedData(t, 'chains', 'lotus-devnet-proofs')
  const actors = sharedData(t, 'actors')
  if (chain === undefined || actors === undefined) return
  const { folder: parameters } = await useTestParameters()
  const net = await mineOn(t, { chain, actors, parameters })
  const { api } = net
  t.equal(net.height, END)
  t.equal(String(net.node.chain.requireHead().cids), LOTUS_HEAD)
  const power = async (m: Address) => (await api.stateMinerPower([m, TipsetKey.empty])).minerPower
  const before = await Promise.all(lotusMiners.map(power))

  let miner = await net.startMiner()
  await net.reach(END + TOGETHER)
  for (const m of lotusMiners) {
    const record = (await callMiner(miner, 'MiningRecord', [m.toString('t'), -1, 100])) as { Outcome: string; Late: boolean }[]
    t.equal(record.length, TOGETHER)
    t.ok(record.every((a) => (a.Outcome === 'won' || a.Outcome === 'lost') && !a.Late))
  }
  // The latest deadline of each, which Lotus proved: the same partitions and challenge, other sectors' files and another proof.
  if (!isFull) {
    for (const { miner: m, index } of [DEADLINES[0], DEADLINES[2]]) {
      const [made, ...others] = (await miner.windowPosts.get(m.key)?.compute(index)) ?? []
      t.same(others, [])
      if (made === undefined) throw new Error(`${m} has nothing to prove in deadline ${index}`)
      const deadline = await api.stateMinerProvingDeadline([m, TipsetKey.empty])
      const open = deadline.periodStart + Number(index) * 60
      await checkProof(t, api, m, made, open)
    }
  }
  if (ALONE > 0) {
    await net.stopMiner()
    miner = await net.startMiner([second])
    await net.reach(END + TOGETHER + ALONE)
  }
  await net.stopMiner()

  if (isFull) {
    for (const { miner: m, index, open, sectors } of DEADLINES) {
      // The challenge has settled, and it is time to send: what is left is to prove.
      await net.skipTo(open + 3, first)
      await net.startMiner([second])
      const start = net.height
      await net.reach(open + 7)
      await net.stopMiner()
      const messages = await submissions(net, m, start)
      t.equal(messages.length, 1, `one message for deadline ${index} of ${m}`)
      const { message, exitCode } = messages[0] as (typeof messages)[0]
      t.equal(exitCode, 0)
      const params = decode(submitWindowedPoStParams, message.params)
      t.equal(params.deadline, index)
      t.equal(params.chainCommitEpoch, open - 20)
      t.equal(await checkProof(t, api, m, params, open), sectors)
      const deadlines = await api.stateMinerDeadlines([m, TipsetKey.empty])
      t.equal(deadlines[Number(index)]?.postSubmissions.count, 1n)
    }
    // Closed without a fault, and what was taken on trust holds against whoever disputes it.
    // The state of a tipset is that before its own messages: the one after the close shows what became of it.
    await net.skipTo(CLOSED, second)
    await net.skipTo(net.height + 1, second)
    for (const { miner: m, index } of DEADLINES) {
      t.ok((await api.stateMinerFaults([m, TipsetKey.empty])).isEmpty)
      const params = Buffer.from(encode(disputeWindowedPoStParams, { deadline: index, poStIndex: 0n })).toString('base64')
      const message = {
        Version: 0,
        To: m.toString('t'),
        From: 't0100',
        Nonce: 0,
        Value: '0',
        GasLimit: 0,
        GasFeeCap: '0',
        GasPremium: '0',
        Method: 24,
        Params: params,
      }
      const tried = (await call(net.node, 'StateCall', [message, null])) as { MsgRct: { ExitCode: number }; Error: string }
      t.not(tried.MsgRct.ExitCode, 0)
      t.match(tried.Error, /failed to dispute valid post/)
    }
  }
  t.same(await Promise.all(lotusMiners.map(power)), before, 'nobody lost power')

  // A new node, with the keys that Lotus's proofs need: it takes Lotus's part, and nothing that was proven with other parameters.
  const repo = join(temporaryFolder(t), 'repo')
  const networkFile = net.networkFile(join(chain, 'params'))
  const daemon = await startDaemon(t, { repo, chain, networkFile })
  const { id, addrs } = netOf(net.node).view.self()
  const connected = await daemon.call('NetConnect', [{ ID: id, Addrs: addrs.map(String) }])
  t.equal(connected.error, undefined)
  const next = tipsetAfter(net.node, END)
  const refused = async (): Promise<string> => {
    const reasons = await Promise.all(
      next.cids.map(async (cid) => (await daemon.call('SyncCheckBad', [{ '/': cid.toString() }])).result),
    )
    return reasons.join('')
  }
  await until(async () => (await refused()) !== '', 300_000, 'the first block that is not of Lotus')
  t.match(await refused(), /winning PoSt is invalid/)
  const head = async () => (await daemon.call('ChainHead')).result as { readonly Height: number; readonly Cids: unknown }
  await until(async () => (await head()).Height >= END, 60_000, "the head of Lotus's part")
  t.match(await head(), { Height: END, Cids: [{ '/': LOTUS_HEAD }] })
  t.same(await daemon.process.stop(), { code: 0, signal: null })

  // The same node with the keys of what was proven here.
  const fresh = await net.startNode(await loadNetworkFile(net.networkFile(parameters)), { repoPath: repo })
  t.equal(fresh.chain.head?.height, END)
  await connect(netOf(fresh), netOf(net.node))
  await until(() => fresh.chain.head?.height === net.height, 300_000, 'the head of the other node')
  t.equal(fresh.chain.head?.key.id, net.node.chain.head?.key.id)
  t.equal(await call(fresh, 'ChainTipSetWeight', [[]]), await call(net.node, 'ChainTipSetWeight', [[]]))
})

/** The tipset of a node's chain that comes next after a height. */
function tipsetAfter({ chain }: FullNode, height: number): Tipset {
  let at = chain.requireHead()
  while (chain.reader.parent(at).height > height) at = chain.reader.parent(at)
  return at
}

/** Verifies a window PoSt over all live sectors of its partitions, for the challenge of a deadline. @returns how many sectors */
async function checkProof(t: Test, api: Api, miner: Address, params: PostParams, open: number): Promise<bigint> {
  const partitions = await api.stateMinerPartitions([miner, Number(params.deadline), TipsetKey.empty])
  t.same(
    params.partitions.map((p) => p.index),
    partitions.map((_, i) => BigInt(i)),
  )
  t.ok(
    params.partitions.every((p) => p.skipped.isEmpty),
    'no sector is skipped',
  )
  const live = partitions.reduce((all, p) => all.union(p.liveSectors), BitField.empty)
  const sectors = await api.stateMinerSectors([miner, live, TipsetKey.empty])
  const randomness = await api.stateGetRandomnessFromBeacon([4, open - 20, encode(address, miner), TipsetKey.empty])
  const info = {
    randomness: new Uint8Array(randomness),
    miner: miner.id as bigint,
    proofs: params.proofs.map((p) => ({ proofType: p.poStProof, proof: p.proofBytes })),
    sectors: sectors.map((s) => ({ sealProofType: s.sealProof, sector: s.sectorNumber, sealedCid: s.sealedCid.bytes })),
  }
  t.equal(await verifyWindowPost(info), true)
  const other = Uint8Array.from(info.randomness, (b, i) => (i === 0 ? b ^ 1 : b))
  t.equal(await verifyWindowPost({ ...info, randomness: other }), false, 'of this challenge alone')
  return live.count
}

/** The window PoSts of an actor in blocks above a height, each with what executing it ended with. */
async function submissions(
  { node, api }: MinedOn,
  miner: Address,
  above: number,
): Promise<{ message: Message; exitCode: number }[]> {
  const found = new Map<string, { message: Message; exitCode: number }>()
  const { reader } = node.chain
  for (let at = node.chain.requireHead(); at.height > above; at = reader.parent(at)) {
    for (const message of at.blocks.flatMap((block) => reader.messages(block).bls)) {
      if (message.method !== SUBMIT_WINDOWED_POST || !message.to.equals(miner)) continue
      const cid = messageCid(message)
      const result = await api.stateSearchMsg([TipsetKey.empty, cid, -1, true])
      found.set(String(cid), { message, exitCode: result?.receipt.exitCode ?? -1 })
    }
  }
  return [...found.values()]
}
