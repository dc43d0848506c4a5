import { join } from 'node:path'
import t from 'tap'
import { blake2b256 } from '../../../src/native/crypto.ts'
import { loadNetworkFile } from '../../../src/networks/network-file.ts'
import { maxBeaconRoundForEpoch } from '../../../src/networks/schedule.ts'
import type { Network } from '../../../src/networks/types.ts'
import { ChainRandomness } from '../../../src/state/randomness.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { drawRandomness } from '../../../src/types/randomness.ts'
import { type Tipset, TipsetKey } from '../../../src/types/tipset.ts'
import { readCar } from '../../kit/car.ts'
import { sharedData } from '../../kit/shared-data.ts'

t.test('drawing: tag, digest, epoch and entropy all count', async (t) => {
  const digest = new Uint8Array(32).fill(7)
  const entropy = Uint8Array.of(1, 2)
  // By hand: eight bytes of the tag, the digest, eight of the epoch, the entropy.
  const input = Buffer.concat([Buffer.from('0000000000000002', 'hex'), digest, Buffer.from('0000000000000400', 'hex'), entropy])
  t.same(drawRandomness(digest, 2n, 1024, entropy), blake2b256(input))
  const minus = Buffer.concat([Buffer.from('ffffffffffffffff', 'hex'), digest, Buffer.from('ffffffffffffffff', 'hex')])
  t.same(drawRandomness(digest, -1n, -1, new Uint8Array(0)), blake2b256(minus), 'negative numbers in two’s complement')
  const all = [
    drawRandomness(digest, 2n, 1024, entropy),
    drawRandomness(digest, 3n, 1024, entropy),
    drawRandomness(digest, 2n, 1025, entropy),
    drawRandomness(digest, 2n, 1024, Uint8Array.of(1)),
    drawRandomness(new Uint8Array(32).fill(8), 2n, 1024, entropy),
  ]
  t.equal(new Set(all.map((r) => Buffer.from(r).toString('hex'))).size, all.length)
})

const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
if (folder !== undefined) {
  const network = await loadNetworkFile(join(folder, 'network.json'))
  const { roots, store } = readCar(join(folder, 'chain.car.zst'))
  const chain = new ChainReader(store)
  const head = chain.tipset(new TipsetKey(roots))
  const genesis = chain.genesisOf(head).minTimestamp
  /** As of a version whose upgrade lies ahead of this chain: the version before it is in force. */
  const asOf = (version: number): Network => ({ ...network, genesisNetworkVersion: version })
  const randomness = (n: Network, base: Tipset = head): ChainRandomness => new ChainRandomness(n, chain, base, genesis)
  const ticketOf = (tipset: Tipset): Uint8Array => blake2b256(tipset.minTicketBlock.ticket?.vrfProof as Uint8Array)

  // The first run of null rounds: epochs between `before` and `after` have no block.
  let after = head
  while (after.height - chain.parent(after).height < 3) after = chain.parent(after)
  const before = chain.parent(after)
  const gap = before.height + 1

  t.test('tickets of null rounds', async (t) => {
    t.same(randomness(network).ticketDigest(after.height), ticketOf(after))
    t.same(randomness(network).ticketDigest(gap), ticketOf(after), 'the tipset after it')
    t.same(randomness(asOf(13)).ticketDigest(gap), ticketOf(after), 'from nv13 on')
    t.same(randomness(asOf(12)).ticketDigest(gap), ticketOf(before), 'the one before it, up to nv12')
    t.same(randomness(network).ticketDigest(-5), ticketOf(chain.genesisOf(head)), 'below zero it is the genesis')
  })

  t.test('beacon entries of null rounds', async (t) => {
    const round = maxBeaconRoundForEpoch(network, genesis, 28, gap)
    const entry = randomness(network).beaconEntry(gap)
    t.equal(entry.round, round, 'exactly the round of the null epoch')
    t.ok(
      after.first.beaconEntries.some((e) => e.round === round),
      'which the next tipset carries',
    )
    t.same(randomness(network).beaconDigest(gap), blake2b256(entry.data))
    t.same(randomness(asOf(13)).beaconEntry(gap), after.first.beaconEntries.at(-1), 'nv13 took the newest of the tipset after')
    t.same(
      randomness(asOf(12)).beaconEntry(gap),
      randomness(asOf(12)).latestBeaconEntry(before),
      'before that, of the one before',
    )
  })

  t.test('what a chain cannot tell', async (t) => {
    const wrong = { code: 'STATE_RANDOMNESS' }
    t.throws(() => randomness(network).ticketDigest(head.height + 1), wrong, 'a ticket of the future')
    t.throws(() => randomness(network).beaconDigest(head.height + 1), wrong, 'a beacon entry of the future')
    t.throws(() => randomness(network, before).ticketDigest(gap), wrong, 'not yet as seen from the tipset before')
    // A beacon whose rounds are others than those in the blocks.
    const [point] = network.drand
    if (point?.info === undefined) throw new Error('this chain has a real beacon')
    const shifted = {
      ...network,
      drand: [{ ...point, info: { ...point.info, genesisTime: point.info.genesisTime - 1_000_000 } }],
    }
    t.throws(() => randomness(shifted).beaconEntry(head.height), wrong, 'a round that no block carries')
  })
}
