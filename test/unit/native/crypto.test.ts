import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { blake2b as nobleBlake2b } from '@noble/hashes/blake2.js'
import t from 'tap'
import { addon } from '../../../src/native/addon.ts'
import type { DrandRound, DrandScheme } from '../../../src/native/crypto.ts'
import {
  blake2b,
  blake2b256,
  blsAggregate,
  blsKeyFromSeed,
  blsPublicKey,
  blsSign,
  blsVerify,
  blsVerifyAggregate,
  blsVerifyAggregateAsync,
  blsVerifyAsync,
  drandPublicKey,
  drandSign,
  drandVerify,
  drandVerifyAsync,
  secp256k1PublicKey,
  secp256k1Recover,
  secp256k1Sign,
} from '../../../src/native/crypto.ts'
import { decodeBlock } from '../../../src/types/block.ts'
import { carBlocks } from '../../kit/fvm-vectors.ts'
import { sharedData, sharedJson } from '../../kit/shared-data.ts'

const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

/** The compressed identity of G1 (48 bytes) or G2 (96). */
const identity = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i === 0 ? 0xc0 : 0))

t.test('a panic becomes an error with a code', async (t) => {
  t.throws(() => addon().panicForTest('on purpose'), { code: 'NATIVE_PANIC', message: /on purpose/ })
  await t.rejects(addon().panicForTestAsync('on purpose'), { code: 'NATIVE_PANIC', message: /on purpose/ })
})

t.test('blake2b agrees with another implementation', (t) => {
  for (const size of [0, 1, 127, 128, 129, 5000]) {
    const data = createHash('shake256', { outputLength: Math.max(size, 1) })
      .update(`${size}`)
      .digest()
      .subarray(0, size)
    for (const length of [1, 4, 20, 32, 64]) t.equal(hex(blake2b(data, length)), hex(nobleBlake2b(data, { dkLen: length })))
    t.equal(hex(blake2b256(data)), hex(nobleBlake2b(data, { dkLen: 32 })))
  }
  t.throws(() => blake2b(Uint8Array.of(), 0), { code: 'NATIVE_ARGUMENT' })
  t.throws(() => blake2b(Uint8Array.of(), 65), { code: 'NATIVE_ARGUMENT' })
  t.throws(() => blake2b('text' as unknown as Uint8Array), { code: 'NATIVE_ARGUMENT' })
  t.end()
})

interface BlsCase {
  Msg: string
  BLSPrivKey: string
  BLSPubKey: string
  BLSSigG2: string
}

t.test('BLS vectors of the Filecoin suite', async (t) => {
  const data = sharedJson<{ cases: BlsCase[] }>(t, 'wallet', 'bls-filecoin-suite.json')
  if (data === undefined) return
  const cases = data.cases.filter((c) => c.BLSPrivKey !== '')
  t.equal(cases.length, 104)
  const keys: Uint8Array[] = []
  const messages: Uint8Array[] = []
  const signatures: Uint8Array[] = []
  for (const c of cases) {
    // The vectors print the scalar in decimal; keys are little endian.
    const secret = Buffer.from(BigInt(c.BLSPrivKey).toString(16).padStart(64, '0'), 'hex').reverse()
    // A message is the text itself, hex though it looks.
    const message = Buffer.from(c.Msg)
    t.equal(hex(blsPublicKey(secret)), hex(bytes(c.BLSPubKey)))
    t.equal(hex(blsSign(secret, message)), hex(bytes(c.BLSSigG2)))
    t.equal(blsVerify(bytes(c.BLSPubKey), message, bytes(c.BLSSigG2)), true)
    t.equal(blsVerify(bytes(c.BLSPubKey), Buffer.concat([message, Uint8Array.of(1)]), bytes(c.BLSSigG2)), false)
    if (messages.some((m) => hex(m) === hex(message))) continue
    keys.push(bytes(c.BLSPubKey))
    messages.push(message)
    signatures.push(bytes(c.BLSSigG2))
  }
  const sum = blsAggregate(signatures)
  t.equal(blsVerifyAggregate(keys, messages, sum), true)
  t.equal(await blsVerifyAggregateAsync(keys, messages, sum), true)
  t.equal(blsVerifyAggregate(keys.slice(1), messages.slice(1), sum), false)
  t.equal(blsVerifyAggregate([...keys].reverse(), messages, sum), false)
  t.throws(() => blsVerifyAggregate(keys.slice(1), messages, sum), { code: 'NATIVE_BLS' })
})

t.test('message signatures made by Lotus', async (t) => {
  const cases = sharedJson<{ CidHexBytes: string; PrivateKey: string; Signature: { Type: number; Data: string } }[]>(
    t,
    'codec',
    'serialization',
    'message_signing.json',
  )
  if (cases === undefined) return
  for (const c of cases.filter(({ Signature }) => Signature.Type === 2)) {
    const message = Buffer.from(c.CidHexBytes, 'hex')
    t.equal(hex(blsSign(bytes(c.PrivateKey), message)), hex(bytes(c.Signature.Data)))
  }
  for (const c of cases.filter(({ Signature }) => Signature.Type === 1)) {
    const hash = blake2b256(Buffer.from(c.CidHexBytes, 'hex'))
    t.equal(hex(secp256k1Recover(hash, bytes(c.Signature.Data))), hex(secp256k1PublicKey(bytes(c.PrivateKey))))
  }
  t.ok(cases.length > 0)
})

t.test('what BLS must refuse', async (t) => {
  const one = blsKeyFromSeed(new Uint8Array(32).fill(1))
  const two = blsKeyFromSeed(new Uint8Array(32).fill(2))
  const message = Uint8Array.of(1, 2, 3)
  const signature = blsSign(one, message)
  t.equal(blsVerify(identity(48), message, identity(96)), false, 'anybody signs for the identity')
  t.equal(blsVerifyAggregate([blsPublicKey(one), identity(48)], [message, Uint8Array.of(4)], signature), false)
  t.equal(blsVerify(blsPublicKey(one), message, identity(96)), false)
  // Two signers of one message: valid as a sum, refused because equal messages open the door to rogue keys.
  const sum = blsAggregate([signature, blsSign(two, message)])
  t.equal(blsVerifyAggregate([blsPublicKey(one), blsPublicKey(two)], [message, message], sum), false)
  t.equal(blsVerifyAggregate([], [], signature), false)
  for (const size of [0, 1, 47, 49, 95, 97]) {
    t.equal(blsVerify(new Uint8Array(size), message, signature), false)
    t.equal(blsVerify(blsPublicKey(one), message, new Uint8Array(size)), false)
  }
  for (let i = 0; i < 50; i++) t.equal(await blsVerifyAsync(randomBytes(48), message, randomBytes(96)), false)
  t.throws(() => blsSign(new Uint8Array(32), message), { code: 'NATIVE_BLS' })
  t.throws(() => blsSign(new Uint8Array(32).fill(255), message), { code: 'NATIVE_BLS' })
  t.throws(() => blsPublicKey(new Uint8Array(31)), { code: 'NATIVE_BLS' })
  t.throws(() => blsKeyFromSeed(new Uint8Array(31)), { code: 'NATIVE_BLS' })
  t.throws(() => blsAggregate([]), { code: 'NATIVE_BLS' })
  t.throws(() => blsAggregate([signature, new Uint8Array(96)]), { code: 'NATIVE_BLS', message: /signature 1/ })
})

t.test('drand rounds of mainnet (chained) and of a Lotus devnet (unchained)', async (t) => {
  const mainnet = sharedData(t, 'chains', 'mainnet-epochs-0-3.car.zst')
  const devnet = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (mainnet === undefined || devnet === undefined) return
  const entriesOf = (path: string): { round: bigint; data: Uint8Array }[] => {
    const byRound = new Map<bigint, Uint8Array>()
    const file = readFileSync(path)
    const blocks = new Map<string, Uint8Array>()
    carBlocks(zstdDecompressSync(file), blocks)
    for (const data of blocks.values()) {
      // A tuple of sixteen that begins with an ID address: a block header.
      if (data[0] !== 0x90 || (data[1] as number) < 0x42 || (data[1] as number) > 0x44 || data[2] !== 0) continue
      // A genesis block's entry is 32 bytes of nothing.
      for (const entry of decodeBlock(data).beaconEntries)
        if (entry.data.length > 32) byRound.set(BigInt(entry.round), entry.data)
    }
    return [...byRound].map(([round, data]) => ({ round, data })).sort((a, b) => (a.round < b.round ? -1 : 1))
  }

  const chained = entriesOf(mainnet)
  const incentinet = Buffer.from(
    '8cad0c72c606ab27d36ee06de1d5b2db1faf92e447025ca37575ab3a8aac2eaae83192f846fc9e158bc738423753d000',
    'hex',
  )
  let checked = 0
  for (const [i, entry] of chained.entries()) {
    const previous = chained[i - 1]
    if (previous === undefined || previous.round + 1n !== entry.round) continue
    const round: DrandRound = {
      scheme: 'pedersen-bls-chained',
      publicKey: incentinet,
      round: entry.round,
      previousSignature: previous.data,
      signature: entry.data,
    }
    t.equal(drandVerify(round), true)
    t.equal(drandVerify({ ...round, round: entry.round + 1n }), false)
    t.equal(drandVerify({ ...round, previousSignature: entry.data }), false)
    checked++
  }
  t.ok(checked > 0)

  const network = JSON.parse(readFileSync(join(devnet, 'network.json'), 'utf8')) as {
    drand: { chainInfo: { public_key: string; schemeID: string } }[]
  }
  const info = network.drand[0]?.chainInfo
  if (info === undefined) throw new Error('the devnet has no beacon')
  const unchained = entriesOf(join(devnet, 'chain.car.zst'))
  t.ok(unchained.length > 100)
  const publicKey = Buffer.from(info.public_key, 'hex')
  const results = await Promise.all(
    unchained.map(({ round, data }) =>
      drandVerifyAsync({ scheme: info.schemeID as DrandScheme, publicKey, round, signature: data }),
    ),
  )
  t.equal(
    results.every((ok) => ok),
    true,
  )
  const [first] = unchained
  if (first === undefined) throw new Error('no round')
  const round = { scheme: info.schemeID as DrandScheme, publicKey, round: first.round, signature: first.data }
  t.equal(drandVerify({ ...round, round: first.round + 1n }), false)
  t.equal(drandVerify({ ...round, scheme: 'bls-unchained-on-g1' }), false, 'the domain tag counts')
  t.equal(drandVerify({ ...round, publicKey: identity(96), signature: identity(48) }), false)
  t.throws(() => drandVerify({ ...round, round: -1n }), { code: 'NATIVE_ARGUMENT' })
  t.throws(() => drandVerify({ ...round, scheme: 'other' as DrandScheme }), { code: 'NATIVE_BLS' })
})

t.test('a beacon of one signs rounds that verify', (t) => {
  const secret = new Uint8Array(32).fill(5)
  for (const scheme of [
    'pedersen-bls-chained',
    'pedersen-bls-unchained',
    'bls-unchained-on-g1',
    'bls-unchained-g1-rfc9380',
  ] as const) {
    const publicKey = drandPublicKey(scheme, secret)
    const previousSignature = new Uint8Array(32).fill(8)
    const signature = drandSign(scheme, secret, 77n, previousSignature)
    t.equal(drandVerify({ scheme, publicKey, round: 77n, previousSignature, signature }), true)
    t.equal(drandVerify({ scheme, publicKey, round: 78n, previousSignature, signature }), false)
  }
  t.throws(() => drandSign('pedersen-bls-chained', new Uint8Array(32), 1n), { code: 'NATIVE_BLS' })
  t.end()
})

t.test('secp256k1 agrees with another implementation', (t) => {
  for (let i = 1; i <= 20; i++) {
    const secret = blake2b256(Uint8Array.of(i))
    const hash = blake2b256(Uint8Array.of(i, i))
    t.equal(hex(secp256k1PublicKey(secret)), hex(secp256k1.getPublicKey(secret, false)))
    const signature = secp256k1Sign(secret, hash)
    t.equal(signature.length, 65)
    t.equal(secp256k1.verify(signature.subarray(0, 64), hash, secp256k1.getPublicKey(secret), { prehash: false }), true)
    t.equal(hex(secp256k1Recover(hash, signature)), hex(secp256k1PublicKey(secret)))
    // The same signature with the high s (and the other parity) recovers the same key, as in libsecp256k1.
    const order = secp256k1.Point.CURVE().n
    const high = (order - BigInt(`0x${hex(signature.subarray(32, 64))}`)).toString(16).padStart(64, '0')
    const flipped = Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from(high, 'hex'),
      Uint8Array.of((signature[64] as number) ^ 1),
    ])
    t.equal(hex(secp256k1Recover(hash, flipped)), hex(secp256k1PublicKey(secret)))
  }
  const hash = new Uint8Array(32).fill(1)
  const good = secp256k1Sign(new Uint8Array(32).fill(1), hash)
  const change = (at: number, value: number): Uint8Array => good.map((byte, i) => (i === at ? value : byte))
  t.throws(() => secp256k1Recover(hash, change(64, 4)), { code: 'NATIVE_SECP' })
  t.throws(() => secp256k1Recover(hash, change(64, 27)), { code: 'NATIVE_SECP' })
  t.throws(() => secp256k1Recover(hash, new Uint8Array(65)), { code: 'NATIVE_SECP' })
  t.throws(() => secp256k1Recover(hash, good.subarray(1)), { code: 'NATIVE_SECP' })
  t.throws(() => secp256k1Recover(hash.subarray(1), good), { code: 'NATIVE_SECP' })
  t.throws(() => secp256k1Sign(new Uint8Array(32), hash), { code: 'NATIVE_SECP' })
  t.throws(() => secp256k1PublicKey(new Uint8Array(33)), { code: 'NATIVE_SECP' })
  t.end()
})
