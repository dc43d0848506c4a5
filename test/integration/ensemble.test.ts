// A network from nothing: one node makes blocks, a second one joins by the network file and follows, and money that one of them
// sends is there on both.

import t from 'tap'
import { ensemble } from '../kit/ensemble.ts'
import { call } from '../kit/node-call.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(600_000)

t.test('one mines, one follows, a message is mined', async (t) => {
  if (sharedData(t, 'actors') === undefined) return
  const net = await ensemble(t, { blockDelaySecs: 30 }).fast().fullNode().miner().fullNode().start().beginMining()
  const [miner, follower] = net.nodes as [(typeof net.nodes)[0], (typeof net.nodes)[0]]

  await net.reached(miner, 3)
  await net.reached(follower, 3)
  const key = await call(follower, 'ChainGetTipSetByHeight', [3, []])
  t.same(await call(miner, 'ChainGetTipSetByHeight', [3, []]), key, 'both have the same chain')

  const receiver = 't1ceb34gnsc6qk5dt6n7xg6ycwzasjhbxm3iylkiy'
  const epoch = await net.give(miner, receiver, 5n * 10n ** 18n)
  t.ok(epoch > 0)
  await net.reached(follower, epoch + 1)
  const balance = async (node: typeof miner) => await call(node, 'WalletBalance', [receiver])
  t.equal(await balance(miner), '5000000000000000000')
  t.equal(await balance(follower), '5000000000000000000')

  // Every block of the second node's chain was checked by it with all rules but that of the proof, which is made up.
  const head = follower.chain.requireHead()
  t.ok(head.height >= epoch + 1)
  t.ok(head.blocks.every((b) => net.devnet.description.miners.includes(b.miner.toString('t'))))
})
