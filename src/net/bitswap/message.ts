/**
 * Bitswap's messages in protobuf, written and read by hand: four small types of the dozen that a library would bring.
 * Source: the bitswap specification (specs.ipfs.tech/bitswap-protocol), versions 1.0.0 to 1.2.0.
 */
import { blake2b256 } from '../../native/crypto.ts'
import { BLAKE2B_256, CID, DAG_CBOR, RAW } from '../../types/cid.ts'
import { readVarint } from '../../types/varint.ts'
import { NetError } from '../errors.ts'
import { ProtoReader, ProtoWriter } from './protobuf.ts'

export const BITSWAP_PROTOCOLS = ['/chain/ipfs/bitswap/1.2.0', '/chain/ipfs/bitswap/1.1.0', '/chain/ipfs/bitswap/1.0.0'] as const
/** The version from which on peers can say that they have or lack a block. */
export const BITSWAP_WITH_PRESENCE = BITSWAP_PROTOCOLS[0]

/** Longest message (go-libp2p's network.MessageSizeMax). */
export const MAX_BITSWAP_MESSAGE = 4 << 20
/** Wants that one message may carry and that one peer may have open (boxo's limit per peer is 1024). */
export const MAX_WANTS = 1024
/** Bytes of a CID in a want (boxo's limit). */
const MAX_CID_BYTES = 168
/** Blocks and presences that one message may carry. */
const MAX_BLOCKS = 8192

export interface Want {
  readonly cid: CID
  readonly cancel: boolean
  /** Whether only "have" is asked, not the block. */
  readonly have: boolean
  readonly sendDontHave: boolean
}

export interface BitswapMessage {
  readonly wants: readonly Want[]
  /** Whether the wants replace all before. */
  readonly full: boolean
  readonly blocks: readonly { readonly cid: CID; readonly data: Uint8Array }[]
  readonly have: readonly CID[]
  readonly dontHave: readonly CID[]
}

export const emptyMessage: BitswapMessage = { wants: [], full: false, blocks: [], have: [], dontHave: [] }

export function encodeMessage(m: BitswapMessage): Uint8Array {
  const w = new ProtoWriter()
  if (m.wants.length > 0 || m.full) {
    const list = new ProtoWriter()
    for (const want of m.wants) {
      const entry = new ProtoWriter()
      entry.bytes(1, want.cid.bytes)
      entry.varint(2, 1)
      if (want.cancel) entry.varint(3, 1)
      if (want.have) entry.varint(4, 1)
      if (want.sendDontHave) entry.varint(5, 1)
      list.bytes(1, entry.finish())
    }
    if (m.full) list.varint(2, 1)
    w.bytes(1, list.finish())
  }
  for (const { cid, data } of m.blocks) {
    const block = new ProtoWriter()
    block.bytes(1, prefixOf(cid))
    block.bytes(2, data)
    w.bytes(3, block.finish())
  }
  for (const [type, cids] of [
    [0, m.have],
    [1, m.dontHave],
  ] as const) {
    for (const cid of cids) {
      const presence = new ProtoWriter()
      presence.bytes(1, cid.bytes)
      if (type !== 0) presence.varint(2, type)
      w.bytes(4, presence.finish())
    }
  }
  return w.finish()
}

/** A CID without its digest: version, codec, hash function, digest length. */
function prefixOf(cid: CID): Uint8Array {
  return cid.bytes.subarray(0, cid.bytes.length - cid.multihash.digest.length)
}

/**
 * Blocks are hashed and come back under the CID that they really have; those with a hash function that the chain does not
 * use are left out.
 * @throws NetError NET_PROTOCOL, NET_TOO_LARGE
 */
export function decodeMessage(bytes: Uint8Array): BitswapMessage {
  const wants: Want[] = []
  const blocks: { cid: CID; data: Uint8Array }[] = []
  const have: CID[] = []
  const dontHave: CID[] = []
  let full = false
  const r = new ProtoReader(bytes)
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === 1) full = readWants(r.bytes(), wants) || full
    else if (field === 3) {
      const block = readBlock(r.bytes())
      if (block !== undefined) blocks.push(block)
    } else if (field === 4) {
      const { cid, type } = readPresence(r.bytes())
      if (type === 0) have.push(cid)
      else dontHave.push(cid)
    } else r.skip()
    if (blocks.length + have.length + dontHave.length > MAX_BLOCKS) throw tooMany('blocks')
  }
  return { wants, full, blocks, have, dontHave }
}

function tooMany(what: string): NetError {
  return new NetError('NET_TOO_LARGE', `a bitswap message carries too many ${what}`)
}

function readWants(bytes: Uint8Array, into: Want[]): boolean {
  const r = new ProtoReader(bytes)
  let full = false
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === 1) {
      if (into.length >= MAX_WANTS) throw tooMany('wants')
      into.push(readWant(r.bytes()))
    } else if (field === 2) full = r.varint() !== 0
    else r.skip()
  }
  return full
}

function readWant(bytes: Uint8Array): Want {
  const r = new ProtoReader(bytes)
  let cid: CID | undefined
  let cancel = false
  let have = false
  let sendDontHave = false
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === 1) cid = readCid(r.bytes())
    else if (field === 3) cancel = r.varint() !== 0
    else if (field === 4) have = r.varint() === 1
    else if (field === 5) sendDontHave = r.varint() !== 0
    else r.skip()
  }
  if (cid === undefined) throw new NetError('NET_PROTOCOL', 'a bitswap want names no block')
  return { cid, cancel, have, sendDontHave }
}

function readPresence(bytes: Uint8Array): { cid: CID; type: number } {
  const r = new ProtoReader(bytes)
  let cid: CID | undefined
  let type = 0
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === 1) cid = readCid(r.bytes())
    else if (field === 2) type = r.varint()
    else r.skip()
  }
  if (cid === undefined) throw new NetError('NET_PROTOCOL', 'a bitswap presence names no block')
  return { cid, type }
}

function readCid(bytes: Uint8Array): CID {
  if (bytes.length > MAX_CID_BYTES) throw new NetError('NET_PROTOCOL', `a CID of ${bytes.length} bytes is too long`)
  try {
    return CID.decode(bytes.slice())
  } catch (cause) {
    throw new NetError('NET_PROTOCOL', 'a bitswap message carries something that is no CID', { cause })
  }
}

function readBlock(bytes: Uint8Array): { cid: CID; data: Uint8Array } | undefined {
  const r = new ProtoReader(bytes)
  let prefix: Uint8Array | undefined
  let data: Uint8Array = new Uint8Array(0)
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === 1) prefix = r.bytes()
    else if (field === 2) data = r.bytes()
    else r.skip()
  }
  if (prefix === undefined) return undefined
  const parts = readPrefix(prefix)
  if (parts === undefined || parts[0] !== 1 || (parts[1] !== DAG_CBOR && parts[1] !== RAW)) return undefined
  if (parts[2] !== BLAKE2B_256 || parts[3] !== 32) return undefined
  // A copy: the block outlives the message.
  const own = data.slice()
  const cid = new Uint8Array(prefix.length + 32)
  cid.set(prefix)
  cid.set(blake2b256(own), prefix.length)
  return { cid: CID.decode(cid), data: own }
}

function readPrefix(bytes: Uint8Array): number[] | undefined {
  const out: number[] = []
  let at = 0
  try {
    while (at < bytes.length && out.length < 5) {
      const { value, next } = readVarint(bytes, at)
      out.push(Number(value))
      at = next
    }
  } catch {
    return undefined
  }
  return out.length === 4 ? out : undefined
}

/** Whether a block of this kind is served and fetched: what the chain consists of. */
export function isChainCid(cid: CID): boolean {
  return cid.version === 1 && (cid.code === DAG_CBOR || cid.code === RAW) && cid.multihash.code === BLAKE2B_256
}
