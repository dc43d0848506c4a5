import { createHash } from 'node:crypto'
import { blake2b } from '../../native/crypto.ts'
import { type CID, cidFromBytes, IDENTITY, SHA2_256 } from '../../types/cid.ts'
import { CarError } from './errors.ts'

/** A section (length, CID and data) longer than this is refused (Lotus: go-car's MaxAllowedSectionSize is 32 MiB). */
export const MAX_SECTION_BYTES = 32 << 20
/** Longest CID that is read: a multihash of 64 bytes with room for its codes; identity CIDs carry up to 128 bytes. */
const MAX_CID_BYTES = 160

export interface ScanOptions {
  /** Hash every block and compare with its CID. */
  readonly verify: boolean
  /** Bytes that one section may have. */
  readonly maxBlock: number
}

export interface ScanResult {
  /** Bytes of whole sections; what follows them is the beginning of one that the chunk does not hold entirely. */
  readonly consumed: number
  /** Four numbers for each section: offset and length of the CID, offset and length of the data. */
  readonly entries: Uint32Array
}

/** Small reads of a varint that must fit 53 bits; `next` is -1 when the bytes end inside it, -2 when it is malformed. */
let varintNext = 0
function varint(b: Uint8Array, at: number): number {
  let value = 0
  let scale = 1
  for (let i = at; i < at + 8; i++) {
    const byte = b[i]
    if (byte === undefined) {
      varintNext = -1
      return 0
    }
    value += (byte & 0x7f) * scale
    if (byte < 0x80) {
      varintNext = byte === 0 && i > at ? -2 : i + 1
      return value
    }
    scale *= 128
  }
  varintNext = -2
  return 0
}

/**
 * Finds the whole sections of a piece of a CAR's payload and checks their hashes.
 * @param offset where the chunk lies in the file, for error texts
 * @throws CarError CAR_FORMAT, CAR_HASH (names the CID)
 */
export function scanSections(chunk: Uint8Array, options: ScanOptions, offset = 0): ScanResult {
  let entries = new Uint32Array(Math.max(64, chunk.length >> 5))
  let count = 0
  let at = 0
  while (at < chunk.length) {
    const length = varint(chunk, at)
    if (varintNext === -1) break
    if (varintNext === -2) fail(offset + at, 'the length of a section is malformed')
    const body = varintNext
    if (length === 0) fail(offset + at, 'a section has no bytes')
    if (length > options.maxBlock)
      fail(offset + at, `a section of ${length} bytes is longer than the limit of ${options.maxBlock}`)
    const end = body + length
    if (end > chunk.length) break
    const cidLength = cidLengthAt(chunk, body, end, offset)
    const data = body + cidLength
    if (options.verify) verifyBlock(chunk, body, cidLength, data, end, offset)
    if (count + 4 > entries.length) {
      const larger = new Uint32Array(entries.length * 2)
      larger.set(entries)
      entries = larger
    }
    entries[count++] = body
    entries[count++] = cidLength
    entries[count++] = data
    entries[count++] = end - data
    at = end
  }
  return { consumed: at, entries: entries.subarray(0, count) }
}

function fail(offset: number, what: string): never {
  throw new CarError('CAR_FORMAT', `the CAR file is damaged at byte ${offset}: ${what}`, { fields: { offset } })
}

/** Length of the CID that begins at `at`; @throws CarError CAR_FORMAT */
export function cidLengthAt(b: Uint8Array, at: number, end: number, offset = 0): number {
  // Nearly every block of the chain: CIDv1 with a one-byte codec and blake2b-256.
  if (
    b[at] === 1 &&
    (b[at + 1] as number) < 0x80 &&
    b[at + 2] === 0xa0 &&
    b[at + 3] === 0xe4 &&
    b[at + 4] === 0x02 &&
    b[at + 5] === 0x20 &&
    at + 38 <= end
  )
    return 38
  if (b[at] === 0x12 && b[at + 1] === 0x20 && at + 34 <= end) return 34
  const bad = (): never => fail(offset + at, 'a section does not begin with a CID')
  if (varint(b, at) !== 1 || varintNext < 0) bad()
  varint(b, varintNext)
  if (varintNext < 0) bad()
  varint(b, varintNext)
  if (varintNext < 0) bad()
  const digest = varint(b, varintNext)
  if (varintNext < 0) bad()
  const length = varintNext + digest - at
  if (at + length > end || length > MAX_CID_BYTES) bad()
  return length
}

function verifyBlock(b: Uint8Array, at: number, cidLength: number, data: number, end: number, offset: number): void {
  const block = b.subarray(data, end)
  let digest: Uint8Array
  if (cidLength === 38 && b[at + 2] === 0xa0 && b[at + 3] === 0xe4 && b[at + 4] === 0x02) {
    digest = blake2b(block, 32)
  } else {
    const cid = cidAt(b, at, cidLength)
    const hash = hashOf(cid.multihash.code, block)
    if (hash === undefined)
      fail(offset + at, `block ${cid} is addressed by a hash that is not known (0x${cid.multihash.code.toString(16)})`)
    if (hash.length !== cid.multihash.digest.length) badHash(cid, offset + at)
    digest = hash
  }
  const from = at + cidLength - digest.length
  for (let i = 0; i < digest.length; i++) if (digest[i] !== b[from + i]) badHash(cidAt(b, at, cidLength), offset + at)
}

function cidAt(b: Uint8Array, at: number, length: number): CID {
  return cidFromBytes(b.slice(at, at + length))
}

function hashOf(code: number, block: Uint8Array): Uint8Array | undefined {
  if (code === SHA2_256) return createHash('sha256').update(block).digest()
  if (code === IDENTITY) return block
  // The blake2b family: 0xb201 is one byte of digest, 0xb240 is 64.
  if (code >= 0xb201 && code <= 0xb240) return blake2b(block, code - 0xb200)
  return undefined
}

export function badHash(cid: CID, offset: number): never {
  throw new CarError('CAR_HASH', `the bytes of block ${cid} do not match its CID (at byte ${offset} of the CAR file)`, {
    fields: { cid: cid.toString(), offset },
    hint: 'The file is damaged; fetch it again.',
  })
}
