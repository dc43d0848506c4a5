// A message pool without a chain: senders are what a test says they are, messages are signed with real keys.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { messageFault } from '../../src/consensus/rules/message-form.ts'
import { onChainMessageCharge, onChainMessageGas } from '../../src/consensus/rules/on-chain-gas.ts'
import { MessagePool, type MessagePoolComponents } from '../../src/mpool/message-pool.ts'
import type { MessageFaults, MessageWay, PoolChain, SenderFacts } from '../../src/mpool/pool-chain.ts'
import { blake2b256, blsPublicKey, blsSign, secp256k1PublicKey, secp256k1Sign } from '../../src/native/crypto.ts'
import { mainnet } from '../../src/networks/mainnet.ts'
import { examineMessage } from '../../src/node/pool-queries.ts'
import { MetadataStore } from '../../src/store/metadata.ts'
import { Address, Protocol } from '../../src/types/address.ts'
import { type Message, messageCid, type SignedMessage } from '../../src/types/message.ts'
import { FIL } from '../../src/types/scalars.ts'
import { SignatureType } from '../../src/types/signature.ts'
import { Tipset } from '../../src/types/tipset.ts'
import { testChain } from './fork-chain.ts'

export interface PoolKey {
  readonly address: Address
  sign(message: Message): SignedMessage
}

/** The n-th secp256k1 key of the tests. */
export function secpKey(n: number): PoolKey {
  const secret = blake2b256(Buffer.from(`secp ${n}`))
  const address = Address.fromSecp256k1(secp256k1PublicKey(secret))
  return {
    address,
    sign: (message) => ({
      message,
      signature: {
        type: SignatureType.secp256k1,
        data: secp256k1Sign(secret, blake2b256(messageCid(message).bytes)),
      },
    }),
  }
}

/** The n-th BLS key of the tests. */
export function blsKey(n: number): PoolKey {
  const secret = new Uint8Array(32)
  secret.set([n & 255, n >> 8, 1])
  const address = Address.fromBls(blsPublicKey(secret))
  return {
    address,
    sign: (message) => ({
      message,
      signature: { type: SignatureType.bls, data: blsSign(secret, messageCid(message).bytes) },
    }),
  }
}

export const anyone = Address.fromId(1001n)

/** A transfer that passes every rule at a base fee of 100. */
export function transfer(from: PoolKey, nonce: number | bigint, changes: Partial<Message> = {}): SignedMessage {
  return from.sign({
    version: 0n,
    to: anyone,
    from: from.address,
    nonce: BigInt(nonce),
    value: 1n,
    gasLimit: 2_000_000n,
    gasFeeCap: 1_000_000n,
    gasPremium: 100_000n,
    method: 0n,
    params: new Uint8Array(0),
    ...changes,
  })
}

/** What the pool sees of the chain; a test changes it as it likes. */
export class FakePoolChain implements PoolChain {
  readonly states = new Map<string, SenderFacts | undefined>()
  readonly ids = new Map<string, Address>()
  /** What {@link way} answers, by the key of the tipset that it leads to. */
  readonly ways = new Map<string, MessageWay>()
  /** Questions by name. */
  readonly asked: Record<string, number> = {}
  fee = 100n
  height: number
  /** True leaves signatures unchecked. */
  trusting = false
  networkVersion = 24

  constructor(height = mainnet.upgrades.hygge + 1000) {
    this.height = height
  }

  set(key: PoolKey | Address, facts: { nonce?: number | bigint; balance?: bigint; canSend?: boolean } = {}): void {
    const address = key instanceof Address ? key : key.address
    const nonce = BigInt(facts.nonce ?? 0)
    this.states.set(address.key, {
      nonce,
      after: { nonce, balance: facts.balance ?? 1000n * FIL, canSend: facts.canSend ?? true },
    })
  }

  #count(name: string): void {
    this.asked[name] = (this.asked[name] ?? 0) + 1
  }

  async examine(messages: readonly SignedMessage[], verified: readonly boolean[]): Promise<MessageFaults[]> {
    this.#count('examine')
    const rules = { network: mainnet, networkVersion: this.networkVersion }
    return messages.map((m, i) => examineMessage(m, this.trusting || verified[i] === true, rules, this.height + 1))
  }

  async senders(addresses: readonly Address[]): Promise<(SenderFacts | undefined)[]> {
    this.#count('senders')
    return addresses.map((a) => this.states.get(a.key))
  }

  async keys(addresses: readonly Address[]): Promise<(Address | undefined)[]> {
    return addresses.map((a) => (a.protocol === Protocol.id ? this.ids.get(a.key) : undefined))
  }

  async baseFee(): Promise<bigint> {
    this.#count('baseFee')
    return this.fee
  }

  async way(_from: Tipset, to: Tipset): Promise<MessageWay> {
    this.#count('way')
    return this.ways.get(to.key.id) ?? { reverted: [], applied: [] }
  }

  formFault(message: Message): string | undefined {
    return messageFault(message, 0n, this.networkVersion)
  }

  minGas(_height: number, length: number): bigint {
    return onChainMessageGas(mainnet, this.height, length)
  }

  messageCharge(_height: number, length: number): { readonly compute: bigint; readonly storage: bigint } {
    return onChainMessageCharge(mainnet, this.height, length)
  }
}

export interface TestPool {
  readonly pool: MessagePool
  readonly chain: FakePoolChain
  readonly metadata: MetadataStore
  readonly published: SignedMessage[]
  readonly stored: Map<string, Uint8Array>
  /** The tipset that the pool started with, and one on top of another. */
  readonly head: Tipset
  next(parent: Tipset, nullRounds?: number): Tipset
  /** Another pool on the same records, as after a restart. */
  again(): MessagePool
}

interface Teardown {
  teardown(fn: () => unknown): void
}

/** A pool in a folder of its own that goes with the test. */
export async function testPool(
  t: Teardown,
  options: { readonly baseFee?: bigint; readonly now?: () => number; readonly random?: () => number } = {},
): Promise<TestPool> {
  const folder = await mkdtemp(join(tmpdir(), 'mpool-'))
  const metadata = await MetadataStore.open(join(folder, 'metadata'))
  t.teardown(async () => {
    await metadata.close()
    await rm(folder, { recursive: true })
  })
  const blocks = testChain()
  const genesis = blocks.genesis()
  const next = (parent: Tipset, nullRounds = 0): Tipset => blocks.extend(parent, { nullRounds })
  const chain = new FakePoolChain()
  const plain = next(genesis)
  const { baseFee } = options
  const head = baseFee === undefined ? plain : Tipset.create(plain.blocks.map((b) => ({ ...b, parentBaseFee: baseFee })))
  chain.fee = baseFee ?? 100n
  const published: SignedMessage[] = []
  const stored = new Map<string, Uint8Array>()
  const components: MessagePoolComponents = {
    chain,
    metadata,
    store: {
      putMany: async (list) => {
        for (const { cid, data } of list) stored.set(cid.toString(), data)
      },
    },
    publish: async (m) => published.push(m),
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.random === undefined ? {} : { random: options.random }),
  }
  const open = (): MessagePool => MessagePool.open(components, { head, addressPrefix: 'f' })
  return { pool: open(), chain, metadata, published, stored, head, next, again: open }
}

/** Lotus's messages of a real pool, as JSON text. */
export function lotusMessages(gzipped: Uint8Array): unknown[] {
  const text = gunzipSync(gzipped).toString('utf8')
  return text
    .split(/\n(?=\{)/)
    .filter((s) => s.trim() !== '')
    .map((s) => (JSON.parse(s) as { Message: unknown }).Message)
}

/** A stream of numbers that is the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
