import { deepEqual, equal, ok } from 'node:assert/strict'
import { encode } from '../../../../src/codec/codec.ts'
import { blake2b256, blsVerify, blsVerifyAggregate, drandVerify } from '../../../../src/native/crypto.ts'
import { mainnet } from '../../../../src/networks/mainnet.ts'
import { drandAt, maxBeaconRoundForEpoch, networkVersion } from '../../../../src/networks/schedule.ts'
import { nextBaseFee } from '../../../../src/state/base-fee.ts'
import { checkBlockSignature } from '../../../../src/state/consensus-fault.ts'
import type { MemoryBlockstore } from '../../../../src/store/blockstore.ts'
import { ChainReader } from '../../../../src/store/chain-reader.ts'
import { type Address, address } from '../../../../src/types/address.ts'
import { type BeaconEntry, type BlockHeader, blockCid } from '../../../../src/types/block.ts'
import type { CID } from '../../../../src/types/cid.ts'
import { winCount } from '../../../../src/types/election.ts'
import { DomainTag, drawRandomness } from '../../../../src/types/randomness.ts'
import { type Tipset, TipsetKey } from '../../../../src/types/tipset.ts'
import { minerPower, networkPower, workerKey } from '../../../kit/actors-v0.ts'
import { readCar } from '../../../kit/car.ts'
import type { ConformanceReport } from '../../../kit/conformance.ts'

const EPOCHS = 4
const WEIGHT_PER_LOG2 = 256n

/** The same bytes with one bit changed in the middle. */
function altered(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes)
  const at = out.length >> 1
  out[at] = (out[at] as number) ^ 1
  return out
}

/** Mainnet's first four tipsets: what can be checked of them with no state but the genesis state. */
export async function mainnetStart(report: ConformanceReport, path: string): Promise<void> {
  const { roots, store } = readCar(path)
  const chain = new ChainReader(store)
  const tipsets: Tipset[] = []
  for (let t = chain.tipset(new TipsetKey(roots)); ; t = chain.parent(t)) {
    tipsets.unshift(t)
    if (t.height === 0) break
  }
  const genesis = tipsets[0] as Tipset
  await report.check('mainnet genesis', () => {
    equal(tipsets.length, EPOCHS)
    equal(blockCid(genesis.first).toString(), mainnet.genesisCid?.toString())
    equal(genesis.minTimestamp, BigInt(mainnet.genesisTimestamp as number))
  })
  for (const [i, tipset] of tipsets.entries()) {
    if (i > 0)
      await checkTipset(report, { store, chain, genesis: genesis.parentStateRoot, parent: tipsets[i - 1] as Tipset, tipset })
  }
}

interface Step {
  readonly store: MemoryBlockstore
  readonly chain: ChainReader
  /** Root of the genesis state: in these epochs nobody's key or power changes. */
  readonly genesis: CID
  readonly parent: Tipset
  readonly tipset: Tipset
}

async function checkTipset(report: ConformanceReport, step: Step): Promise<void> {
  const { store, chain, genesis, parent, tipset } = step
  const at = `mainnet epoch ${tipset.height}`
  await report.check(`${at} base fee`, () => equal(tipset.first.parentBaseFee, nextBaseFee(mainnet, chain, parent)))
  await report.check(`${at} parent weight`, () => {
    const log2 = BigInt(networkPower(store, genesis).toString(2).length - 1)
    const wins = parent.blocks.reduce((sum, b) => sum + (b.electionProof?.winCount ?? 0n), 0n)
    // Half of a fifth of it for each win.
    equal(tipset.first.parentWeight, parent.first.parentWeight + log2 * WEIGHT_PER_LOG2 + (log2 * wins * WEIGHT_PER_LOG2) / 10n)
  })
  for (const block of tipset.blocks) {
    const worker = workerKey(store, genesis, block.miner)
    await report.check(`${at} header`, () => {
      equal(block.timestamp, BigInt(mainnet.genesisTimestamp as number) + 30n * BigInt(block.height))
      deepEqual(block.parents.map(String), parent.cids.map(String))
    })
    await report.check(`${at} messages`, () => {
      const { bls, secp, blsCids } = chain.messages(block)
      equal(bls.length, tipset.height === 1 ? 5 : 0)
      equal(secp.length, 0)
      // Nothing is signed where there is nothing to sign (Lotus chain/consensus/utils.go, VerifyBlsAggregate).
      if (bls.length === 0) return
      const aggregate = (block.blsAggregate as NonNullable<BlockHeader['blsAggregate']>).data
      const keys = bls.map((m) => m.from.payload)
      const signed = blsCids.map((c) => c.bytes)
      ok(blsVerifyAggregate(keys, signed, aggregate))
      ok(!blsVerifyAggregate(keys.slice(1), signed.slice(1), aggregate))
      ok(!blsVerifyAggregate([...keys, worker.payload], [...signed, block.messages.bytes], aggregate))
    })
    await report.check(`${at} block signature`, () => {
      const signature = block.blockSig as NonNullable<BlockHeader['blockSig']>
      ok(checkBlockSignature(block, worker))
      ok(!checkBlockSignature({ ...block, blockSig: { ...signature, data: altered(signature.data) } }, worker))
      ok(!checkBlockSignature({ ...block, timestamp: block.timestamp + 1n }, worker))
      ok(!checkBlockSignature(block, workerKeyOfAnother(worker)))
    })
    await report.check(`${at} beacon entries`, () => checkBeacon(block, parent))
    await report.check(`${at} ticket and election proof`, () => checkVrfs(block, worker))
    await report.check(`${at} win count`, () => {
      const proof = block.electionProof as NonNullable<BlockHeader['electionProof']>
      equal(
        BigInt(winCount(proof.vrfProof, minerPower(store, genesis, block.miner), networkPower(store, genesis))),
        proof.winCount,
      )
    })
    report.skip(`${at} winning PoSt`, 'the verifying key for 32 GiB sectors is a download')
  }
}

function workerKeyOfAnother(worker: Address): Address {
  // The generator of G1, compressed: a valid key that nobody here signed with.
  const generator = '97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb'
  return (worker.constructor as typeof Address).fromBytes(Uint8Array.of(3, ...Buffer.from(generator, 'hex')))
}

function checkBeacon(block: BlockHeader, parent: Tipset): void {
  const { info } = drandAt(mainnet, block.height)
  if (info === undefined) throw new Error('mainnet has a real beacon')
  const [entry, ...more] = block.beaconEntries
  equal(more.length, 0)
  if (entry === undefined) throw new Error('no beacon entry')
  const nv = networkVersion(mainnet, block.height)
  equal(entry.round, maxBeaconRoundForEpoch(mainnet, mainnet.genesisTimestamp as number, nv, block.height))
  const previous = parent.first.beaconEntries.at(-1) as BeaconEntry
  // The entry in the genesis block is made up (round 0, no signature): nothing links to it.
  if (previous.round === 0n) {
    equal(parent.height, 0)
    return
  }
  equal(entry.round, previous.round + 1n)
  const round = {
    scheme: 'pedersen-bls-chained',
    publicKey: Buffer.from(info.publicKey, 'hex'),
    round: entry.round,
    previousSignature: previous.data,
    signature: entry.data,
  } as const
  ok(drandVerify(round))
  ok(!drandVerify({ ...round, signature: altered(entry.data) }))
  ok(!drandVerify({ ...round, round: entry.round + 1n }))
  ok(!drandVerify({ ...round, previousSignature: altered(previous.data) }))
}

/** Up to Smoke a ticket is drawn from the beacon and the miner alone. */
function checkVrfs(block: BlockHeader, worker: Address): void {
  const beacon = blake2b256((block.beaconEntries.at(-1) as BeaconEntry).data)
  const entropy = encode(address, block.miner)
  const ticket = (block.ticket as NonNullable<BlockHeader['ticket']>).vrfProof
  const election = (block.electionProof as NonNullable<BlockHeader['electionProof']>).vrfProof
  const ticketBase = drawRandomness(beacon, BigInt(DomainTag.ticketProduction), block.height - 1, entropy)
  const electionBase = drawRandomness(beacon, BigInt(DomainTag.electionProofProduction), block.height, entropy)
  ok(blsVerify(worker.payload, ticketBase, ticket), 'ticket')
  ok(blsVerify(worker.payload, electionBase, election), 'election proof')
  ok(!blsVerify(worker.payload, electionBase, ticket), 'a ticket is no election proof')
  ok(!blsVerify(worker.payload, ticketBase, altered(ticket)), 'an altered ticket')
  const nextEpoch = drawRandomness(beacon, BigInt(DomainTag.electionProofProduction), block.height + 1, entropy)
  ok(!blsVerify(worker.payload, nextEpoch, election), 'a proof of another epoch')
}
