// Frames of gossipsub as a hostile peer makes them.

import type { Stream } from '@libp2p/interface'
import { ProtoWriter, uvarint } from '../../src/net/bitswap/protobuf.ts'
import type { HostilePeer } from './hostile-peer.ts'

export const MESHSUB = '/meshsub/1.1.0'

/** Subscriptions to topics that nobody has. */
export function subscriptions(count: number, salt: string): Uint8Array {
  const rpc = new ProtoWriter()
  for (let i = 0; i < count; i++) {
    const sub = new ProtoWriter()
    sub.varint(1, 1)
    sub.bytes(2, Buffer.from(`t${salt}${i}`))
    rpc.bytes(1, sub.finish())
  }
  return rpc.finish()
}

function control(build: (c: ProtoWriter) => void): Uint8Array {
  const c = new ProtoWriter()
  build(c)
  const rpc = new ProtoWriter()
  rpc.bytes(3, c.finish())
  return rpc.finish()
}

const ids = (count: number, salt: string): Buffer[] =>
  Array.from({ length: count }, (_, k) => Buffer.from(`${salt}-${k}-${'x'.repeat(32)}`.slice(0, 32)))

export function ihave(topic: string, count: number, salt: string): Uint8Array {
  return control((c) => {
    const inner = new ProtoWriter()
    inner.bytes(1, Buffer.from(topic))
    for (const id of ids(count, salt)) inner.bytes(2, id)
    c.bytes(1, inner.finish())
  })
}

export function iwant(count: number, salt: string): Uint8Array {
  return control((c) => {
    const inner = new ProtoWriter()
    for (const id of ids(count, salt)) inner.bytes(1, id)
    c.bytes(2, inner.finish())
  })
}

/** @param backoff seconds, up to 2^64-1 */
export function prune(topic: string, backoff: bigint): Uint8Array {
  return control((c) => {
    const inner = new ProtoWriter()
    inner.bytes(1, Buffer.from(topic))
    const tail: number[] = [(3 << 3) | 0]
    for (let v = backoff; ; v >>= 7n) {
      tail.push(Number(v & 0x7fn) | (v > 0x7fn ? 0x80 : 0))
      if (v <= 0x7fn) break
    }
    c.bytes(4, Buffer.concat([inner.finish(), Buffer.from(tail)]))
  })
}

/** A message that the peer signs; with a `signature` of its own a forged one. */
export async function message(
  peer: HostilePeer,
  topic: string,
  data: Uint8Array,
  seqno: number,
  signature?: Uint8Array,
): Promise<Uint8Array> {
  const number = Buffer.alloc(8)
  number.writeUInt32BE(seqno, 4)
  const write = (): ProtoWriter => {
    const m = new ProtoWriter()
    m.bytes(1, peer.libp2p.peerId.toMultihash().bytes)
    m.bytes(2, data)
    m.bytes(3, number)
    m.bytes(4, Buffer.from(topic))
    return m
  }
  const signed = write()
  signed.bytes(5, signature ?? (await peer.privateKey.sign(Buffer.concat([Buffer.from('libp2p-pubsub:'), write().finish()]))))
  const rpc = new ProtoWriter()
  rpc.bytes(2, signed.finish())
  return rpc.finish()
}

/** Sends frames one after the other; stops when the node has had enough. @returns how many went out */
export async function sendFrames(stream: Stream, frames: Iterable<Uint8Array>): Promise<number> {
  let sent = 0
  try {
    for (const frame of frames) {
      for (const part of [uvarint(frame.length), frame])
        if (!stream.send(part)) await stream.onDrain({ signal: AbortSignal.timeout(30_000) })
      sent++
      if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  } catch {
    // Cut off.
  }
  return sent
}
