// What is said of blocks in gossip before their parents and messages are known.

import t from 'tap'
import { Hamt } from '../../../src/actors/hamt.ts'
import { addressKey } from '../../../src/actors/keys.ts'
import { minerState } from '../../../src/actors/miner/state.ts'
import { powerClaim, powerState } from '../../../src/actors/power/state.ts'
import { PowerView } from '../../../src/actors/power/view.ts'
import type { ConsensusEnv } from '../../../src/consensus/env.ts'
import type { BlockErrorCode, Verdict } from '../../../src/consensus/errors.ts'
import { isInConsensusRange } from '../../../src/consensus/rules/time.ts'
import { validateGossipBlock } from '../../../src/consensus/validate-gossip.ts'
import { Address } from '../../../src/types/address.ts'
import type { BlockHeader, BlockMsg } from '../../../src/types/block.ts'
import { changeActor, type StateChange, withStateBefore } from '../../kit/altered-state.ts'
import { minerKeys, resign, type TestKey } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.setTimeout(60_000)

const network = { blockDelaySecs: 30 }

t.test('which heights matter', async (t) => {
  // Epoch 1000 by the clock.
  const inRange = (height: number, head: number) => isInConsensusRange(network, 5000n, height, head, 5000 + 30_000)
  t.ok(inRange(1005, 1000))
  t.notOk(inRange(1006, 1000), 'more than 5 epochs ahead of the clock')
  t.ok(inRange(100, 1000))
  t.notOk(inRange(99, 1000), 'below finality')
  t.ok(inRange(1005, 10), 'the head lags')
  t.notOk(isInConsensusRange(network, 5000n, 6, 0, 5029))
  t.ok(isInConsensusRange(network, 5000n, 6, 0, 5030))
})

t.test('blocks on a Lotus chain', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const chain = await snapshotChain(folder)
  const keys = minerKeys(folder)
  const { head } = chain
  const base = chain.chain.parent(head)
  /** As if the block had just come. */
  const env: ConsensusEnv = { ...chain.env, now: () => Number(head.minTimestamp) }
  const { blsCids, secpCids } = chain.chain.messageCids(head.first)
  const good: BlockMsg = { header: head.first, blsMessages: [...blsCids], secpkMessages: [...secpCids] }
  const key = keys.get(head.first.miner.id as bigint) as TestKey
  const withHeader = (changes: Partial<BlockHeader>): BlockMsg => ({
    ...good,
    header: resign({ ...good.header, ...changes }, key),
  })
  const judged = async (
    what: string,
    block: BlockMsg,
    code: BlockErrorCode,
    verdict: Verdict,
    other: Partial<ConsensusEnv> = {},
  ) => {
    await t.rejects(validateGossipBlock({ ...env, ...other }, block, base), { code, verdict }, what)
  }

  for (const ts of chain.tipsets.slice(-50)) {
    for (const header of ts.blocks) {
      const lists = chain.chain.messageCids(header)
      const message = { header, blsMessages: [...lists.blsCids], secpkMessages: [...lists.secpCids] }
      await t.resolves(validateGossipBlock({ ...env, now: () => Number(ts.minTimestamp) }, message, chain.chain.parent(ts)))
    }
  }

  const cid = good.header.messages
  await judged('too many messages', { ...good, blsMessages: new Array(10_001).fill(cid) }, 'BLOCK_MESSAGE_COUNT', 'reject')
  await judged('other messages', { ...good, blsMessages: [cid] }, 'BLOCK_MESSAGE_ROOT', 'reject')
  await judged('no signature', { ...good, header: { ...good.header, blockSig: null } }, 'BLOCK_MALFORMED', 'reject')
  await judged('no election proof', withHeader({ electionProof: null }), 'BLOCK_MALFORMED', 'reject')
  await judged('from the future', withHeader({ height: head.height + 6 }), 'BLOCK_OUT_OF_RANGE', 'ignore')
  await judged('long ago', withHeader({ height: -200 }), 'BLOCK_OUT_OF_RANGE', 'ignore')
  await judged('unknown miner', withHeader({ miner: Address.fromId(999_999n) }), 'BLOCK_WORKER', 'ignore')
  await judged('no miner', withHeader({ miner: Address.fromId(4n) }), 'BLOCK_WORKER', 'ignore')
  await judged(
    'no win',
    withHeader({ electionProof: { winCount: 0n, vrfProof: new Uint8Array(96) } }),
    'BLOCK_WIN_COUNT',
    'reject',
  )
  await judged('changed', { ...good, header: { ...good.header, forkSignaling: 1n } }, 'BLOCK_SIGNATURE', 'reject')
  await t.resolves(validateGossipBlock(env, withHeader({ parents: [cid] }), base), 'parents are looked at later')

  const inDebt = { state: withStateBefore(chain.state, base, changeActor(head.first.miner, minerState(18), { feeDebt: 1n })) }
  await judged('fee debt', good, 'BLOCK_MINER_INELIGIBLE', 'reject', inDebt)
  const late = Number(base.minTimestamp) + 6 * 3600
  await judged('fee debt as of a head of long ago', good, 'BLOCK_MINER_INELIGIBLE', 'ignore', { ...inDebt, now: () => late })
  await judged('the last second', good, 'BLOCK_MINER_INELIGIBLE', 'reject', { ...inDebt, now: () => late - 1 })
  const { tipset } = chain.state.lookback(base, head.height)
  const without: StateChange = (tree, store) => {
    const power = PowerView.load(store, chain.state.registry, tree.mustGetActor(4n))
    const claims = new Hamt(store, power.state.claims, { value: powerClaim, key: addressKey })
    claims.delete(head.first.miner)
    changeActor(4n, powerState(18), { claims: claims.flush(store) })(tree, store)
  }
  const noClaim = { state: withStateBefore(chain.state, tipset, without) }
  await judged('no claim at the lookback', good, 'BLOCK_MINER_UNKNOWN', 'ignore', noClaim)
})
