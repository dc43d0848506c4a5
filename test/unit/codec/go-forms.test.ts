import t from 'tap'
import { decode, encode, fromJson, toJson } from '../../../src/codec/codec.ts'
import { tuple } from '../../../src/codec/combinators.ts'
import { goByteArray, goEmpty, goList, goRawBytes } from '../../../src/codec/go-forms.ts'
import { uint64 } from '../../../src/codec/primitives.ts'

const ctx = { addressPrefix: 'f' } as const
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

t.test('a slice that is empty prints null and reads from null', async (t) => {
  const numbers = goList(uint64, { max: 2 })
  t.equal(toJson(numbers, [], ctx), null)
  t.strictSame(toJson(numbers, [1n, 2n], ctx), [1, 2])
  t.strictSame(fromJson(numbers, null), [])
  t.strictSame(decode(numbers, hex('820102')), [1n, 2n])
  t.throws(() => decode(numbers, hex('83010203')), { code: 'CODEC_CBOR' })
  t.throws(() => fromJson(numbers, [1, 2, 3]), { code: 'CODEC_JSON' })
})

t.test('an array of bytes prints as numbers', async (t) => {
  const array = goByteArray(2)
  t.strictSame(decode(array, hex('42ff00')), Uint8Array.of(255, 0))
  t.strictSame(encode(array, Uint8Array.of(255, 0)), hex('42ff00'))
  t.strictSame(toJson(array, Uint8Array.of(255, 0), ctx), [255, 0])
  t.strictSame(fromJson(array, [255, 0]), Uint8Array.of(255, 0))
  t.throws(() => decode(array, hex('4100')), { code: 'CODEC_CBOR', message: /expected 2 bytes, found 1/ })
  t.throws(() => encode(array, Uint8Array.of(1)), { code: 'CODEC_VALUE' })
  for (const bad of [[1], [1, 2, 3], [1, 256], [1, -1], [1, 1.5], [1, '2'], 'AQI=', null])
    t.throws(() => fromJson(array, bad), { code: 'CODEC_JSON' }, JSON.stringify(bad))
})

t.test('no value takes no bytes and passes over what is there', async (t) => {
  t.equal(encode(goEmpty, null).length, 0)
  t.equal(decode(goEmpty, hex('')), null)
  t.equal(decode(goEmpty, hex('ffff')), null)
  t.strictSame(toJson(goEmpty, null, ctx), {})
  t.equal(fromJson(goEmpty, {}), null)
})

t.test('bytes that are not CBOR stand as they are', async (t) => {
  t.strictSame(decode(goRawBytes, hex('ff00')), hex('ff00'))
  t.strictSame(encode(goRawBytes, hex('ff00')), hex('ff00'))
  t.equal(toJson(goRawBytes, hex('ff00'), ctx), '/wA=')
  t.equal(toJson(goRawBytes, hex(''), ctx), '')
  t.strictSame(fromJson(goRawBytes, '/wA='), hex('ff00'))
  t.strictSame(fromJson(goRawBytes, null), hex(''))
  t.throws(() => fromJson(goRawBytes, '/w'), { code: 'CODEC_JSON' })
  t.throws(() => fromJson(goRawBytes, 7), { code: 'CODEC_JSON' })
  const pair = tuple('pair', { first: uint64, rest: goRawBytes })
  t.strictSame(decode(pair, hex('8205ff')).rest, hex('ff'))
})
