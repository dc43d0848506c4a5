import t from 'tap'
import { decode, encode } from '../../../src/codec/codec.ts'
import { cid, cidOf } from '../../../src/types/cid.ts'
import { message } from '../../../src/types/message.ts'

t.test('a CID does not change with the buffer that it was read from', async (t) => {
  const wanted = cidOf(Uint8Array.of(1, 2, 3))
  const buffer = Buffer.from(encode(cid, wanted))
  const read = decode(cid, buffer)
  buffer.fill(0)
  t.equal(read.toString(), wanted.toString())
})

t.test('fields that JSON leaves out keep their zero value, as in Go', async (t) => {
  const m = message.fromJson({ To: 'f01', From: 'f02', Value: '5' }, '')
  t.same([m.version, m.nonce, m.gasLimit, m.method, m.gasFeeCap, m.value], [0n, 0n, 0n, 0n, 0n, 5n])
  t.throws(() => message.fromJson({ From: 'f02' }, ''), { code: 'CODEC_JSON' }, 'an address has none')
  t.throws(() => message.fromJson({ To: 'f01', From: 'f02', Nonce: 'x' }, ''), { code: 'CODEC_JSON' })
})
