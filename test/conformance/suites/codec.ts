import { deepEqual, equal, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode, encode } from '../../../src/codec/codec.ts'
import { parseJson } from '../../../src/codec/json.ts'
import { blake2b256, blsSign, blsVerify, secp256k1Sign } from '../../../src/native/crypto.ts'
import { verifySecp256k1 } from '../../../src/state/signature.ts'
import { blockCid, blockHeader } from '../../../src/types/block.ts'
import { CID } from '../../../src/types/cid.ts'
import { ipldValue } from '../../../src/types/ipld.ts'
import { message, messageCid } from '../../../src/types/message.ts'
import type { ConformanceReport, ConformanceSuite } from '../../kit/conformance.ts'

const ctx = { addressPrefix: 't' } as const

interface SigningVector {
  readonly Unsigned: unknown
  readonly Cid: string
  readonly CidHexBytes: string
  readonly PrivateKey: string
  readonly Signature: { readonly Type: number; readonly Data: string }
}

async function serialization(report: ConformanceReport, path: string): Promise<void> {
  const read = (name: string): unknown => parseJson(readFileSync(join(path, name), 'utf8'))
  for (const [i, v] of (read('unsigned_messages.json') as { message: object; hex_cbor: string }[]).entries()) {
    await report.check(`unsigned message ${i}`, () => {
      const value = message.fromJson(v.message, '')
      equal(Buffer.from(encode(message, value)).toString('hex'), v.hex_cbor)
      const { CID: _, ...json } = message.toJson(decode(message, Buffer.from(v.hex_cbor, 'hex')), ctx) as Record<string, unknown>
      equal(JSON.stringify(json), JSON.stringify(plain(v.message)))
    })
  }
  for (const [i, v] of (read('block_headers.json') as { block: object; cbor_hex: string; cid: string }[]).entries()) {
    await report.check(`block header ${i}`, () => {
      const value = blockHeader.fromJson(v.block, '')
      equal(Buffer.from(encode(blockHeader, value)).toString('hex'), v.cbor_hex)
      equal(blockCid(value).toString(), v.cid)
      deepEqual(blockHeader.toJson(decode(blockHeader, Buffer.from(v.cbor_hex, 'hex')), ctx), v.block)
    })
  }
  for (const [i, v] of (read('message_signing.json') as SigningVector[]).entries()) {
    await report.check(`message signing ${i}`, () => {
      const value = message.fromJson(v.Unsigned, '')
      const cid = messageCid(value)
      equal(cid.toString(), v.Cid)
      equal(Buffer.from(cid.bytes).toString('hex'), v.CidHexBytes)
      const key = Buffer.from(v.PrivateKey, 'base64')
      const signature = Buffer.from(v.Signature.Data, 'base64')
      if (v.Signature.Type === 2) {
        ok(blsVerify(value.from.payload, cid.bytes, signature))
        equal(Buffer.from(blsSign(key, cid.bytes)).toString('base64'), v.Signature.Data)
      } else {
        ok(verifySecp256k1(value.from, cid.bytes, signature))
        ok(verifySecp256k1(value.from, cid.bytes, secp256k1Sign(key, blake2b256(cid.bytes))))
      }
    })
  }
}

/** bigint kept by parseJson, printed as JSON prints numbers. */
function plain(v: unknown): unknown {
  return JSON.parse(
    JSON.stringify(v, (_k, x) =>
      typeof x === 'bigint' ? (JSON as unknown as { rawJSON(s: string): unknown }).rawJSON(x.toString()) : x,
    ),
    ((_k: string, x: unknown, c?: { source?: string }) =>
      typeof x === 'number' && !Number.isSafeInteger(x) && c?.source !== undefined
        ? (JSON as unknown as { rawJSON(s: string): unknown }).rawJSON(c.source)
        : x) as (k: string, x: unknown) => unknown,
  )
}

async function dagCbor(report: ConformanceReport, path: string): Promise<void> {
  for (const folder of readdirSync(path)) {
    const files = readdirSync(join(path, folder))
    const cborFile = files.find((f) => f.endsWith('.dag-cbor'))
    const jsonFile = files.find((f) => f.endsWith('.dag-json'))
    if (cborFile === undefined) {
      report.fail(folder, 'no .dag-cbor file')
      continue
    }
    await report.check(`dag-cbor ${folder}`, () => {
      const bytes = readFileSync(join(path, folder, cborFile))
      const value = decode(ipldValue, bytes)
      deepEqual(Buffer.from(encode(ipldValue, value)), bytes)
      const cid = CID.parse(cborFile.slice(0, -'.dag-cbor'.length))
      deepEqual(Buffer.from(cid.multihash.digest), createHash('sha256').update(bytes).digest())
      if (jsonFile !== undefined) {
        const json: unknown = parseJson(readFileSync(join(path, folder, jsonFile), 'utf8'))
        deepEqual(parseJson(JSON.stringify(ipldValue.toJson(value, ctx))), json)
      }
    })
  }
}

/** Wire encoding: Filecoin's serialization vectors and the DAG-CBOR fixtures. */
export const suite: ConformanceSuite = {
  group: 'codec',
  async run(report, dataPath) {
    for (const folder of readdirSync(dataPath)) {
      const path = join(dataPath, folder)
      if (folder === 'serialization') await serialization(report, path)
      else if (folder === 'dag-cbor') await dagCbor(report, join(path, 'fixtures'))
      else report.fail(folder, 'unknown folder')
    }
  },
}
