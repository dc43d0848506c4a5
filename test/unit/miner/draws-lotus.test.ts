// The draws of a miner against the blocks that Lotus's miners made: election proofs, tickets and win counts, byte for byte.

import t from 'tap'
import type { MiningBaseInfo } from '../../../src/api/types/miner.ts'
import { miningBase } from '../../../src/consensus/mining-base.ts'
import { StageTimes } from '../../../src/miner/mining/record.ts'
import { drawElection, drawTicket, provingTask } from '../../../src/miner/mining/win.ts'
import { blsSign } from '../../../src/native/crypto.ts'
import type { BlockHeader } from '../../../src/types/block.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { view } from '../../kit/mining-world.ts'
import { minerKeys, type TestKey } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.setTimeout(120_000)

t.test('every block of lotus-devnet-proofs was drawn as here', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const { state, chain, head } = await snapshotChain(folder)
  const keys = minerKeys(folder)
  const { signal } = new AbortController()
  const { smoke } = state.network.upgrades
  const wrong: string[] = []
  let blocks = 0
  for (let at = head; at.height > 0; at = chain.parent(at)) {
    for (const header of at.blocks as readonly BlockHeader[]) {
      const base = chain.tipset(new TipsetKey(header.parents))
      const key = keys.get(header.miner.id as bigint) as TestKey
      const previous = state.randomness(base).latestBeaconEntry(base)
      const found = miningBase(state, base, header.height, header.miner, previous, header.beaconEntries)
      if (found === undefined) {
        wrong.push(`${header.miner} at ${header.height} had nothing to prove`)
        continue
      }
      const info: MiningBaseInfo = {
        minerPower: found.minerPower,
        networkPower: found.networkPower,
        sectors: found.sectors.map((s) => ({ ...s, sectorKey: s.sectorKeyCid ?? null })),
        workerKey: found.worker,
        sectorSize: found.sectorSize,
        prevBeaconEntry: found.previousEntry,
        beaconEntries: [...found.beaconEntries],
        eligibleForMining: found.eligible,
      }
      const signing = {
        baseInfo: async () => info,
        draw: async (_worker: unknown, input: Uint8Array) => blsSign(key.secret, input),
      }
      const draw = await drawElection(signing, header.miner, view(base), header.height, new StageTimes(() => 0), signal)
      if (draw.outcome !== 'won') {
        wrong.push(`${header.miner} at ${header.height}: ${draw.outcome}`)
        continue
      }
      const block = { miner: header.miner, worker: info.workerKey, entry: draw.entry, epoch: header.height }
      const ticket = await drawTicket(signing, smoke, block, view(base), signal)
      const same =
        draw.proof.winCount === header.electionProof?.winCount &&
        Buffer.compare(draw.proof.vrfProof, header.electionProof.vrfProof) === 0 &&
        Buffer.compare(ticket.vrfProof, header.ticket?.vrfProof ?? new Uint8Array(0)) === 0
      if (!same) wrong.push(`${header.miner} at ${header.height} differs`)
      if (provingTask(header.miner, header.height, draw).sectors.length !== 1) wrong.push('one sector is challenged')
      blocks++
    }
  }
  t.same(wrong.slice(0, 5), [])
  t.equal(blocks, 363)
})
