// Nodes of the network on loopback, serving a chain that Lotus made.

import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { readerSource } from '../../src/net/exchange/source.ts'
import { type NetComponents, type NetInit, NetService } from '../../src/net/service.ts'
import type { MemoryBlockstore } from '../../src/store/blockstore.ts'
import { ChainReader } from '../../src/store/chain-reader.ts'
import type { CID } from '../../src/types/cid.ts'
import { type Tipset, TipsetKey } from '../../src/types/tipset.ts'
import { readCar } from './car.ts'

export interface LotusWireChain {
  readonly store: MemoryBlockstore
  readonly reader: ChainReader
  readonly head: Tipset
  readonly genesis: CID
}

/** @param folder `chains/lotus-devnet-proofs` as a path */
export function readChain(folder: string): LotusWireChain {
  const { roots, store } = readCar(join(folder, 'chain.car.zst'))
  const reader = new ChainReader(store)
  const head = reader.tipset(new TipsetKey(roots))
  return { store, reader, head, genesis: reader.genesisOf(head).cids[0] as CID }
}

/** A new ed25519 key in libp2p's protobuf form. */
export function newHostKey(): Uint8Array {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d as string, 'base64url')
  const pub = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url')
  return Uint8Array.of(0x08, 0x01, 0x12, 0x40, ...seed, ...pub)
}

/** A node that listens on a free port of 127.0.0.1; not started yet. */
export function makeNode(
  chain: LotusWireChain,
  components: Partial<NetComponents> = {},
  init: Partial<NetInit> = {},
): Promise<NetService> {
  return NetService.create(
    {
      head: async () => ({ tipset: chain.head, weight: chain.head.first.parentWeight }),
      genesis: chain.genesis,
      chain: readerSource(chain.reader),
      blocks: { get: (cid) => chain.store.get(cid) },
      validateBlock: async () => 'accept',
      validateMessage: async () => 'accept',
      ...components,
    },
    {
      p2pName: 'test',
      privateKey: newHostKey(),
      userAgent: 'nelumbo-test',
      version: '0.0.0',
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrapPeers: [],
      dht: false,
      minPeers: 0,
      heartbeatMs: 100,
      inboundPerSecond: 1000,
      ...init,
    },
  )
}

/** Connects `a` to `b`. */
export async function connect(a: NetService, b: NetService): Promise<void> {
  await a.view.connect(b.view.self())
}

/** A machine with other work takes longer than one without; only a wait that is over shows anything. */
const PATIENCE = 6

/** Waits until something holds; rejects when it takes many times the `ms` that an idle machine may need. */
export async function until(holds: () => boolean | Promise<boolean>, ms = 5000, what = 'the condition'): Promise<void> {
  const end = performance.now() + ms * PATIENCE
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what} did not come true in ${ms * PATIENCE} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
