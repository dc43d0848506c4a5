// The published FVM message vectors: loading them, and running one on a machine.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { CID } from 'multiformats/cid'
import type { Externs } from '../../src/native/fvm.ts'
import { FvmMachine } from '../../src/native/fvm.ts'

export interface FvmReceipt {
  readonly exitCode: number
  readonly returnData: Uint8Array
  readonly gasUsed: bigint
}

export interface FvmVector {
  readonly name: string
  readonly networkVersion: number
  readonly epoch: number
  readonly baseFee: bigint
  readonly circulatingSupply: bigint
  readonly preRoot: Uint8Array
  readonly postRoot: Uint8Array
  readonly messages: readonly Uint8Array[]
  readonly receipts: readonly FvmReceipt[]
  /** Recorded digests by `chain/epoch` and `beacon/epoch`. */
  readonly randomness: ReadonlyMap<string, Uint8Array>
  readonly blocks: BlockMap
}

/** Blocks by the hex of their CID's bytes. */
export type BlockMap = ReadonlyMap<string, Uint8Array>

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')

function varint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0
  let scale = 1
  for (let i = at; i < at + 8; i++) {
    const byte = bytes[i]
    if (byte === undefined) break
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return [value, i + 1]
    scale *= 128
  }
  throw new Error('bad varint in a CAR file')
}

/** Length of the CID at the start of a CAR section. */
function cidLength(bytes: Uint8Array, at: number): number {
  const [, codecAt] = varint(bytes, at)
  const [, hashAt] = varint(bytes, codecAt)
  const [, sizeAt] = varint(bytes, hashAt)
  const [size, digestAt] = varint(bytes, sizeAt)
  return digestAt + size - at
}

/** Adds the blocks of a CARv1 file to `into`. */
export function carBlocks(bytes: Uint8Array, into: Map<string, Uint8Array>): void {
  const [header, headerAt] = varint(bytes, 0)
  for (let at = headerAt + header; at < bytes.length; ) {
    const [size, start] = varint(bytes, at)
    const length = cidLength(bytes, start)
    into.set(hex(bytes.subarray(start, start + length)), bytes.subarray(start + length, start + size))
    at = start + size
  }
}

/** The wasm of one network's actors out of a bundle, `v9.tar.zst` for instance. */
export function bundleBlocks(path: string, network = 'mainnet'): BlockMap {
  const tar = zstdDecompressSync(readFileSync(path))
  const blocks = new Map<string, Uint8Array>()
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '')
    if (name === '') break
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8)
    if (name === `builtin-actors-${network}.car`) carBlocks(tar.subarray(at + 512, at + 512 + size), blocks)
    at += 512 + Math.ceil(size / 512) * 512
  }
  if (blocks.size === 0) throw new Error(`${path} has no bundle for ${network}`)
  return blocks
}

interface RawVector {
  car: string
  randomness?: { on: [kind: string, epoch: number]; ret: string }[]
  preconditions: {
    variants: { epoch: number; nv: number }[]
    state_tree: { root_cid: { '/': string } }
    basefee: bigint
    circ_supply: bigint
  }
  apply_messages: { bytes: string }[]
  postconditions: {
    state_tree: { root_cid: { '/': string } }
    receipts: { exit_code: number; return: string; gas_used: bigint }[]
  }
}

// Supplies are above 2^53: a number read through a double would lose its last digits.
const BIG_KEYS = new Set(['basefee', 'circ_supply', 'gas_used'])

export function readVector(path: string): FvmVector {
  const reviver = (key: string, value: unknown, context?: { source?: string }): unknown =>
    BIG_KEYS.has(key) && context?.source !== undefined ? BigInt(context.source) : value
  const raw = JSON.parse(readFileSync(path, 'utf8'), reviver) as RawVector
  const variant = raw.preconditions.variants[0]
  if (variant === undefined) throw new Error(`${path} has no variant`)
  const blocks = new Map<string, Uint8Array>()
  carBlocks(gunzipSync(Buffer.from(raw.car, 'base64')), blocks)
  const root = (tree: { root_cid: { '/': string } }): Uint8Array => CID.parse(tree.root_cid['/']).bytes
  return {
    name: path.replace(/^.*\//, '').replace(/\.json$/, ''),
    networkVersion: variant.nv,
    epoch: variant.epoch,
    baseFee: raw.preconditions.basefee,
    circulatingSupply: raw.preconditions.circ_supply,
    preRoot: root(raw.preconditions.state_tree),
    postRoot: root(raw.postconditions.state_tree),
    messages: raw.apply_messages.map((m) => Buffer.from(m.bytes, 'base64')),
    receipts: raw.postconditions.receipts.map((r) => ({
      exitCode: r.exit_code,
      returnData: Buffer.from(r.return, 'base64'),
      gasUsed: r.gas_used,
    })),
    randomness: new Map((raw.randomness ?? []).map((r) => [`${r.on[0]}/${r.on[1]}`, Buffer.from(r.ret, 'base64')])),
    blocks,
  }
}

/** Paths of a folder's vectors, in a fixed order. */
export function vectorPaths(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name))
}

/** What the published runner answers where a vector recorded nothing (ref-fvm testing/conformance rand.rs). */
const FALLBACK_RANDOMNESS = Buffer.from('i_am_random_____i_am_random_____', 'latin1')

/** Answers a vector's machine out of the vector and, for code, `actors`. */
export function vectorExterns(vector: FvmVector, actors: BlockMap): Externs {
  return {
    getBlock: (cid) => {
      const key = hex(cid)
      return vector.blocks.get(key) ?? actors.get(key)
    },
    chainRandomness: (epoch) => vector.randomness.get(`chain/${epoch}`) ?? FALLBACK_RANDOMNESS,
    beaconRandomness: (epoch) => vector.randomness.get(`beacon/${epoch}`) ?? FALLBACK_RANDOMNESS,
    tipsetCid: () => undefined,
    // The published runner takes every report for unfounded.
    verifyConsensusFault: () => ({ fault: null, gas: 0 }),
  }
}

/** First byte of a secp256k1 address. */
const SECP256K1 = 1

/** The sender is the third field of the message tuple: its first byte is the address's protocol. */
function isSecp(message: Uint8Array): boolean {
  // 0x8a (tuple of 10), 0x00 (version), then `to` and `from` as short byte strings.
  let at = 2
  for (let field = 0; field < 2; field++) {
    const head = message[at] as number
    const length = head === 0x58 ? (message[at + 1] as number) : head & 0x1f
    const start = at + (head === 0x58 ? 2 : 1)
    if (field === 1) return message[start] === SECP256K1
    at = start + length
  }
  return false
}

export interface VectorOutcome {
  readonly receipts: readonly FvmReceipt[]
  readonly stateRoot: Uint8Array
}

/** Runs a vector's messages on a machine of its own. */
export function runVector(vector: FvmVector, externs: Externs): VectorOutcome {
  const machine = new FvmMachine(
    {
      networkVersion: vector.networkVersion,
      chainId: 0n,
      epoch: vector.epoch,
      timestamp: BigInt(vector.epoch * 30),
      stateRoot: vector.preRoot,
      baseFee: vector.baseFee,
      circulatingSupply: vector.circulatingSupply,
      assumeProofsValid: true,
    },
    externs,
  )
  try {
    const receipts = vector.messages.map((message) => {
      // A secp256k1 message stands on the chain with its signature: 65 bytes and 4 of CBOR around them.
      const onChain = message.length + (isSecp(message) ? 69 : 0)
      const { exitCode, returnData, gasUsed } = machine.execute(message, 'explicit', onChain)
      return { exitCode, returnData, gasUsed }
    })
    return { receipts, stateRoot: machine.flush().stateRoot }
  } finally {
    machine.close()
  }
}

/** Throws one sentence about the first difference between outcome and vector. */
export function checkVector(vector: FvmVector, outcome: VectorOutcome): void {
  for (const [i, expected] of vector.receipts.entries()) {
    const got = outcome.receipts[i]
    const of = `message ${i} of ${vector.name}`
    if (got === undefined) throw new Error(`${of} has no receipt`)
    if (got.exitCode !== expected.exitCode) throw new Error(`${of} exits with ${got.exitCode}, not ${expected.exitCode}`)
    if (hex(got.returnData) !== hex(expected.returnData)) throw new Error(`${of} returns ${hex(got.returnData)}`)
    if (got.gasUsed !== expected.gasUsed) throw new Error(`${of} uses ${got.gasUsed} gas, not ${expected.gasUsed}`)
  }
  if (hex(outcome.stateRoot) !== hex(vector.postRoot)) {
    throw new Error(`${vector.name} ends in ${CID.decode(outcome.stateRoot)}, not ${CID.decode(vector.postRoot)}`)
  }
}

/** Bundle that holds the code of a folder's actors: `nv17-actors-v9` needs `v9.tar.zst`. */
export function bundleOf(folder: string): string {
  const version = /actors-(v\d+)$/.exec(folder)?.[1]
  if (version === undefined) throw new Error(`folder ${folder} does not say which actors it needs`)
  return `${version}.tar.zst`
}
