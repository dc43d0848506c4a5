import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { StateTree } from '../../../src/actors/state-tree.ts'
import { encode } from '../../../src/codec/codec.ts'
import { blsSign } from '../../../src/native/crypto.ts'
import { loadNetworkFile } from '../../../src/networks/network-file.ts'
import type { Network } from '../../../src/networks/types.ts'
import { type FaultComponents, FaultType, type FaultVerdict, verifyConsensusFault } from '../../../src/state/consensus-fault.ts'
import { Address } from '../../../src/types/address.ts'
import { type BlockHeader, blockCid, blockHeader, blockSigningBytes } from '../../../src/types/block.ts'
import { cidOf } from '../../../src/types/cid.ts'
import { LotusChain } from '../../kit/lotus-chain.ts'
import { sharedData } from '../../kit/shared-data.ts'

const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
if (folder !== undefined) await faults(folder)

function workerKeyOf(folder: string, miner: string): Uint8Array {
  const text = Buffer.from(readFileSync(join(folder, 'miners', miner, `pre-seal-${miner}.key`), 'latin1').trim(), 'hex')
  return new Uint8Array(Buffer.from(JSON.parse(text.toString()).PrivateKey, 'base64'))
}

async function faults(folder: string): Promise<void> {
  const network = await loadNetworkFile(join(folder, 'network.json'))
  const chain = new LotusChain(folder)
  const keys = new Map(['t01000', 't01001'].map((m) => [m, workerKeyOf(folder, m)]))
  const base = chain.at(chain.head.parents.map((c) => ({ '/': c.toString() })))?.tree as StateTree

  /** A header of the chain with some fields changed, signed by its miner's worker. */
  const signed = (fields: Partial<BlockHeader> = {}, signer?: string): BlockHeader => {
    const header = { ...chain.head, ...fields }
    const key = keys.get(signer ?? header.miner.toString('t')) as Uint8Array
    return { ...header, blockSig: { type: 2, data: blsSign(key, blockSigningBytes(header)) } }
  }
  const bytes = (h: BlockHeader): Uint8Array => encode(blockHeader, h)
  const none: Uint8Array = new Uint8Array(0)
  const check = (h1: Uint8Array, h2: Uint8Array, extra = none, changes: Partial<FaultComponents> = {}): FaultVerdict =>
    verifyConsensusFault(
      {
        network,
        store: chain.store,
        registry: chain.registry(),
        epoch: chain.head.height + 10,
        base,
        lookbackState: () => base,
        ...changes,
      },
      h1,
      h2,
      extra,
    )
  const { head } = chain
  const miner = head.miner.id as bigint
  const height = head.height
  const a = signed()
  const fork = signed({ forkSignaling: 1n })
  const later = signed({ height: height + 1 })
  const otherMiner = Address.fromId(miner === 1000n ? 1001n : 1000n)

  t.test('double-fork mining: two blocks at one height', async (t) => {
    // Three loads for each header at the price of epoch 0, as this network has no later one: state, info and worker account.
    const gas = 6 * 75_242
    t.same(check(bytes(a), bytes(fork)), { fault: { target: miner, epoch: height, type: FaultType.doubleForkMining }, gas })
    const { upgrades } = network
    const free = { network: { ...network, upgrades: { ...upgrades, hygge: 1 } } }
    t.equal(check(bytes(a), bytes(fork), none, free).gas, 0, 'from nv18 on they are free')
    t.same(check(bytes(head), bytes(fork)).fault?.type, FaultType.doubleForkMining, "the chain's own block is one of them")
  })

  t.test('time-offset mining: the same parents at two heights', async (t) => {
    const expected = { target: miner, epoch: height + 1, type: FaultType.timeOffsetMining }
    t.same(check(bytes(a), bytes(later)).fault, expected)
    const elsewhere = signed({ height: height + 1, parents: [...head.parents, cidOf(none)] })
    t.equal(check(bytes(a), bytes(elsewhere)).fault, null, 'other parents')
  })

  t.test('parent grinding: leaving out its own block', async (t) => {
    // Another block stood beside a; b took that one as its parent and left out its own.
    const witness = signed({ miner: otherMiner })
    const b = signed({ height: height + 1, parents: [blockCid(witness)] })
    const expected = { target: miner, epoch: height + 1, type: FaultType.parentGrinding }
    t.same(check(bytes(a), bytes(b), bytes(witness)).fault, expected)
    t.equal(check(bytes(a), bytes(b)).fault, null, 'without the witness')
    const fair = signed({ height: height + 1, parents: [blockCid(witness), blockCid(a)] })
    t.equal(check(bytes(a), bytes(fair), bytes(witness)).fault, null, 'b has a among its parents')
    const stranger = signed({ miner: otherMiner, forkSignaling: 7n })
    t.equal(check(bytes(a), bytes(b), bytes(stranger)).fault, null, 'the witness is no parent of b')
    const lower = signed({ miner: otherMiner, height: height - 1 })
    const ofLower = signed({ height: height + 1, parents: [blockCid(lower)] })
    t.equal(check(bytes(a), bytes(ofLower), bytes(lower)).fault, null, 'the witness stood at another height')
    const cousin = signed({ miner: otherMiner, parents: [cidOf(none)] })
    const ofCousin = signed({ height: height + 1, parents: [blockCid(cousin)] })
    t.equal(check(bytes(a), bytes(ofCousin), bytes(cousin)).fault, null, 'the witness had other parents')
  })

  t.test('what proves nothing', async (t) => {
    const innocent = (
      h1: Uint8Array,
      h2: Uint8Array,
      why: string,
      extra?: Uint8Array,
      changes?: Partial<FaultComponents>,
    ): void => {
      t.equal(check(h1, h2, extra, changes).fault, null, why)
    }
    innocent(bytes(a), bytes(a), 'the same block twice')
    innocent(bytes(a), bytes(signed({ miner: otherMiner })), 'blocks of two miners')
    innocent(bytes(later), bytes(a), 'the second lies below the first')
    innocent(bytes(a), bytes({ ...fork, blockSig: a.blockSig }), 'a signature of another header')
    innocent(bytes(a), bytes({ ...fork, blockSig: null }), 'no signature')
    innocent(bytes(a), bytes(signed({ forkSignaling: 1n }, otherMiner.toString('t'))), "another miner's signature")
    innocent(none, bytes(fork), 'no first header')
    innocent(bytes(a), bytes(fork).subarray(0, 100), 'half a header')
    innocent(bytes(a), Uint8Array.of(...bytes(fork), 0), 'bytes behind a header')
    innocent(bytes(a), bytes(fork), 'a witness that is none', Uint8Array.of(1, 2, 3))
    const missing = Address.fromId(99_999n)
    const unknown = (fields: object): Uint8Array => bytes(signed({ ...fields, miner: missing }, 't01000'))
    innocent(unknown({}), unknown({ forkSignaling: 1n }), 'a miner that is not there')
    innocent(bytes(a), bytes(fork), 'too long ago', none, { epoch: height + 901 })
    t.ok(check(bytes(a), bytes(fork), none, { epoch: height + 900 }).fault, 'the last epoch in which it counts')
    const unreachable = (): StateTree => {
      throw new Error('the chain does not reach back')
    }
    innocent(bytes(a), bytes(fork), 'no state to look at', none, { lookbackState: unreachable })
  })

  t.test('loads of state cost gas before nv18, whatever the outcome', async (t) => {
    const before = (calico: number): Network => ({
      ...network,
      upgrades: { ...network.upgrades, hygge: 1_000_000, calico },
    })
    const cheap = check(bytes(a), bytes(fork), none, { network: before(1_000_000) })
    const dear = check(bytes(a), bytes(fork), none, { network: before(1) })
    t.ok(cheap.fault)
    t.ok(cheap.gas > 0)
    t.equal(cheap.gas % 75_242, 0)
    t.equal((dear.gas / 114_617) * 75_242, cheap.gas)
    const first = check(bytes({ ...a, blockSig: null }), bytes(fork), none, { network: before(1_000_000) })
    t.equal(first.fault, null)
    t.equal(first.gas * 2, cheap.gas, 'the second header is not looked at')
    t.equal(check(bytes(a), bytes(a), none, { network: before(1) }).gas, 0)
  })

  t.test("no fault counts around calibnet's repair", async (t) => {
    const repaired = (at: number): Partial<FaultComponents> => ({
      network: { ...network, upgrades: { ...network.upgrades, watermelonFix: at } },
    })
    t.equal(check(bytes(a), bytes(fork), none, repaired(height + 899)).fault, null)
    t.equal(check(bytes(a), bytes(fork), none, repaired(1)).fault, null)
    t.ok(check(bytes(a), bytes(fork), none, repaired(height + 900)).fault)
    t.ok(check(bytes(a), bytes(fork), none, repaired(-1)).fault, 'a network that never ran it')
  })
}
