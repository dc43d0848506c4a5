// Choosing messages for a block from 10,000 that wait, of 500 senders; and judging and taking in messages as gossip brings them.

import { type PooledMessage, pooled } from '../src/mpool/pooled-message.ts'
import { type SelectionInput, selectMessages } from '../src/mpool/selection/select.ts'
import { blake2b256 } from '../src/native/crypto.ts'
import { Address } from '../src/types/address.ts'
import type { Message } from '../src/types/message.ts'
import { FIL } from '../src/types/scalars.ts'
import { SignatureType } from '../src/types/signature.ts'
import { type Measurement, timed } from './benchmark.ts'

const SENDERS = 500
const EACH = 20
const target = Address.fromId(1000n)
const signature = { type: SignatureType.secp256k1, data: new Uint8Array(65) }

/** Numbers that are the same in every run. */
let state = 1
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}

/** Gas and premiums as widely spread as those of a real pool: a transfer's gas up to a proof's. */
function message(from: Address, nonce: number): Message {
  return {
    version: 0n,
    to: target,
    from,
    nonce: BigInt(nonce),
    value: 1n,
    gasLimit: BigInt(Math.floor(1_500_000 * 10 ** (random() * 2))),
    gasFeeCap: 1_000_000_000n + BigInt(Math.floor(random() * 1e9)),
    gasPremium: 100_000n + BigInt(Math.floor(random() * 1e6)),
    method: 0n,
    params: new Uint8Array(32),
  }
}

const pending = new Map<string, readonly PooledMessage[]>()
for (let i = 0; i < SENDERS; i++) {
  const from = Address.fromActorData(blake2b256(Buffer.from(`sender ${i}`)))
  pending.set(
    from.key,
    Array.from({ length: EACH }, (_, nonce) => pooled({ message: message(from, nonce), signature })),
  )
}
const input: Omit<SelectionInput, 'quality'> = {
  pending,
  senders: new Map([...pending.keys()].map((key) => [key, { nonce: 0n, balance: 1_000_000n * FIL }])),
  priority: [],
  baseFee: 500_000_000n,
  minGas: () => 700_000n,
  random,
}

export const name = `message selection, ${SENDERS * EACH} pending messages of ${SENDERS} senders`

export async function run(): Promise<Measurement[]> {
  const out: Measurement[] = []
  for (const quality of [1, 0.84, 0.5, 0.1, 0]) {
    const ms = await timed(() => selectMessages({ ...input, quality }))
    out.push({ name: `ticket quality ${quality}`, ms, count: SENDERS * EACH, unit: 'messages' })
  }
  return out
}
