// What hostile peers send instead of the messages of the protocols: each is refused in the time and the memory that the
// requirements allow for one, and whatever is accepted has one short form.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { type Codec, decode, encode } from '../../../../src/codec/codec.ts'
import { CodecError } from '../../../../src/codec/errors.ts'
import { blockMsg } from '../../../../src/types/block.ts'
import { cidOf } from '../../../../src/types/cid.ts'
import { signedMessage } from '../../../../src/types/message.ts'
import { exchangeLimits, exchangeRequest, exchangeResponse } from '../../../../src/types/wire/chain-exchange.ts'
import { helloMessage, latencyMessage } from '../../../../src/types/wire/hello.ts'
import { attacks, bombs } from '../../../kit/attacks.ts'
import {
  alternating,
  array,
  bytes,
  head,
  hex,
  indefinite,
  link,
  map,
  nested,
  promise,
  raw,
  text,
  uint,
} from '../../../kit/cbor-raw.ts'
import { random } from '../../../kit/sync-bed.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const LIMIT_MS = 5
const LIMIT_BYTES = 1 << 20

type AnyCodec = Codec<unknown>
const codecs = { blocks: blockMsg, msgs: signedMessage, hello: helloMessage, request: exchangeRequest } as unknown as Record<
  string,
  AnyCodec
>

/** Decodes; whether it was refused. What is accepted must mean the same when it is written again. @throws whatever is no CodecError */
function refused(codec: AnyCodec, data: Uint8Array): boolean {
  try {
    const value = codec === (exchangeResponse as unknown) ? decode(codec, data, exchangeLimits) : decode(codec, data)
    // The bytes may be longer: Lotus reads big integers with zeros in front.
    const written = encode(codec, value)
    const again = codec === (exchangeResponse as unknown) ? decode(codec, written, exchangeLimits) : decode(codec, written)
    if (written.length > data.length || !Buffer.from(encode(codec, again)).equals(written))
      throw new Error(`accepted, but it is written otherwise: ${Buffer.from(data.subarray(0, 400)).toString('hex')}`)
    return false
  } catch (error) {
    if (error instanceof CodecError) return true
    throw error
  }
}

/** The least of some runs, of one where that is little already: what the machine does beside does not count. */
function cost(run: () => void): { ms: number; bytes: number } {
  let ms = Number.POSITIVE_INFINITY
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 8 && (ms > LIMIT_MS || least > LIMIT_BYTES); i++) {
    if (i > 0) collect()
    const before = process.memoryUsage()
    const started = performance.now()
    run()
    ms = Math.min(ms, performance.now() - started)
    const after = process.memoryUsage()
    const size = after.heapUsed - before.heapUsed + after.external - before.external
    // Less than before: garbage was collected in between, which says nothing.
    if (size >= 0) least = Math.min(least, size)
  }
  return { ms, bytes: least }
}

const scene = (seed: number) => ({
  parents: [cidOf(Uint8Array.of(1)).bytes],
  height: 700,
  genesis: cidOf(Uint8Array.of(2)).bytes,
  pick: random(seed),
})

t.test('bombs in every place of every message', async (t) => {
  const cid = link(cidOf(Uint8Array.of(3)).bytes)
  const evil: readonly [string, Uint8Array][] = [
    ['a list of 10^9', promise(4, 1e9)],
    ['a list of 2^63', promise(4, 1n << 63n)],
    ['bytes of 10^9', promise(2, 1e9)],
    ['text of 10^9', promise(3, 1e9)],
    ['a map of 10^9', promise(5, 1e9)],
    ['10^5 nested lists', nested(100_000)],
    ['10^5 nested lists and maps', alternating(100_000)],
    ['a list without a length', indefinite(uint(1))],
    ['bytes without a length', hex('5f4101ff')],
    ['an integer that is not the shortest', head(0, 1, 8)],
    ['a length that is not the shortest', raw(head(4, 0, 4))],
    ['equal keys', map(text('a'), uint(1), text('a'), uint(2))],
    ['text', text('bytes')],
    ['a tag of another kind', raw(head(6, 2), bytes(hex('01')))],
    ['a half float', hex('f97e00')],
  ]
  const shapes: readonly [string, AnyCodec, readonly Uint8Array[]][] = [
    ['hello', helloMessage as AnyCodec, [array(cid), uint(1), bytes(hex('0001')), cid]],
    ['latency', latencyMessage as AnyCodec, [uint(1), uint(2)]],
    ['request', exchangeRequest as AnyCodec, [array(cid), uint(5), uint(3)]],
    ['response', exchangeResponse as AnyCodec, [uint(0), text(''), array()]],
  ]
  let tried = 0
  let slowest = 0
  let largest = 0
  const measure = (what: string, codec: AnyCodec, data: Uint8Array): void => {
    tried++
    if (!refused(codec, data)) t.fail(`${what} was accepted`)
    const { ms, bytes: size } = cost(() => refused(codec, data))
    slowest = Math.max(slowest, ms)
    largest = Math.max(largest, size)
    if (ms > LIMIT_MS || size > LIMIT_BYTES) t.fail(`${what}: ${ms.toFixed(2)} ms, ${size} bytes`)
  }
  for (const [name, codec, fields] of shapes) {
    t.notOk(refused(codec, array(...fields)), `${name} as it should be`)
    for (const [what, bomb] of evil) {
      measure(`${name}: ${what} in its place`, codec, bomb)
      for (const i of fields.keys())
        if (!(name === 'response' && i === 1 && what === 'text'))
          measure(`${name}: ${what} in field ${i}`, codec, array(...fields.map((f, at) => (at === i ? bomb : f))))
    }
  }
  for (const bomb of bombs) measure(bomb.name, codecs[bomb.on] as AnyCodec, bomb.make(scene(1)))
  t.comment(`${tried} bombs, the slowest ${slowest.toFixed(2)} ms, the largest ${(largest / 1024).toFixed(0)} KiB`)
  t.ok(slowest <= LIMIT_MS && largest <= LIMIT_BYTES)
})

t.test('every named attack that is one message: refused, or well-formed', async (t) => {
  let accepted = 0
  for (const attack of attacks) {
    if (attack.on === 'answer') continue
    for (let seed = 0; seed < 20; seed++) if (!refused(codecs[attack.on] as AnyCodec, attack.make(scene(seed)))) accepted++
  }
  t.ok(accepted > 0, `${accepted} were well-formed`)
})

t.test('answers: refused, or well-formed', async (t) => {
  for (const attack of attacks) {
    if (attack.on !== 'answer') continue
    for (let seed = 0; seed < (attack.name.includes('padding') ? 1 : 20); seed++)
      refused(exchangeResponse as AnyCodec, attack.make(scene(seed)).answer)
  }
  t.pass('none of them did anything else')
})
