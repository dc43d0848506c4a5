// A contract that calls itself, on the state of a Lotus devnet: as deep as the machine lets it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { CborReader } from '../../src/codec/cbor-reader.ts'
import { CborWriter } from '../../src/codec/cbor-writer.ts'
import type { ApplyResult } from '../../src/native/fvm.ts'
import { FvmMachine } from '../../src/native/fvm.ts'
import { decodeBlock } from '../../src/types/block.ts'
import { bundleBlocks, carBlocks } from './fvm-vectors.ts'

/** f010, the Ethereum address manager, and the methods that it and contracts have (builtin-actors). */
const EAM = Uint8Array.of(0, 10)
const CREATE_EXTERNAL = 4
const INVOKE_CONTRACT = 3844450837
/** f0100, the devnet's first account. */
const SENDER = Uint8Array.of(0, 100)
const GAS = 10_000_000_000n * 1000n

function message(to: Uint8Array, method: number, data: Uint8Array): Uint8Array {
  const params = new CborWriter()
  params.bytes(data)
  const w = new CborWriter()
  w.array(10)
  w.int(0)
  w.bytes(to)
  w.bytes(SENDER)
  w.int(0)
  w.bytes(new Uint8Array(0))
  w.int(GAS)
  w.bytes(new Uint8Array(0))
  w.bytes(new Uint8Array(0))
  w.int(method)
  w.bytes(params.finish())
  return w.finish()
}

function idAddress(id: bigint): Uint8Array {
  const bytes = [0]
  let rest = id
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Uint8Array.of(...bytes, Number(rest))
}

/** Deploys `ExternalRecursiveCallSimple` and lets it call itself `depth` times. `data`: the folder of foreign test data. */
export function recurse(data: string, depth: number): ApplyResult {
  const chain = join(data, 'chains', 'lotus-devnet-proofs')
  const blocks = new Map<string, Uint8Array>(bundleBlocks(join(data, 'actors', 'v18.tar.zst'), 'devnet'))
  carBlocks(zstdDecompressSync(readFileSync(join(chain, 'snapshot.car.zst'))), blocks)
  const header = [...blocks.values()]
    .filter((d) => d[0] === 0x90 && (d[1] as number) >= 0x42 && (d[1] as number) <= 0x44 && d[2] === 0)
    .map((d) => decodeBlock(d))
    .find(({ height }) => height > 50)
  if (header === undefined) throw new Error('the snapshot lacks a block above height 50')
  const machine = new FvmMachine(
    {
      networkVersion: 28,
      chainId: 31415926n,
      epoch: header.height,
      timestamp: BigInt(header.timestamp),
      stateRoot: header.parentStateRoot.bytes,
      baseFee: 0n,
      circulatingSupply: 0n,
      tracing: true,
    },
    {
      getBlock: (cid) => blocks.get(Buffer.from(cid).toString('hex')),
      chainRandomness: () => undefined,
      beaconRandomness: () => undefined,
      tipsetCid: () => undefined,
      verifyConsensusFault: () => undefined,
    },
  )
  try {
    const code = readFileSync(join(data, 'eth', 'contracts', 'ExternalRecursiveCallSimple.hex'), 'utf8').trim()
    const deployed = machine.execute(message(EAM, CREATE_EXTERNAL, Buffer.from(code, 'hex')), 'implicit', 0)
    if (deployed.exitCode !== 0) throw new Error(`the contract cannot be deployed: ${deployed.failureInfo}`)
    const created = new CborReader(deployed.returnData)
    created.array()
    const contract = idAddress(created.uint())
    const argument = Buffer.alloc(32)
    argument.writeUInt32BE(depth, 28)
    const selector = keccak_256(Buffer.from('exec1(uint256)')).subarray(0, 4)
    return machine.execute(message(contract, INVOKE_CONTRACT, Buffer.concat([selector, argument])), 'implicit', 0)
  } finally {
    machine.close()
  }
}
