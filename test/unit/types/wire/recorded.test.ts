// What a real Lotus said on the wire: every record decodes, means what the chain file says, and encodes to the same bytes.

import t, { type Test } from 'tap'
import { decode, encode } from '../../../../src/codec/codec.ts'
import { ChainReader } from '../../../../src/store/chain-reader.ts'
import { type BlockMsg, blockCid, blockMsg } from '../../../../src/types/block.ts'
import { cidKey } from '../../../../src/types/cid.ts'
import { messageCid, signedMessage, signedMessageCid, message as unsigned } from '../../../../src/types/message.ts'
import { SignatureType } from '../../../../src/types/signature.ts'
import { Tipset, TipsetKey } from '../../../../src/types/tipset.ts'
import {
  CHAIN_EXCHANGE_PROTOCOL,
  ExchangeOption,
  ExchangeStatus,
  exchangeLimits,
  exchangeRequest,
  exchangeResponse,
} from '../../../../src/types/wire/chain-exchange.ts'
import { HELLO_PROTOCOL, helloMessage, latencyMessage } from '../../../../src/types/wire/hello.ts'
import { readCar } from '../../../kit/car.ts'
import { sharedData } from '../../../kit/shared-data.ts'
import { type WireRecord, wireRecords } from '../../../kit/wire-records.ts'

const CHAIN = ['chains', 'lotus-devnet-proofs'] as const

function load(t: Test): { records: WireRecord[]; reader: ChainReader } | undefined {
  const records = wireRecords(t)
  const car = sharedData(t, ...CHAIN, 'chain.car.zst')
  if (records === undefined || car === undefined) return undefined
  return { records, reader: new ChainReader(readCar(car).store) }
}

const hex = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

t.test('hello: the head that Lotus told is a tipset of its chain', async (t) => {
  const data = load(t)
  if (data === undefined) return
  const record = data.records.find((r) => r.what === 'hello received')
  const hello = decode(helloMessage, hex(record?.hex))
  t.equal(toHex(encode(helloMessage, hello)), record?.hex)
  const head = data.reader.tipset(new TipsetKey(hello.heaviestTipSet))
  t.equal(head.height, hello.heaviestTipSetHeight)
  t.ok(hello.heaviestTipSetWeight > head.first.parentWeight, 'the weight counts the head itself')
  t.ok(hello.genesisHash.equals(data.reader.genesisOf(head).cids[0] as never), 'the genesis is that of the chain')
})

t.test('chain exchange: requests and answers', async (t) => {
  const data = load(t)
  if (data === undefined) return
  const { reader } = data
  let tipsets = 0
  for (const record of data.records.filter((r) => r.what === 'chain exchange')) {
    const request = decode(exchangeRequest, hex(record.request))
    t.equal(toHex(encode(exchangeRequest, request)), record.request)
    const response = decode(exchangeResponse, hex(record.response), exchangeLimits)
    t.equal(toHex(encode(exchangeResponse, response)), record.response, 'the answer encodes to the same bytes')
    const { ok, partial } = ExchangeStatus
    if (response.status !== ok && response.status !== partial) {
      t.equal(response.chain.length, 0)
      t.not(response.errorMessage, '')
      continue
    }
    t.equal(response.chain.length < Number(request.length), response.status === partial)
    let key = new TipsetKey(request.head)
    for (const element of response.chain) {
      const expected = reader.tipset(key)
      if ((request.options & ExchangeOption.headers) !== 0n) {
        if (!Tipset.create(element.blocks).equals(expected)) t.fail(`tipset ${key} is another one`)
      } else if (element.blocks.length !== 0) t.fail('headers that were not asked for')
      if ((request.options & ExchangeOption.messages) !== 0n) {
        const m = element.messages
        if (m === null) throw new Error('no messages')
        for (const [i, block] of expected.blocks.entries()) {
          const { blsCids, secpCids } = reader.messageCids(block)
          t.same(
            (m.blsIncludes[i] ?? []).map((n) => cidKey(messageCid(m.bls[Number(n)]!))),
            blsCids.map(cidKey),
          )
          t.same(
            (m.secpkIncludes[i] ?? []).map((n) => cidKey(signedMessageCid(m.secpk[Number(n)]!))),
            secpCids.map(cidKey),
          )
        }
      } else t.equal(element.messages, null)
      key = expected.parents
      tipsets++
    }
  }
  t.ok(tipsets > 200, `${tipsets} tipsets compared`)
})

t.test('gossip: blocks and messages', async (t) => {
  const data = load(t)
  if (data === undefined) return
  const { reader } = data
  const counts = { blocks: 0, messages: 0, onChain: 0, known: 0 }
  for (const record of data.records) {
    if (record.topic?.startsWith('/fil/blocks/')) {
      const block = decode(blockMsg, hex(record.hex)) as BlockMsg
      t.equal(toHex(encode(blockMsg, block)), record.hex)
      counts.blocks++
      if (reader.store.get(blockCid(block.header)) === undefined) continue
      counts.known++
      const { blsCids, secpCids } = reader.messageCids(block.header)
      t.same(block.blsMessages.map(cidKey), blsCids.map(cidKey))
      t.same(block.secpkMessages.map(cidKey), secpCids.map(cidKey))
    } else if (record.topic?.startsWith('/fil/msgs/')) {
      const message = decode(signedMessage, hex(record.hex))
      t.equal(toHex(encode(signedMessage, message)), record.hex)
      counts.messages++
      const { signature } = message
      const id = signature.type === SignatureType.bls ? messageCid(message.message) : signedMessageCid(message)
      const stored = reader.store.get(id)
      if (stored === undefined) continue
      counts.onChain++
      if (signature.type === SignatureType.bls) t.same(decode(unsigned, stored), message.message)
      else t.same(decode(signedMessage, stored), message)
    }
  }
  t.ok(counts.onChain > 0, `${counts.onChain} of the messages are on the chain`)
  t.same({ ...counts, onChain: 0, known: counts.known > 0 }, { blocks: 27, messages: 28, onChain: 0, known: true })
})

t.test('every record is of a kind that is looked at: here, by the tests of identify, or in f3.test.ts', async (t) => {
  const data = load(t)
  if (data === undefined) return
  const kinds = new Map<string, number>()
  for (const { what, topic } of data.records) {
    const kind = topic === undefined ? what : (topic.split('/').slice(0, 3).join('/') as string)
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  t.same(Object.fromEntries(kinds), {
    'hello received': 1,
    identify: 1,
    'chain exchange': 11,
    '/fil/blocks': 27,
    '/fil/msgs': 28,
    '/f3/granite': 218,
    '/f3/chainexchange': 108,
  })
  const identify = data.records.find((r) => r.what === 'identify') as WireRecord & { readonly protocols: readonly string[] }
  for (const protocol of [
    HELLO_PROTOCOL,
    CHAIN_EXCHANGE_PROTOCOL,
    '/chain/ipfs/bitswap/1.2.0',
    '/meshsub/1.1.0',
    '/ipfs/id/1.0.0',
  ])
    t.ok(identify.protocols.includes(protocol), `Lotus speaks ${protocol}`)
})

t.test('what is not a hello is refused', async (t) => {
  for (const bytes of ['', '84', '80', '83818080f6', 'a0', 'f6', '9f', '9b00000000ffffffff']) {
    t.throws(() => decode(helloMessage, hex(bytes)), { code: 'CODEC_CBOR' }, bytes)
  }
  t.throws(() => decode(latencyMessage, hex('8200')), { code: 'CODEC_CBOR' })
  t.throws(() => decode(exchangeRequest, hex('838001')), { code: 'CODEC_CBOR' })
  // A chain of 901 elements is longer than anybody may send.
  t.throws(() => decode(exchangeResponse, hex(`830060${'990385'}${'f6'.repeat(901)}`)), { code: 'CODEC_CBOR' })
})
