import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { FirstProofs, warmUp } from '../../../src/miner/mining/warm-up.ts'
import type { ProvingSector } from '../../../src/miner/proving.ts'
import { Address } from '../../../src/types/address.ts'
import { BitField } from '../../../src/types/bitfield.ts'
import { CID } from '../../../src/types/cid.ts'

configureLogging({ level: 'fatal' })

const sealedCid = CID.parse('bafy2bzaced2dfx27kc7e2tnb7ocsd2nxrrv5pqqqifbtmkzaohcydzyqe5syi')

/** Two deadlines; the second one's first partition has faulty sectors only. Actor 1003 has none. */
function scene() {
  const calls: { miner: bigint; sectors: readonly ProvingSector[]; randomness: Uint8Array }[] = []
  const partitions = [[], [{ activeSectors: BitField.of([]) }, { activeSectors: BitField.of([7n, 9n]) }]]
  const api = {
    stateMinerDeadlines: async ([miner]: [Address]) => (miner.id === 1003n ? [] : [{}, {}]),
    stateMinerPartitions: async ([, index]: [Address, number]) => partitions[index],
    stateSectorGetInfo: async ([, number]: [Address, bigint]) => ({ number, sealProof: 5, sealedCid, sectorKeyCid: null }),
  }
  const prover = {
    winningPost: async (miner: bigint, sectors: readonly ProvingSector[], randomness: Uint8Array) => {
      calls.push({ miner, sectors, randomness })
      return []
    },
  }
  return { calls, c: { api, prover } as never as Parameters<typeof warmUp>[0] }
}

const { signal } = new AbortController()
const actor = (id: bigint): Address => Address.fromId(id)

t.test('the first active sector is proven, with a challenge in the field', async (t) => {
  const { calls, c } = scene()
  t.type(await warmUp(c, actor(1000n), signal), 'number')
  t.equal(calls.length, 1)
  t.match(calls[0], { miner: 1000n, sectors: [{ number: 7n, sealProof: 5, sealedCid, updated: false }] })
  t.equal(calls[0]?.randomness.length, 32)
  t.ok((calls[0]?.randomness[31] as number) < 0x40)
  t.equal(await warmUp(c, actor(1003n), signal), undefined, 'nothing to prove')
  t.equal(calls.length, 1)
})

t.test(
  'an actor that proves for a block already is not warmed up, and nothing is before the first attempt is over',
  async (t) => {
    const { calls, c } = scene()
    const first = new FirstProofs()
    const done = first.warmUpOthers(c, [actor(1000n), actor(1001n)], 60_000, signal)
    await first.watch(c.prover).winningPost(1000n, [], new Uint8Array(32))
    await sleep(5)
    t.same(
      calls.map((x) => x.miner),
      [1000n],
      'only the block',
    )
    first.attempted()
    await done
    t.same(
      calls.map((x) => x.miner),
      [1000n, 1001n],
    )
  },
)

t.test('without any attempt it begins after a while; never after the stop', async (t) => {
  const { calls, c } = scene()
  await new FirstProofs().warmUpOthers(c, [actor(1000n)], 5, signal)
  t.equal(calls.length, 1)
  const stop = new AbortController()
  const done = new FirstProofs().warmUpOthers(c, [actor(1000n)], 60_000, stop.signal)
  stop.abort()
  await done
  t.equal(calls.length, 1)
})
