// Lotus's messages of a real pool, and the thresholds that its own test sets (chain/messagepool/selection_test.go,
// TestRealWorldSelection): a block is packed to 90 % whatever the quality of its ticket.

import t from 'tap'
import { fromJson } from '../../../src/codec/codec.ts'
import { onChainMessageGas } from '../../../src/consensus/rules/on-chain-gas.ts'
import { type PooledMessage, pooled } from '../../../src/mpool/pooled-message.ts'
import { gasReward } from '../../../src/mpool/selection/performance.ts'
import { type SelectionInput, selectMessages } from '../../../src/mpool/selection/select.ts'
import { blockGasLimit } from '../../../src/networks/constants.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import { message } from '../../../src/types/message.ts'
import { FIL } from '../../../src/types/scalars.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import { lotusMessages, seeded } from '../../kit/mpool.ts'
import { sharedFile } from '../../kit/shared-data.ts'

const BASE_FEE = 800_000_000n

t.test('blocks are packed at every ticket quality', async (t) => {
  const file = sharedFile(t, 'mpool', 'lotus-messages.json.gz')
  if (file === undefined) return
  const messages = lotusMessages(file).map((json) => fromJson(message, json))
  t.equal(messages.length, 7688)
  const first = new Map<string, bigint>()
  for (const m of messages) {
    const least = first.get(m.from.key)
    if (least === undefined || m.nonce < least) first.set(m.from.key, m.nonce)
  }
  t.equal(first.size, 148)
  const pending = new Map<string, PooledMessage[]>()
  for (const m of messages) {
    const own = pending.get(m.from.key) ?? []
    // Lotus's test signs them all with secp256k1 keys.
    const signature = { type: SignatureType.secp256k1, data: new Uint8Array(65) }
    own.push(pooled({ message: { ...m, nonce: m.nonce - (first.get(m.from.key) as bigint) }, signature }))
    pending.set(m.from.key, own)
  }
  for (const own of pending.values()) own.sort((a, b) => Number(a.signed.message.nonce - b.signed.message.nonce))
  const input = (quality: number, changes: Partial<SelectionInput> = {}): SelectionInput => ({
    pending,
    senders: new Map([...pending.keys()].map((key) => [key, { nonce: 0n, balance: 1_000_000n * FIL }])),
    priority: [],
    baseFee: BASE_FEE,
    minGas: (length) => onChainMessageGas(mainnet, mainnet.upgrades.breeze + 10, length),
    quality,
    random: seeded(1),
    ...changes,
  })
  const gasOf = (chosen: readonly PooledMessage[]): bigint => chosen.reduce((sum, m) => sum + m.signed.message.gasLimit, 0n)

  for (const quality of [1, 0.9, 0.84, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.01, 0]) {
    const chosen = selectMessages(input(quality))
    const gas = gasOf(chosen)
    t.ok(gas >= (blockGasLimit * 9n) / 10n, `quality ${quality}: ${gas} gas`)
    t.ok(gas <= blockGasLimit, `quality ${quality}: no more than a block's gas`)
    const next = new Map<string, bigint>()
    let ordered = true
    for (const { signed } of chosen) {
      const { from, nonce } = signed.message
      ordered &&= nonce === (next.get(from.key) ?? 0n)
      next.set(from.key, nonce + 1n)
    }
    t.ok(ordered, `quality ${quality}: each sender's nonces follow from one another`)
    t.equal(new Set(chosen.map((m) => m.id)).size, chosen.length, `quality ${quality}: no message twice`)
  }

  const reward = (chosen: readonly PooledMessage[]): bigint =>
    chosen.reduce((sum, m) => sum + gasReward(m.signed.message, BASE_FEE), 0n)
  t.ok(reward(selectMessages(input(1))) >= reward(selectMessages(input(0.1))), 'the first block of a tipset earns the most')

  const [poor] = [...pending.keys()].reverse() as [string]
  const favoured = selectMessages(input(0.5, { priority: [poor] }))
  const ofPoor = favoured.filter((m) => m.signed.message.from.key === poor).length
  t.ok(ofPoor > 0, 'a priority address is served')
  t.ok(
    favoured.slice(0, ofPoor).every((m) => m.signed.message.from.key === poor),
    'and comes first',
  )
})
