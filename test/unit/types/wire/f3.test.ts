// What a real Lotus said of fast finality: every record decodes, means what the chain file says, is signed by the miners' worker
// keys, and encodes to the same bytes.

import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { encode } from '../../../../src/codec/codec.ts'
import { blsVerify } from '../../../../src/native/crypto.ts'
import { ChainReader } from '../../../../src/store/chain-reader.ts'
import { type CID, cidFromBytes } from '../../../../src/types/cid.ts'
import { TipsetKey } from '../../../../src/types/tipset.ts'
import {
  ecChainKey,
  F3Phase,
  type F3Tipset,
  f3Chain,
  f3PartialVote,
  f3SigningBytes,
  readF3Gossip,
} from '../../../../src/types/wire/f3.ts'
import { readCar } from '../../../kit/car.ts'
import { minerKeys } from '../../../kit/resign.ts'
import { sharedData } from '../../../kit/shared-data.ts'
import { gossiped, wireRecords } from '../../../kit/wire-records.ts'

const CHAIN = ['chains', 'lotus-devnet-proofs'] as const
const NETWORK = '2k'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function load(t: Test): { votes: Uint8Array[]; chains: Uint8Array[]; reader: ChainReader; folder: string } | undefined {
  const records = wireRecords(t)
  const folder = sharedData(t, ...CHAIN)
  const car = sharedData(t, ...CHAIN, 'chain.car.zst')
  if (records === undefined || car === undefined || folder === undefined) return undefined
  const of = (topic: string): Uint8Array[] => gossiped(records, topic)
  return { votes: of('/f3/granite/'), chains: of('/f3/chainexchange/'), reader: new ChainReader(readCar(car).store), folder }
}

/** The CIDs that stand one after the other in a tipset's key. */
function cidsOf({ key }: F3Tipset): CID[] {
  const size = 38
  if (key.length % size !== 0) throw new Error('a key that is no list of CIDs')
  return Array.from({ length: key.length / size }, (_, i) => cidFromBytes(key.slice(i * size, (i + 1) * size)))
}

t.test('chains: each is a piece of the chain, without gaps', async (t) => {
  const data = load(t)
  if (data === undefined) return
  let tipsets = 0
  for (const bytes of data.chains) {
    const message = readF3Gossip(f3Chain, bytes)
    t.equal(hex(encode(f3Chain, message)), hex(zstdDecompressSync(bytes)))
    let below: F3Tipset | undefined
    for (const tipset of message.chain) {
      const onChain = data.reader.tipset(new TipsetKey(cidsOf(tipset)))
      t.equal(onChain.height, tipset.epoch)
      if (below !== undefined) t.ok(onChain.parents.equals(new TipsetKey(cidsOf(below))), 'on top of the one before')
      below = tipset
      tipsets++
    }
  }
  t.equal(data.chains.length, 108)
  t.ok(tipsets > 108)
})

t.test('votes: signed by the worker key of their sender, for chains that were told', async (t) => {
  const data = load(t)
  if (data === undefined) return
  const keys = minerKeys(data.folder)
  const told = new Set(data.chains.flatMap((c) => prefixes(readF3Gossip(f3Chain, c).chain)))
  const bottom = hex(new Uint8Array(32))
  const phases = new Map<number, number>()
  let justified = 0
  for (const bytes of data.votes) {
    const vote = readF3Gossip(f3PartialVote, bytes)
    t.equal(hex(encode(f3PartialVote, vote)), hex(zstdDecompressSync(bytes)))
    const { message, voteValueKey } = vote
    phases.set(message.vote.phase, (phases.get(message.vote.phase) ?? 0) + 1)
    const key = keys.get(message.sender)
    if (key === undefined) throw new Error(`a vote of f0${message.sender}, who is no miner`)
    const signed = f3SigningBytes(NETWORK, message.vote, voteValueKey)
    t.ok(blsVerify(key.address.payload, signed, message.signature), 'its signature')
    t.notOk(
      blsVerify(key.address.payload, f3SigningBytes('2k2', message.vote, voteValueKey), message.signature),
      'for no other network',
    )
    t.ok(told.has(hex(voteValueKey)) || hex(voteValueKey) === bottom, 'the chain that it votes for was told')
    t.same(message.vote.value, [], 'chains are left out')
    t.equal(message.ticket.length, message.vote.phase === F3Phase.converge ? 96 : 0)
    if (message.justification !== null) justified++
  }
  t.equal(data.votes.length, 218)
  t.ok(justified > 0)
  t.same([...phases.keys()].sort(), [F3Phase.quality, F3Phase.prepare, F3Phase.commit, F3Phase.decide])
})

/** A vote may be for any piece of a chain that begins at its base. */
function prefixes(chain: readonly F3Tipset[]): string[] {
  return chain.map((_, i) => hex(ecChainKey(chain.slice(0, i + 1))))
}

t.test('what is no message of F3 is refused, however it is packed', async (t) => {
  const data = load(t)
  if (data === undefined) return
  const refuse = (bytes: Uint8Array): unknown => t.throws(() => readF3Gossip(f3PartialVote, bytes), { code: 'CODEC_CBOR' })
  refuse(new Uint8Array(0))
  refuse(Buffer.from('28b52ffd', 'hex'))
  refuse(zstdCompressSync(Buffer.alloc((1 << 20) + 1)))
  const vote = Buffer.from(zstdDecompressSync(data.votes[0] as Uint8Array))
  refuse(vote)
  refuse(zstdCompressSync(Buffer.concat([vote, Buffer.of(0)])))
  refuse(zstdCompressSync(vote.subarray(1)))
  const chain = readF3Gossip(f3Chain, data.chains[0] as Uint8Array)
  const long = { ...chain, chain: Array.from({ length: 129 }, () => chain.chain[0] as F3Tipset) }
  t.throws(() => readF3Gossip(f3Chain, zstdCompressSync(encode(f3Chain, long))), { code: 'CODEC_CBOR' })
  t.equal(hex(ecChainKey([])), hex(new Uint8Array(32)))
})
