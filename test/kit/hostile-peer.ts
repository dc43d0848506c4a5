// A peer that means harm: a bare libp2p host that says whatever a test wants on any protocol.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { Test } from 'tap'
import { encode } from '../../src/codec/codec.ts'
import type { NetService } from '../../src/net/service.ts'
import { readCbor, writeAll } from '../../src/net/stream.ts'
import type { CID } from '../../src/types/cid.ts'
import { HELLO_PROTOCOL, helloMessage } from '../../src/types/wire/hello.ts'
import { connect, type LotusWireChain, makeNode, newHostKey, readChain, until } from './net-pair.ts'
import { sharedData } from './shared-data.ts'

export class HostilePeer {
  readonly libp2p: Libp2p
  readonly privateKey: PrivateKey

  private constructor(libp2p: Libp2p, privateKey: PrivateKey) {
    this.libp2p = libp2p
    this.privateKey = privateKey
  }

  /** @param options.listen whether it can be dialled */
  static async start(options: { readonly listen?: boolean } = {}): Promise<HostilePeer> {
    const privateKey = privateKeyFromProtobuf(newHostKey())
    const libp2p = await createLibp2p({
      privateKey,
      addresses: { listen: options.listen === false ? [] : ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux({ maxOutboundStreams: 100_000, maxInboundStreams: 100_000 })],
      connectionMonitor: { enabled: false },
      connectionManager: { reconnectRetries: 0 },
      services: { identify: identify() } as never,
    })
    return new HostilePeer(libp2p, privateKey)
  }

  get id(): string {
    return this.libp2p.peerId.toString()
  }

  async stop(): Promise<void> {
    await this.libp2p.stop()
  }

  dial(target: NetService): Promise<Connection> {
    const { id, addrs } = target.view.self()
    return this.libp2p.dial(addrs.map((a) => multiaddr(`${a}/p2p/${id}`)))
  }

  dialTo(addrs: readonly Multiaddr[]): Promise<Connection> {
    return this.libp2p.dial([...addrs])
  }

  /** Answers a protocol with whatever `talk` does; its failures are of no interest. */
  async serve(protocol: string, talk: (stream: Stream, connection: Connection) => Promise<void>): Promise<void> {
    await this.libp2p.handle(
      protocol,
      (stream, connection) => {
        talk(stream, connection).catch(() => {})
      },
      { maxInboundStreams: 10_000 },
    )
  }

  /** Answers each request of a protocol with the same bytes. */
  async answer(protocol: string, bytes: Uint8Array): Promise<void> {
    await this.serve(protocol, async (stream) => {
      await readCbor(stream, { maxBytes: 1 << 20, timeoutMs: 5000 })
      await writeAll(stream, bytes, { timeoutMs: 60_000 })
    })
  }

  /** Sends bytes over a new stream and reads until the other side ends it; undefined when it was reset. */
  async ask(connection: Connection, protocol: string, bytes: Uint8Array, timeoutMs = 15_000): Promise<Uint8Array | undefined> {
    const stream = await connection.newStream(protocol, { maxOutboundStreams: 100_000 })
    try {
      const reading = readCbor(stream, { maxBytes: 200 << 20, timeoutMs })
      const [answer] = await Promise.all([reading, writeAll(stream, bytes, { timeoutMs })])
      return answer
    } catch {
      return undefined
    }
  }

  /** Says hello as a peer of some chain would. */
  async hello(connection: Connection, genesis: CID, head: readonly CID[] = [genesis]): Promise<Uint8Array | undefined> {
    const bytes = encode(helloMessage, {
      heaviestTipSet: [...head],
      heaviestTipSetHeight: 1,
      heaviestTipSetWeight: 1n,
      genesisHash: genesis,
    })
    return this.ask(connection, HELLO_PROTOCOL, bytes)
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/**
 * Bytes that the heap grew by while something ran, garbage not counted: the least that is measured in the seconds after,
 * because what is on its way through buffers is not kept.
 */
export async function heapGrowth(run: () => Promise<void>, settleMs = 2000): Promise<number> {
  const used = (): number => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = used()
  await run()
  let least = used() - before
  for (const end = performance.now() + settleMs; least > 0 && performance.now() < end; least = Math.min(least, used() - before)) {
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return least
}

let loaded: LotusWireChain | undefined
/** A started node, and the chain that it serves; stopped when the test ends. */
export async function target(
  t: Test,
  init: Parameters<typeof makeNode>[2] = {},
): Promise<{ node: NetService; chain: LotusWireChain } | undefined> {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return undefined
  loaded ??= readChain(folder)
  const chain = loaded
  const node = await makeNode(chain, {}, init)
  await node.start()
  t.teardown(() => node.stop())
  return { node, chain }
}

/** A peer that dials; stopped when the test ends. */
export async function hostile(t: Test): Promise<HostilePeer> {
  const peer = await HostilePeer.start({ listen: false })
  t.teardown(() => peer.stop())
  return peer
}

/** An honest peer gets a piece of the chain: the node works. */
export async function stillServes(t: Test, node: NetService, chain: LotusWireChain): Promise<void> {
  const honest = await makeNode(chain)
  await honest.start()
  await connect(honest, node)
  await until(() => honest.exchange.peers.size === 1)
  t.equal((await honest.exchange.headers(chain.head.key, 30)).length, 30, 'an honest peer is served')
  await honest.stop()
}

export const isReset = (stream: Stream): boolean => stream.status !== 'open' && stream.status !== 'closing'
