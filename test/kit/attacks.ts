// What hostile peers say on the protocols of Filecoin: one entry for each named attack of the protocol fuzzer of
// FilecoinFoundationWeb/Filecoin-Antithesis on hello, chain exchange, and gossip of blocks and messages. The names are that
// project's, so that the lists can be compared; the bytes are made here.

import { cidOf } from '../../src/types/cid.ts'
import {
  alternating,
  array,
  bytes,
  head,
  hex,
  indefinite,
  link,
  map,
  negative,
  nested,
  nil,
  promise,
  raw,
  text,
  uint,
} from './cbor-raw.ts'

/** What an attack is built from: the head of the chain that it is made to look like a part of. */
export interface AttackScene {
  readonly parents: readonly Uint8Array[]
  readonly height: number
  readonly genesis: Uint8Array
  /** A number from 0 to below `n`. */
  readonly pick: (n: number) => number
}

/** One message on a protocol or a topic. */
export interface MessageAttack {
  readonly name: string
  readonly on: 'blocks' | 'msgs' | 'hello' | 'request'
  readonly make: (s: AttackScene) => Uint8Array
}

export type Attack =
  | MessageAttack
  /** Claims a head and answers the question for it. */
  | {
      readonly name: string
      readonly on: 'answer'
      readonly make: (s: AttackScene) => { readonly claimed: Uint8Array; readonly answer: Uint8Array }
    }

const BILLION = 1_000_000_000
const MIB = 1 << 20

const noise = (s: AttackScene, n: number): Uint8Array => Uint8Array.from({ length: n }, () => s.pick(256))
const someCid = (s: AttackScene): Uint8Array => cidOf(noise(s, 32)).bytes
const miner = hex('00e807')
/** A positive integer or zero in its shortest form. */
const big = (v: number): Uint8Array => {
  const digits = v.toString(16)
  return bytes(v === 0 ? new Uint8Array(0) : hex(`00${digits.length % 2 === 0 ? '' : '0'}${digits}`))
}

type Fields = Partial<Record<number, Uint8Array>>

/** A header whose fields can be replaced one by one, by number. */
function header(s: AttackScene, fields: Fields = {}): Uint8Array {
  const all = [
    bytes(miner),
    array(bytes(noise(s, 96))),
    array(uint(1), bytes(noise(s, 96))),
    array(),
    array(),
    array(...s.parents.map(link)),
    big(999_999_999),
    uint(s.height + 1),
    link(someCid(s)),
    link(someCid(s)),
    link(someCid(s)),
    bytes(raw(hex('02'), noise(s, 96))),
    uint(1_700_000_000),
    bytes(raw(hex('02'), noise(s, 96))),
    uint(0),
    big(100),
  ]
  return array(...all.map((field, i) => fields[i] ?? field))
}

const block = (s: AttackScene, fields: Fields = {}): Uint8Array => array(header(s, fields), array(), array())

function message(fields: Fields = {}): Uint8Array {
  const all = [
    uint(0),
    bytes(miner),
    bytes(miner),
    uint(0),
    big(0),
    uint(1_000_000),
    big(100),
    big(100),
    uint(0),
    bytes(new Uint8Array(0)),
  ]
  return array(...all.map((field, i) => fields[i] ?? field))
}

const signed = (s: AttackScene, fields: Fields = {}, signature?: Uint8Array): Uint8Array =>
  array(message(fields), signature ?? bytes(raw(hex('01'), noise(s, 65))))

/** Addresses that no encoder writes: too long, not minimal, of no protocol, empty, of a namespace past 2^63. */
const addresses = [
  '',
  '00',
  '0080',
  '00ffffffffffffffffffff01',
  '008000',
  '05e807',
  '01aabb',
  '0201',
  '03',
  `04${'ff'.repeat(10)}01`,
  '0480',
  `040a${'11'.repeat(60)}`,
  'ff00',
].map(hex)
const badAddress = (s: AttackScene): Uint8Array => bytes(addresses[s.pick(addresses.length)] as Uint8Array)
const f410 = (s: AttackScene, namespace = '0a', length = 20): Uint8Array =>
  bytes(raw(hex('04'), hex(namespace), noise(s, length)))
/** Big integers: a wrong sign byte, leading zeros, minus zero, a sign alone, 200 bytes. */
const bigInts = ['02ff', '000001', '0100', '01', '00', `00${'ff'.repeat(200)}`].map(hex)
const badBigInt = (s: AttackScene): Uint8Array => bytes(bigInts[s.pick(bigInts.length)] as Uint8Array)
const flipped = (s: AttackScene): Uint8Array => bytes(Uint8Array.from(miner, (b) => b ^ (1 << s.pick(8))))

const sayHello = (cids: readonly Uint8Array[], weight: Uint8Array, genesis: Uint8Array, height = 1): Uint8Array =>
  array(array(...cids.map(link)), uint(height), weight, link(genesis))

const noMessages = (blocks: number): Uint8Array => {
  const lists = array(...Array.from({ length: blocks }, () => array()))
  return array(array(), lists, array(), lists)
}
const withMessage = (m: Uint8Array): Uint8Array => array(array(m), array(array(uint(0))), array(), array(array()))
const response = (...tipsets: readonly Uint8Array[]): Uint8Array => array(uint(0), text(''), array(...tipsets))
const tipset = (headers: readonly Uint8Array[], messages: Uint8Array): Uint8Array => array(array(...headers), messages)

type Claimed = { claimed: Uint8Array; answer: Uint8Array }
/** The header that is claimed, in an answer of whatever form. */
const claim = (s: AttackScene, answer: (header: Uint8Array) => Uint8Array, fields: Fields = {}): Claimed => {
  const h = header(s, fields)
  return { claimed: cidOf(h).bytes, answer: answer(h) }
}
const padded =
  (mib: number) =>
  (s: AttackScene): Claimed =>
    claim(s, (h) => raw(response(tipset([h], noMessages(1))), Buffer.alloc(mib * MIB, 0x5a)))
const badIndex =
  (index: Uint8Array) =>
  (s: AttackScene): Claimed =>
    claim(s, (h) => response(tipset([h], array(array(message()), array(array(index)), array(), array(array())))))

const blocks = (name: string, make: (s: AttackScene) => Uint8Array): MessageAttack => ({
  name: `blocks/${name}`,
  on: 'blocks',
  make,
})
const msgs = (name: string, make: (s: AttackScene) => Uint8Array): MessageAttack => ({ name: `msgs/${name}`, on: 'msgs', make })
const answer = (name: string, make: (s: AttackScene) => Claimed): Attack => ({ name: `exchange/${name}`, on: 'answer', make })

/** Bytes that no decoder may take, each of the kind that its name says: of gossip. */
export const bombs: readonly MessageAttack[] = [
  blocks('all-block-with-fake-length-parents-array', (s) => block(s, { 5: promise(4, BILLION) })),
  blocks('all-block-with-fake-length-beacon-entries', (s) => block(s, { 3: promise(4, BILLION) })),
  blocks('all-block-with-fake-length-winpost-proof', (s) => block(s, { 4: promise(4, BILLION) })),
  blocks('all-blockmsg-with-fake-length-bls-cids', (s) => array(header(s), promise(4, BILLION), array())),
  blocks('all-blockmsg-with-fake-length-secpk-cids', (s) => array(header(s), array(), promise(4, BILLION))),
  msgs('all-signed-message-with-fake-length-params', (s) => signed(s, { 9: promise(2, BILLION) })),
  msgs('all-signed-message-with-fake-length-signature', (s) => signed(s, {}, raw(promise(2, BILLION), hex('01')))),
  blocks('all-block-with-deeply-nested-cbor', () => nested(100_000)),
  blocks('all-block-with-deep-nested-beacon-500-2000', (s) => block(s, { 3: nested(500 + s.pick(1500)) })),
  blocks('all-block-with-deep-nested-alternating-array-map', (s) => block(s, { 3: alternating(100_000) })),
  msgs('all-signed-message-with-deep-nested-params', (s) => signed(s, { 9: nested(100_000) })),
  blocks('all-block-with-indefinite-length-array', (s) => indefinite(header(s), array(), array())),
  msgs('all-signed-message-with-indefinite-length-array', (s) => indefinite(message(), bytes(noise(s, 66)))),
  blocks('all-block-with-noncanonical-integer-encoding', (s) => block(s, { 7: head(0, s.height + 1, 8) })),
  msgs('all-signed-message-with-noncanonical-integer-encoding', (s) => signed(s, { 3: head(0, 5, 4) })),
  blocks('all-block-with-cbor-map-instead-of-array', (s) =>
    array(map(text('Miner'), bytes(miner)), array(), array(), noise(s, 0)),
  ),
  blocks('all-block-with-text-string-instead-of-bytes', (s) => block(s, { 0: text('f01000') })),
  blocks('all-block-with-duplicate-cbor-map-keys', (s) => block(s, { 3: map(text('a'), uint(1), text('a'), uint(2)) })),
  blocks('all-block-with-fake-length-text-string', (s) => block(s, { 0: promise(3, BILLION) })),
  blocks('all-block-with-fake-length-map', (s) => block(s, { 3: promise(5, BILLION) })),
]

export const attacks: readonly Attack[] = [
  {
    name: 'hello/all-message-with-malformed-cbor',
    on: 'hello',
    make: (s) => {
      const whole = sayHello([someCid(s)], big(1), someCid(s))
      return [
        whole.subarray(0, 1 + s.pick(whole.length - 1)),
        array(array(link(someCid(s))), uint(1), big(1)),
        array(uint(42), bytes(hex('ff')), nil, uint(0)),
        noise(s, 32 + s.pick(256)),
      ][s.pick(4)] as Uint8Array
    },
  },
  { name: 'hello/all-message-with-empty-tipset-cids', on: 'hello', make: (s) => sayHello([], big(999_999_999), s.genesis) },
  {
    name: 'hello/all-message-with-thousands-of-tipset-cids',
    on: 'hello',
    make: (s) =>
      sayHello(
        Array.from({ length: 1000 + s.pick(4000) }, () => someCid(s)),
        big(999_999_999),
        s.genesis,
      ),
  },
  {
    name: 'hello/all-message-with-malformed-weight',
    on: 'hello',
    make: (s) =>
      sayHello(
        [someCid(s)],
        bytes([hex('01ffffffffffffffff'), hex(''), raw(hex('00'), noise(s, 32)), hex('01')][s.pick(4)] as Uint8Array),
        s.genesis,
      ),
  },

  answer('all-response-with-duplicate-block-cid', (s) => claim(s, (h) => response(tipset([h, h], noMessages(2))), { 1: nil })),
  answer('all-response-with-nil-secpk-message', (s) =>
    claim(s, (h) => response(tipset([h], array(array(), array(array()), array(nil), array(array(uint(0))))))),
  ),
  answer('all-response-with-random-nil-block-fields', (s) =>
    claim(s, (h) => response(tipset([h], noMessages(1))), { [s.pick(16)]: nil }),
  ),
  answer('forest-response-with-10mb-padding', padded(10)),
  answer('all-block-with-malformed-parent-cids', (s) =>
    claim(s, (h) => response(tipset([h], noMessages(1))), { 5: array(raw(head(6, 42), bytes(hex('00ff')))) }),
  ),
  answer('forest-response-with-50mb-padding', padded(50)),
  answer('response-with-200mb-padding', padded(200)),
  {
    name: 'exchange/lotus-request-with-malformed-head-cids',
    on: 'request',
    make: (s) => {
      const bad = [
        raw(head(6, 42), bytes(hex('00ff'))),
        raw(head(6, 42), bytes(hex(''))),
        bytes(noise(s, 8)),
        raw(head(6, 42), bytes(hex('0080808080'))),
      ]
      return array(array(bad[s.pick(4)] as Uint8Array), uint(1), uint(3))
    },
  },
  answer('all-block-message-with-bad-address', (s) =>
    claim(s, (h) => response(tipset([h], withMessage(message({ 1: badAddress(s) }))))),
  ),
  answer('all-block-message-with-bad-bigint', (s) =>
    claim(s, (h) => response(tipset([h], withMessage(message({ 4: badBigInt(s) }))))),
  ),
  answer('all-response-with-out-of-bounds-message-indices', badIndex(uint(5))),
  answer('response-with-message-index-2^53', badIndex(uint(1n << 53n))),
  answer('response-with-message-index-2^63', badIndex(uint(1n << 63n))),
  answer('response-with-message-index-minus-1', badIndex(negative(0))),
  answer('all-tipset-with-mismatched-block-parents', (s) =>
    claim(s, (h) => response(tipset([h, header(s, { 0: bytes(hex('00e907')), 5: array(link(someCid(s))) })], noMessages(2)))),
  ),
  answer('all-ok-status-with-nil-chain', (s) => claim(s, () => array(uint(0), text(''), nil))),
  answer('all-tipset-with-zero-blocks', (s) => claim(s, () => response(tipset([], noMessages(0))))),
  answer('forest-block-message-with-f4-delegated-address', (s) =>
    claim(s, (h) => response(tipset([h], withMessage(message({ 1: f410(s) }))))),
  ),
  answer('all-block-with-unserializable-message-address', (s) =>
    claim(s, (h) => response(tipset([h], withMessage(message({ 2: badAddress(s) }))))),
  ),
  answer('all-block-with-unserializable-bigint-fields', (s) =>
    claim(s, (h) => response(tipset([h], noMessages(1))), { 6: badBigInt(s) }),
  ),
  answer('all-block-with-unserializable-parent-cids', (s) =>
    claim(s, (h) => response(tipset([h], noMessages(1))), { 5: array(link(noise(s, 4))) }),
  ),
  answer('forest-block-with-f4-delegated-message-address', (s) =>
    claim(s, (h) => response(tipset([h], withMessage(message({ 2: f410(s) }))))),
  ),

  ...bombs,
  blocks('all-block-with-null-header', () => array(nil, array(), array())),
  blocks('all-block-with-nil-ticket', (s) => block(s, { 1: nil })),
  blocks('all-block-with-invalid-miner-address', (s) => block(s, { 0: badAddress(s) })),
  msgs('all-signed-message-with-invalid-address', (s) => signed(s, { 1: badAddress(s) })),
  msgs('all-signed-message-with-decode-encode-mismatch-address', (s) => signed(s, { 2: bytes(hex('00e88700')) })),
  blocks('all-block-with-decode-encode-mismatch-address', (s) => block(s, { 0: bytes(hex('00e88700')) })),
  msgs('all-signed-message-with-bitflipped-address', (s) => signed(s, { 1: flipped(s) })),
  blocks('all-block-with-bitflipped-address', (s) => block(s, { 0: flipped(s) })),
  msgs('all-signed-message-with-malformed-bigint', (s) => signed(s, { 4: badBigInt(s) })),
  msgs('all-signed-message-with-unserializable-address', (s) => signed(s, { 2: badAddress(s) })),
  blocks('all-block-with-unserializable-miner-address', (s) => block(s, { 0: badAddress(s) })),
  msgs('all-signed-message-with-unserializable-bigint', (s) => signed(s, { 6: badBigInt(s) })),
  msgs('all-signed-message-with-unserializable-address-and-bigint', (s) => signed(s, { 2: badAddress(s), 6: badBigInt(s) })),
  msgs('forest-signed-message-with-unserializable-address', (s) => signed(s, { 1: badAddress(s), 2: badAddress(s) })),
  msgs('forest-signed-message-with-f4-delegated-address', (s) => signed(s, { 1: f410(s) })),
  blocks('forest-block-with-f4-delegated-miner-address', (s) => block(s, { 0: f410(s) })),
  msgs('forest-signed-message-with-mixed-f4-and-f0-addresses', (s) => signed(s, { 1: f410(s), 2: bytes(miner) })),
  msgs('forest-signed-message-with-edge-case-f4-namespace', (s) =>
    signed(s, { 1: f410(s, ['00', 'ffffffffffffffff7f', '80808080808080808001'][s.pick(3)], 54) }),
  ),
  msgs('forest-signed-message-with-f4-address-in-params', (s) => signed(s, { 9: bytes(array(f410(s))) })),
  msgs('lotus-signed-message-with-bad-address-secp256k1-sig', (s) =>
    signed(s, { 2: badAddress(s) }, bytes(raw(hex('01'), noise(s, 65)))),
  ),
  msgs('lotus-signed-message-with-bad-address-bls-sig', (s) =>
    signed(s, { 2: badAddress(s) }, bytes(raw(hex('02'), noise(s, 96)))),
  ),
  msgs('lotus-signed-message-with-unserializable-address', (s) =>
    signed(s, { 1: badAddress(s) }, bytes(raw(hex('02'), noise(s, 96)))),
  ),
  msgs('lotus-signed-message-with-unserializable-bigint', (s) => signed(s, { 7: badBigInt(s) })),
  msgs('lotus-valid-then-bad-signed-message-sequence', (s) => signed(s, s.pick(2) === 0 ? {} : { 2: badAddress(s) })),
  msgs('lotus-signed-message-with-bad-address-delegated-sig', (s) =>
    signed(s, { 2: badAddress(s) }, bytes(raw(hex('03'), noise(s, 65)))),
  ),
  blocks('forest-block-with-deep-nested-beacon', (s) => block(s, { 3: nested(500 + s.pick(1500)) })),
  blocks('forest-block-with-deep-nested-alternating', (s) => block(s, { 3: alternating(2000) })),
  msgs('forest-signed-message-with-deep-nested-params', (s) => signed(s, { 9: nested(2000) })),
  blocks('forest-block-with-indefinite-length-array', (s) => block(s, { 5: indefinite(...s.parents.map(link)) })),
  msgs('forest-signed-message-with-indefinite-length-array', (s) => array(indefinite(uint(0)), bytes(noise(s, 66)))),
  blocks('forest-block-with-noncanonical-integer', (s) => block(s, { 14: head(0, 0, 1) })),
  msgs('forest-signed-message-with-noncanonical-integer', (s) => signed(s, { 0: head(0, 0, 2) })),
]
