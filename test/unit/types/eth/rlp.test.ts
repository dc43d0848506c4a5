import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { encodeRlp, quantity, type RlpItem } from '../../../../src/types/eth/rlp.ts'
import { decodeRlp } from '../../../kit/rlp.ts'
import { sharedData, sharedJson } from '../../../kit/shared-data.ts'

type Json = string | number | Json[]
const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`

/** Ethereum's notation: text, numbers, and big ones as `#123`. */
function itemOf(json: Json): RlpItem {
  if (Array.isArray(json)) return json.map(itemOf)
  if (typeof json === 'number') return quantity(BigInt(json))
  return json.startsWith('#') ? quantity(BigInt(json.slice(1))) : Buffer.from(json, 'latin1')
}

t.test("Ethereum's vectors", async (t) => {
  const vectors = sharedJson<Record<string, { in: Json; out: string }>>(t, 'eth', 'RLPTests', 'rlptest.json')
  if (vectors === undefined) return
  for (const [name, { in: input, out }] of Object.entries(vectors))
    t.equal(hex(encodeRlp(itemOf(input))), out.toLowerCase(), name)
})

t.test('random valid ones come out the same', async (t) => {
  const folder = sharedData(t, 'eth', 'RLPTests', 'RandomRLPTests')
  if (folder === undefined) return
  let valid = 0
  for (const file of readdirSync(folder)) {
    const vectors: Record<string, { in: string; out: string }> = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    for (const [name, vector] of Object.entries(vectors)) {
      if (vector.in !== 'VALID') continue
      const bytes = Buffer.from(vector.out.replace(/^0x/, ''), 'hex')
      t.equal(hex(encodeRlp(decodeRlp(bytes))), hex(bytes), `${file} ${name}`)
      valid++
    }
  }
  t.ok(valid > 0, `${valid} vectors`)
})

t.test('quantities', async (t) => {
  t.equal(hex(quantity(0n)), '0x')
  t.equal(hex(quantity(255n)), '0xff')
  t.equal(hex(quantity(256n)), '0x0100')
  t.throws(() => quantity(-1n), RangeError)
})
