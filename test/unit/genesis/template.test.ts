import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import {
  formatKeyFile,
  formatPreSeal,
  formatTemplate,
  parseKeyFile,
  parsePreSeal,
  parseTemplate,
} from '../../../src/genesis/template.ts'
import { sharedData } from '../../kit/shared-data.ts'

test("Lotus's files are written as they were read", async (t) => {
  const shared = sharedData(t, 'chains/lotus-devnet-proofs')
  if (shared === undefined) return
  const text = (name: string) => readFile(join(shared, name), 'utf8')
  const template = await text('genesis-template.json')
  t.equal(formatTemplate(parseTemplate(template)).trim(), template.trim())
  for (const miner of ['t01000', 't01001']) {
    const manifest = await text(`miners/${miner}/pre-seal-${miner}.json`)
    t.equal(formatPreSeal([...parsePreSeal(manifest).values()]).trim(), manifest.trim())
    const key = (await text(`miners/${miner}/pre-seal-${miner}.key`)).trim()
    t.equal(formatKeyFile(parseKeyFile(key, 'key')), key)
  }
  t.match(formatTemplate({ ...parseTemplate(template), timestamp: 5 }), /"Timestamp": 5/)
})

test('key files that are none', async (t) => {
  for (const [text, message] of [
    ['zz', /x\.key is no key file: it is not hexadecimal/],
    [Buffer.from('nothing').toString('hex'), /holds no JSON/],
    [Buffer.from('{"Type":"rsa"}').toString('hex'), /neither bls nor secp256k1/],
  ] as const) {
    t.throws(() => parseKeyFile(text, 'x.key'), { code: 'GENESIS_TEMPLATE', message } as never)
  }
})
