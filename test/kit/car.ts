// A small CAR reader for tests: whole file in memory, versions 1 and 2, zstd or plain. What the program itself uses for CAR
// files is not used here, so that tests of state do not hang on it.

import { readFileSync } from 'node:fs'
import { zstdDecompressSync } from 'node:zlib'
import { CborReader } from '../../src/codec/cbor-reader.ts'
import { MemoryBlockstore } from '../../src/store/blockstore.ts'
import { CID, cidFromBytes } from '../../src/types/cid.ts'

/** A CAR file's roots and blocks. */
export interface Car {
  readonly roots: readonly CID[]
  readonly store: MemoryBlockstore
}

/** Reads the file at `path`; a name that ends in .zst is decompressed. */
export function readCar(path: string): Car {
  const file = readFileSync(path)
  return parseCar(path.endsWith('.zst') ? zstdDecompressSync(file) : file)
}

function varint(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0
  let scale = 1
  for (let at = from; ; at++) {
    const b = bytes[at]
    if (b === undefined) throw new Error('the CAR ends inside a length')
    value += (b & 0x7f) * scale
    if (b < 0x80) return [value, at + 1]
    scale *= 128
  }
}

function readHeader(bytes: Uint8Array): { version: number; roots: CID[] } {
  const r = new CborReader(bytes)
  let version = 0
  const roots: CID[] = []
  for (let n = r.map(); n > 0; n--) {
    if (r.text() === 'version') version = r.safeInt()
    else for (let i = r.array(); i > 0; i--) roots.push(cidFromBytes(r.link().slice()))
  }
  return { version, roots }
}

export function parseCar(bytes: Uint8Array): Car {
  const [length, start] = varint(bytes, 0)
  const { version, roots } = readHeader(bytes.subarray(start, start + length))
  if (version === 2) {
    // After the 11 bytes of the pragma: 16 of characteristics, then offset and size of the inner version 1 file.
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const offset = Number(view.getBigUint64(11 + 16, true))
    const size = Number(view.getBigUint64(11 + 24, true))
    return parseCar(bytes.subarray(offset, offset + size))
  }
  const store = new MemoryBlockstore()
  for (let at = start + length; at < bytes.length; ) {
    const [size, from] = varint(bytes, at)
    at = from + size
    const [cid, data] = CID.decodeFirst(bytes.subarray(from, at))
    store.put(cid, data)
  }
  return { roots, store }
}
