// Checks made together answer as each alone: blocks of a chain that Lotus made, their signatures, VRFs, beacon rounds and proofs,
// as they are and spoilt in every way that a peer could think of.

import t, { type Test } from 'tap'
import { previousEntry } from '../../../src/consensus/rules/beacon.ts'
import { lookbackOf } from '../../../src/consensus/rules/lookback.ts'
import { lookbackMiner } from '../../../src/consensus/rules/miner.ts'
import { wholeHeader } from '../../../src/consensus/rules/syntax.ts'
import { challengedSector } from '../../../src/consensus/rules/winning-post.ts'
import {
  blsAggregate,
  blsKeyFromSeed,
  blsPublicKey,
  blsSign,
  type DrandRound,
  drandPublicKey,
  drandSign,
} from '../../../src/native/crypto.ts'
import type { PoStInfo } from '../../../src/native/proofs.ts'
import { BatchVerifier, oneByOne, type ProofVerifier } from '../../../src/native/verifier.ts'
import { drandAt } from '../../../src/networks/schedule.ts'
import { blockSigningBytes, type Ticket } from '../../../src/types/block.ts'
import { drawingEntry, electionInput, ticketInput, winningPostRandomness } from '../../../src/types/draws.ts'
import type { ActorId } from '../../../src/types/scalars.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.setTimeout(120_000)

type Check = (verifier: ProofVerifier) => Promise<boolean>

/** What a check gives: its answer, or code and message of what it throws. */
const outcome = (answer: Promise<boolean>): Promise<unknown> =>
  answer.catch((e: { code?: string; message?: string }) => ({ code: e.code, message: e.message }))

/** Makes checks alone and together. @returns the answers */
async function same(t: Test, checks: readonly Check[], what: string): Promise<unknown[]> {
  const alone = await Promise.all(checks.map((check) => outcome(check(oneByOne))))
  const batch = new BatchVerifier()
  const answers = checks.map((check) => outcome(check(batch)))
  batch.flush()
  t.same(await Promise.all(answers), alone, what)
  return alone
}

const bls = (keys: readonly Uint8Array[], messages: readonly Uint8Array[], signature: Uint8Array): Check => {
  return (v) => v.blsVerifyAggregate(keys, messages, signature)
}
const changed = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy[at] = (copy[at] as number) ^ 1
  return copy
}
const text = (s: string): Uint8Array => Buffer.from(s)
const INFINITY_G1 = Buffer.concat([Uint8Array.of(0xc0), new Uint8Array(47)])
const INFINITY_G2 = Buffer.concat([Uint8Array.of(0xc0), new Uint8Array(95)])

const secrets = [1, 2, 3].map((n) => blsKeyFromSeed(new Uint8Array(32).fill(n)))
const keys = secrets.map(blsPublicKey)
const [secret, other] = secrets as [Uint8Array, Uint8Array]
const [key, otherKey] = keys as [Uint8Array, Uint8Array]

/** Right checks of each form: of one key several times, of several keys, aggregates. */
const right: Check[] = [
  ...Array.from({ length: 10 }, (_, i) => bls([key], [text(`m${i}`)], blsSign(secret, text(`m${i}`)))),
  bls([otherKey], [text('m0')], blsSign(other, text('m0'))),
  bls(keys, keys, blsAggregate(secrets.map((s, i) => blsSign(s, keys[i] as Uint8Array)))),
  bls([key, key], [text('a'), text('b')], blsAggregate([blsSign(secret, text('a')), blsSign(secret, text('b'))])),
]

t.test('signatures that are right', async (t) => {
  const answers = await same(t, right, 'all')
  t.ok(answers.every((a) => a === true))
  await same(t, right.slice(0, 1), 'one')
  await same(t, right.slice(0, 2), 'two')
})

t.test('signatures that are wrong, each among right ones', async (t) => {
  const good = blsSign(secret, text('m'))
  const wrong: Record<string, Check> = {
    'another message': bls([key], [text('n')], good),
    'another key': bls([otherKey], [text('m')], good),
    'a changed signature': bls([key], [text('m')], changed(good, 50)),
    'a changed key': bls([changed(key, 20)], [text('m')], good),
    'an aggregate that lacks one': bls(
      keys,
      keys,
      blsAggregate(secrets.slice(1).map((s, i) => blsSign(s, keys[i + 1] as Uint8Array))),
    ),
    'one message twice': bls([key, key], [text('m'), text('m')], blsAggregate([good, good])),
    'the identity as key': bls([INFINITY_G1], [text('m')], INFINITY_G2),
    'the identity as signature': bls([key], [text('m')], INFINITY_G2),
    'no message': bls([], [], good),
    'a short key': bls([key.subarray(1)], [text('m')], good),
    'a short signature': bls([key], [text('m')], good.subarray(1)),
    'an empty signature': bls([key], [text('m')], new Uint8Array(0)),
    'a point outside the group': bls(
      [key],
      [text('m')],
      Buffer.concat([Uint8Array.of(0x80), new Uint8Array(94), Uint8Array.of(2)]),
    ),
  }
  for (const [what, check] of Object.entries(wrong)) {
    const answers = await same(t, [...right, check, ...right], what)
    t.equal(answers[right.length], false, what)
  }
  await same(t, [...Object.values(wrong), ...right, ...Object.values(wrong)], 'all of them')
  await same(t, [...right, bls([key], [], good)], 'lists of different lengths')
})

t.test('wrong signatures whose errors cancel each other', async (t) => {
  // Their plain sum is that of the right ones: without random factors they would pass.
  const [a, b] = [blsSign(secret, text('a')), blsSign(secret, text('b'))]
  const answers = await same(t, [bls([key], [text('a')], b), bls([key], [text('b')], a), ...right], 'exchanged')
  t.same(answers.slice(0, 2), [false, false])
})

t.test('drand rounds of every scheme', async (t) => {
  const beacon = new Uint8Array(32).fill(9)
  const rounds: DrandRound[] = []
  for (const scheme of [
    'pedersen-bls-chained',
    'pedersen-bls-unchained',
    'bls-unchained-on-g1',
    'bls-unchained-g1-rfc9380',
  ] as const) {
    for (const round of [7n, 8n, 9n]) {
      const previousSignature = new Uint8Array(96).fill(1)
      const signature = drandSign(scheme, beacon, round, previousSignature)
      rounds.push({ scheme, publicKey: drandPublicKey(scheme, beacon), round, previousSignature, signature })
    }
  }
  const check = (round: DrandRound): Check => {
    return (v) => v.drandVerify(round)
  }
  const all = rounds.map(check)
  t.ok((await same(t, [...all, ...right], 'right ones')).every((a) => a === true))
  for (const [i, round] of rounds.entries()) {
    const spoilt = [
      { ...round, round: 10n },
      { ...round, signature: changed(round.signature, 30) },
      { ...round, publicKey: changed(round.publicKey, 30) },
      { ...round, signature: new Uint8Array(0) },
    ].map(check)
    const answers = await same(t, [...right.slice(0, 3), ...spoilt, ...all], `${round.scheme} ${i}`)
    t.same(answers.slice(3, 7), [false, false, false, false])
  }
  const [first] = rounds as [DrandRound]
  const odd = [
    { ...first, round: -1n },
    { ...first, scheme: 'none' as DrandRound['scheme'] },
    { ...first, previousSignature: new Uint8Array(97) },
  ].map(check)
  for (const one of odd) {
    const [answer] = await same(t, [one, ...all], 'a round that cannot be checked')
    t.hasProp(answer as object, 'code')
  }
})

const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
if (folder !== undefined) {
  const chain = await snapshotChain(folder)
  const posts: PoStInfo[] = []
  const signatures: Check[] = []
  const rounds: Check[] = []
  for (const tipset of chain.tipsets.slice(150, 190)) {
    const base = chain.chain.parent(tipset)
    for (const block of tipset.blocks) {
      const header = wholeHeader(block)
      const { worker, view, active } = lookbackMiner(chain.state, header.miner, lookbackOf(chain.state, base, header.height))
      const entry = drawingEntry(header, previousEntry(chain.env, base))
      const worked = (message: Uint8Array, signature: Uint8Array): number =>
        signatures.push(bls([worker.payload], [message], signature))
      worked(blockSigningBytes(header), header.blockSig.data)
      worked(electionInput(entry, header.height, header.miner), header.electionProof.vrfProof)
      worked(
        ticketInput(chain.network.upgrades.smoke, entry, header.height, header.miner, base.minTicketBlock.ticket as Ticket),
        header.ticket.vrfProof,
      )
      const drand = drandAt(chain.network, header.height)
      for (const e of header.beaconEntries)
        rounds.push((v) =>
          v.drandVerify({
            scheme: 'bls-unchained-g1-rfc9380',
            publicKey: Buffer.from(drand.info?.publicKey ?? '', 'hex'),
            round: e.round,
            signature: e.data,
          }),
        )
      const randomness = winningPostRandomness(entry, header.height, header.miner)
      const sector = challengedSector(view, active(), header.miner.id as ActorId, randomness)
      if (sector === undefined) throw new Error('the miner has no sector')
      posts.push({
        randomness,
        miner: header.miner.id as bigint,
        proofs: [{ proofType: sector.sealProof % 5, proof: header.winPostProof[0]?.proofBytes as Uint8Array }],
        sectors: [{ sealProofType: sector.sealProof, sector: sector.sectorNumber, sealedCid: sector.sealedCid.bytes }],
      })
    }
  }
  const check = (info: PoStInfo): Check => {
    return (v) => v.verifyWinningPost(info)
  }
  const [first, second] = posts as [PoStInfo, PoStInfo]
  const proofOf = (info: PoStInfo): Uint8Array => info.proofs[0]?.proof as Uint8Array
  const withProof = (info: PoStInfo, proof: Uint8Array): PoStInfo => ({
    ...info,
    proofs: [{ proofType: info.proofs[0]?.proofType as number, proof }],
  })

  t.test('everything in a stretch of a chain', async (t) => {
    const all = [...signatures, ...rounds, ...posts.map(check)]
    t.ok(all.length > 150, `${all.length} checks`)
    t.ok((await same(t, all, 'all')).every((a) => a === true))
    await same(t, [check(first)], 'one proof')
  })

  t.test('proofs that are wrong, each among right ones', async (t) => {
    const few = posts.slice(2, 6).map(check)
    const sectorOf = (info: PoStInfo): PoStInfo['sectors'][number] => info.sectors[0] as PoStInfo['sectors'][number]
    const wrong: Record<string, PoStInfo> = {
      'the proof of another block': withProof(first, proofOf(second)),
      'other randomness': { ...first, randomness: second.randomness },
      'another miner': { ...first, miner: first.miner + 1n },
      'another sector': { ...first, sectors: [{ ...sectorOf(first), sector: sectorOf(first).sector + 1n }] },
      'A and C exchanged': withProof(
        first,
        Buffer.concat([proofOf(first).subarray(144), proofOf(first).subarray(48, 144), proofOf(first).subarray(0, 48)]),
      ),
    }
    for (const [what, info] of Object.entries(wrong)) {
      const [answer] = await same(t, [check(info), ...few], what)
      if (what !== 'another miner') t.equal(answer, false, what)
    }
    const garbled: Record<string, PoStInfo> = {
      'bytes that are no points': withProof(first, new Uint8Array(192)),
      'a short proof': withProof(first, proofOf(first).subarray(1)),
      'a long proof': withProof(first, Buffer.concat([proofOf(first), Uint8Array.of(0)])),
      'no proof': { ...first, proofs: [] },
      'no sector': { ...first, sectors: [] },
      'two sectors': { ...first, sectors: [sectorOf(first), { ...sectorOf(first), sector: sectorOf(first).sector + 1n }] },
      'a type that there is not': { ...first, proofs: [{ proofType: 99, proof: proofOf(first) }] },
    }
    for (const [what, info] of Object.entries(garbled)) await same(t, [...few, check(info)], what)
    const both = [...Object.values(wrong), ...Object.values(garbled)].map(check)
    await same(t, [...both, ...few, ...both], 'all of them')
  })
}

t.test('what nobody flushes goes off by itself', async (t) => {
  const batch = new BatchVerifier()
  t.same(
    await Promise.all(right.map((check) => check(batch))),
    right.map(() => true),
  )
})
