import t from 'tap'
import { expectedRounds } from '../../../src/beacon/block-entries.ts'
import { toBase64 } from '../../../src/codec/base64.ts'
import { miningBase } from '../../../src/consensus/mining-base.ts'
import { drandSign } from '../../../src/native/crypto.ts'
import { Address } from '../../../src/types/address.ts'
import type { BeaconEntry } from '../../../src/types/block.ts'
import { cidFromString } from '../../../src/types/cid.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { readAnswers } from '../../kit/lotus-chain.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.test("Lotus's answers to MinerGetBaseInfo", async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const { state, chain } = await snapshotChain(folder)
  const secret = Buffer.from('1234'.padStart(64, '0'), 'hex')
  const entryJson = ({ round, data }: BeaconEntry) => ({ Round: Number(round), Data: toBase64(data) })
  const answers = readAnswers(folder).filter((a) => a.method === 'Filecoin.MinerGetBaseInfo')
  t.ok(answers.length > 0)
  for (const { params, result } of answers) {
    const [miner, round, key] = params as [string, number, { '/': string }[]]
    const base = chain.tipset(new TipsetKey(key.map((c) => cidFromString(c['/']))))
    const previous = state.randomness(base).latestBeaconEntry(base)
    const at = { epoch: round, parentEpoch: base.height, networkVersion: state.networkVersion(round) }
    const { rounds } = expectedRounds({ network: state.network, genesisTimestamp: state.genesisTimestamp }, at, previous.round)
    const entries = rounds.map((r) => ({ round: r, data: drandSign('bls-unchained-g1-rfc9380', secret, r) }))
    const found = miningBase(state, base, round, Address.parse(miner), previous, entries)
    t.same(
      found && {
        MinerPower: String(found.minerPower),
        NetworkPower: String(found.networkPower),
        Sectors: found.sectors.map((s) => ({
          SealProof: s.sealProof,
          SectorNumber: Number(s.sectorNumber),
          SectorKey: null,
          SealedCID: { '/': s.sealedCid.toString() },
        })),
        WorkerKey: found.worker.toString('t'),
        SectorSize: Number(found.sectorSize),
        PrevBeaconEntry: entryJson(found.previousEntry),
        BeaconEntries: found.beaconEntries.map(entryJson),
        EligibleForMining: found.eligible,
      },
      result,
      `${miner} at ${round}`,
    )
  }
  const head = chain.tipset(new TipsetKey(answers[0]?.params[2].map((c: { '/': string }) => cidFromString(c['/']))))
  const previous = state.randomness(head).latestBeaconEntry(head)
  t.throws(() => miningBase(state, head, head.height + 1, Address.fromId(999_999n), previous, []), {
    code: 'STATE_ACTOR_NOT_FOUND',
    message: 'loading miner in current state: actor not found',
    rpcCode: 1,
  })
  // At the base's own height and below: no new entries, and the lookback of that height.
  for (const round of [head.height, head.height - 1, 0]) {
    const { rounds } = expectedRounds(
      { network: state.network, genesisTimestamp: state.genesisTimestamp },
      { epoch: round, parentEpoch: head.height, networkVersion: state.networkVersion(round) },
      previous.round,
    )
    t.same(rounds, [])
    const found = miningBase(state, head, round, Address.fromId(1000n), previous, [])
    t.equal(found?.eligible, true)
    t.same(found?.beaconEntries, [])
    t.equal(found?.previousEntry, previous)
  }
  t.throws(() => miningBase(state, head, head.height + 900, Address.fromId(1000n), previous, []), { code: 'BLOCK_LOOKBACK' })
})
