import t from 'tap'
import { CborReader } from '../../../src/codec/cbor-reader.ts'
import { decode, encode } from '../../../src/codec/codec.ts'
import { list, textMap } from '../../../src/codec/combinators.ts'
import { CodecError } from '../../../src/codec/errors.ts'
import { bigInt, bytes, safeInt, uint64 } from '../../../src/codec/primitives.ts'
import { blockHeader } from '../../../src/types/block.ts'
import { checkDagCbor, ipldValue } from '../../../src/types/ipld.ts'
import { message } from '../../../src/types/message.ts'

const hex = (s: string): Uint8Array => new Uint8Array(Buffer.from(s.replaceAll(' ', ''), 'hex'))

function refused(what: () => unknown): string {
  try {
    what()
  } catch (e) {
    if (e instanceof CodecError) return e.message
    throw e
  }
  throw new Error('it was accepted')
}

t.test('strict DAG-CBOR: each mistake is refused by name', (t) => {
  const cases: [name: string, bytes: string, reason: RegExp][] = [
    ['integer in two bytes instead of one', '1801', /shortest form/],
    ['integer in three bytes instead of two', '1900ff', /shortest form/],
    ['integer in five bytes instead of three', '1a0000ffff', /shortest form/],
    ['integer in nine bytes instead of five', '1b00000000ffffffff', /shortest form/],
    ['length in two bytes instead of one', '580161', /shortest form/],
    ['indefinite list', '9f01ff', /indefinite/],
    ['indefinite bytes', '5f4161ff', /indefinite/],
    ['indefinite map', 'bfff', /indefinite/],
    ['reserved head', '1c', /reserved/],
    ['trailing byte', '0100', /1 bytes follow/],
    ['tag other than 42', 'c1 00', /tag 1 /],
    ['link without its prefix', 'd82a 43 017112', /begin with the byte 0/],
    ['undefined', 'f7', /true or false/],
    ['half-precision float', 'f97e00', /true or false/],
    ['NaN', 'fb7ff8000000000000', /NaN/],
    ['ends inside an integer', '1a0000', /ends inside/],
    ['ends inside bytes', '4261', /ends inside/],
    ['nothing', '', /ends where/],
  ]
  for (const [name, input, reason] of cases)
    t.match(
      refused(() => checkDagCbor(hex(input))),
      reason,
      name,
    )
  t.match(
    refused(() => decode(ipldValue, hex('a2616101616102'))),
    /repeat/,
    'duplicate key',
  )
  t.match(
    refused(() => decode(ipldValue, hex('a2616201616102'))),
    /out of order/,
    'unordered keys',
  )
  t.match(
    refused(() => decode(textMap(uint64), hex('a2616101616102'))),
    /repeat/,
    'duplicate key in a typed map',
  )
  t.match(
    refused(() => decode(ipldValue, hex('6180'))),
    /UTF-8/,
    'text that is none',
  )
  t.match(
    refused(() => decode(safeInt, hex('1b0020000000000000'))),
    /too large/,
    'integer past 2^53',
  )
  t.match(
    refused(() => decode(bigInt, hex('420201'))),
    /sign byte/,
    'sign byte of a big integer',
  )
  // go-state-types big.FromBytes reads these; what is written is the short form.
  for (const [long, value, short] of [
    ['4100', 0n, '40'],
    ['4101', 0n, '40'],
    ['420000', 0n, '40'],
    ['420100', 0n, '40'],
    ['43000001', 1n, '420001'],
    ['43010001', -1n, '420101'],
    ['420180', -128n, '420180'],
    ['43000100', 256n, '43000100'],
  ] as const) {
    t.equal(decode(bigInt, hex(long)), value, `big integer ${long}`)
    t.equal(Buffer.from(encode(bigInt, value)).toString('hex'), short)
  }
  t.end()
})

t.test('bombs cost their own size: refused within 5 ms and 1 MB each', (t) => {
  const nested = (n: number, head: string, end: string): Uint8Array => hex(head.repeat(n) + end)
  const bombs: [string, () => unknown][] = [
    ['list of 10^9', () => decode(list(uint64), hex('9a3b9aca00'))],
    ['list of 10^9 without a limit', () => decode(list(uint64, { max: 2 ** 40 }), hex('9a3b9aca00'))],
    ['list of 2^63', () => decode(ipldValue, hex('9b8000000000000000'))],
    ['bytes of 10^9', () => decode(bytes, hex('5a3b9aca00'))],
    ['text of 10^9', () => decode(ipldValue, hex('7a3b9aca00'))],
    ['map of 10^9', () => decode(ipldValue, hex('ba3b9aca00'))],
    ['10^5 nested lists', () => decode(ipldValue, nested(100_000, '81', '00'))],
    ['10^5 nested maps', () => decode(ipldValue, nested(100_000, 'a16161', '00'))],
    ['10^5 nested lists passed over', () => new CborReader(nested(100_000, '81', '00')).skip()],
    ['10^5 nested lists where a message should be', () => decode(message, nested(100_000, '8a', ''))],
    ['parents of 10^9 in a header', () => decode(blockHeader, hex(`90 4300e807 f6 f6 80 80 9a3b9aca00`))],
  ]
  for (const [, run] of bombs) refused(run)
  const before = process.memoryUsage().arrayBuffers
  for (const [name, run] of bombs) {
    // The best of some runs: what else the machine does is not the bomb's doing.
    let ms = Number.POSITIVE_INFINITY
    for (let i = 0; i < 10 && ms >= 5; i++) {
      const started = process.hrtime.bigint()
      refused(run)
      ms = Math.min(ms, Number(process.hrtime.bigint() - started) / 1e6)
    }
    t.ok(ms < 5, `${name} is refused in time`)
  }
  t.ok(process.memoryUsage().arrayBuffers - before < bombs.length * 1_000_000, 'and in little memory')
  t.end()
})

t.test('what is written is what is read', (t) => {
  for (const v of [0n, 1n, -1n, 23n, 24n, 255n, 256n, 65535n, 65536n, 4294967295n, 4294967296n, 2n ** 64n - 1n, -(2n ** 64n)]) {
    t.equal(decode(ipldValue, encode(ipldValue, v)), v)
  }
  for (const v of [0n, 1n, -1n, 255n, 256n, 2n ** 300n, -(2n ** 300n)]) t.equal(decode(bigInt, encode(bigInt, v)), v)
  t.end()
})
