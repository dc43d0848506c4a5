// Two libraries must judge every recorded signature alike: a change of a curve library once made nodes refuse a valid drand round
// (2024-09-16). Blocks' VRFs and signatures are BLS over G2, drand's rounds BLS over G1.

import { createHash } from 'node:crypto'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import t from 'tap'
import { blsVerify, drandVerify } from '../../../src/native/crypto.ts'
import { blockSigningBytes } from '../../../src/types/block.ts'
import { drawingEntry, electionInput } from '../../../src/types/draws.ts'
import { minerKeys } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.setTimeout(120_000)

const { longSignatures, shortSignatures } = bls12_381
const TAG_G1 = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_'
const TAG_G2 = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_'
const EVERY = 12

const never = (check: () => boolean): boolean => {
  try {
    return check()
  } catch {
    return false
  }
}
const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  Uint8Array.from(bytes, (b, i) => (i === (bit >> 3) % bytes.length ? b ^ (1 << (bit & 7)) : b))

function nobleG2(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return never(() => longSignatures.verify(signature, longSignatures.hash(message, TAG_G2), publicKey))
}

function nobleDrand(publicKey: Uint8Array, round: bigint, signature: Uint8Array): boolean {
  const input = new Uint8Array(8)
  new DataView(input.buffer).setBigUint64(0, round)
  const message = createHash('sha256').update(input).digest()
  return never(() => shortSignatures.verify(signature, shortSignatures.hash(message, TAG_G1), publicKey))
}

t.test('blocks and rounds of a Lotus chain', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const c = await snapshotChain(folder)
  const keys = minerKeys(folder)
  const drandKey = Buffer.from(c.network.drand[0]?.info?.publicKey as string, 'hex')
  let judged = 0
  let bit = 0
  const same = (what: string, ours: boolean, theirs: boolean, expected: boolean) => {
    t.same([ours, theirs], [expected, expected], what)
    judged++
  }
  for (const [i, ts] of c.tipsets.entries()) {
    if (i % EVERY !== 0) continue
    const header = ts.first
    const key = keys.get(header.miner.id as bigint)?.address.payload as Uint8Array
    const previous = c.state.randomness(c.chain.parent(ts)).latestBeaconEntry(c.chain.parent(ts))
    const vrf = electionInput(drawingEntry(header, previous), header.height, header.miner)
    const pairs: [string, Uint8Array, Uint8Array][] = [
      ['signature', blockSigningBytes(header), header.blockSig?.data as Uint8Array],
      ['election proof', vrf, header.electionProof?.vrfProof as Uint8Array],
    ]
    for (const [what, message, signature] of pairs) {
      same(`${what} at ${header.height}`, blsVerify(key, message, signature), nobleG2(key, message, signature), true)
      bit += 37
      const bad = flip(signature, bit)
      same(`${what} with bit ${bit} flipped`, blsVerify(key, message, bad), nobleG2(key, message, bad), false)
    }
    const entry = header.beaconEntries[0]
    if (entry === undefined) continue
    const ours = (round: bigint, signature: Uint8Array) =>
      drandVerify({ scheme: 'bls-unchained-g1-rfc9380', publicKey: drandKey, round, signature })
    same(`round ${entry.round}`, ours(entry.round, entry.data), nobleDrand(drandKey, entry.round, entry.data), true)
    same('another round', ours(entry.round + 1n, entry.data), nobleDrand(drandKey, entry.round + 1n, entry.data), false)
    const bad = flip(entry.data, bit)
    same('a flipped bit', ours(entry.round, bad), nobleDrand(drandKey, entry.round, bad), false)
  }
  t.ok(judged > 180, `${judged} signatures`)
})
