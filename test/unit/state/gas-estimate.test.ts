// Lotus's own arithmetic tests, and the estimates that a Lotus node made when it sent the messages of a recorded chain: their gas
// limits and fee caps are what its estimates were.

import t from 'tap'
import {
  estimateFeeCap,
  estimateGasLimit,
  estimatePremium,
  medianPremium,
  messagesBefore,
  offerCache,
} from '../../../src/state/gas-estimate.ts'
import { Protocol } from '../../../src/types/address.ts'
import { revertText } from '../../../src/types/eth/revert.ts'
import { exitCodeText } from '../../../src/types/exit-code.ts'
import type { Message, SignedMessage } from '../../../src/types/message.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import type { Tipset } from '../../../src/types/tipset.ts'
import { executeAt, importedChain } from '../../kit/executed-chain.ts'
import { sharedData, sharedDataRoot } from '../../kit/shared-data.ts'

t.setTimeout(120_000)

const TARGET = 5_000_000_000n

t.test('the median premium (Lotus gasutils_test.go)', async (t) => {
  const of = (...offers: [premium: bigint, limit: bigint][]) => offers.map(([premium, limit]) => ({ premium, limit }))
  t.equal(medianPremium(of([5n, TARGET]), 1), 5n)
  t.equal(medianPremium(of([5n, TARGET], [10n, TARGET]), 1), 10n)
  t.equal(medianPremium(of([10n, TARGET / 2n], [20n, TARGET / 2n]), 1), 15n)
  const three = of([10n, TARGET / 2n], [20n, TARGET / 2n], [30n, TARGET / 2n])
  t.equal(medianPremium(three, 1), 25n)
  t.equal(medianPremium(three, 2), 15n)
  t.equal(medianPremium([], 3), 0n)
})

const unsigned = (m: Message | SignedMessage): Message => ('signature' in m ? m.message : m)

/** As the pool held it: the kind of signature is that of the key. */
function signed(message: Message): SignedMessage {
  const bls = message.from.protocol === Protocol.bls
  const delegated = message.from.protocol === Protocol.delegated
  const type = bls ? SignatureType.bls : delegated ? SignatureType.delegated : SignatureType.secp256k1
  return { message, signature: { type, data: new Uint8Array(bls ? 96 : 65) } }
}

t.test('what Lotus estimated', async (t) => {
  if (sharedData(t, 'chains', 'lotus-devnet-proofs') === undefined || sharedData(t, 'actors') === undefined) return
  const chain = await importedChain(sharedDataRoot, 'lotus-devnet-proofs')
  const { state, tipsets } = chain
  let caps = 0
  const limits = { same: 0, other: 0 }
  for (const [i, tipset] of tipsets.entries()) {
    if (tipset.height > 100) break
    if (i > 0) t.equal(executeAt(chain, i - 1), undefined)
    // The first epochs' messages are no estimates.
    if (i < 3) continue
    const bySender = new Map<string, Message[]>()
    for (const m of state.chain.messagesForTipset(tipset).map(unsigned)) {
      const own = bySender.get(m.from.key) ?? []
      bySender.set(m.from.key, [...own, m])
    }
    const base = tipsets[i - 1] as Tipset
    for (const messages of bySender.values()) {
      for (const [at, m] of messages.entries()) {
        // These were sent with gas that a person chose.
        if (m.gasFeeCap === 200_000n) continue
        t.equal(estimateFeeCap(base, m.gasPremium, 20n), m.gasFeeCap, `fee cap at ${tipset.height}`)
        caps++
        const found = estimateGasLimit(state, m, messages.slice(0, at).map(signed), base)
        // Lotus may have estimated an epoch or two earlier, where a miner's messages took other gas.
        const same = 'gas' in found && BigInt(Math.floor(Number(found.gas) * 1.25)) === m.gasLimit
        limits[same ? 'same' : 'other']++
      }
    }
  }
  t.equal(caps, limits.same + limits.other)
  t.same(limits, { same: 48, other: 1 })

  const head = tipsets.find((x) => x.height >= 120) as Tipset
  const cache = offerCache()
  t.equal(estimatePremium(state, cache, head, 10n, 1), 100_000n, 'the least premium')
  t.equal(estimatePremium(state, cache, head, 1n, 1), 200_000n)
  t.equal(estimatePremium(state, cache, head, 0n, 1), 200_000n, 'no epochs are one')
  t.equal(estimatePremium(state, cache, head, 2n, 1), 150_000n)
  t.equal(estimatePremium(state, cache, head, 1_000_000n, 1.005), 100_500n, 'with noise, and up to the genesis')
})

t.test('words for what went wrong', async (t) => {
  t.equal(exitCodeText(18), 'ErrForbidden(18)')
  t.equal(exitCodeText(33), '33')
  const word = (n: number): string => n.toString(16).padStart(64, '0')
  const text = Buffer.from('not enough').toString('hex').padEnd(64, '0')
  const of = (hex: string): string => revertText(Buffer.from(hex, 'hex'))
  t.equal(of(`08c379a0${word(32)}${word(10)}${text}`), 'Error(not enough)')
  t.equal(of(`4e487b71${word(0x11)}`), 'ArithmeticOverflow()')
  t.equal(of(`4e487b71${word(0x99)}`), 'Panic(0x99)')
  t.equal(of('abcd'), '0xabcd')
  const beyond = `08c379a0${word(32)}${word(1000)}${text}`
  t.equal(of(beyond), `0x${beyond}`, 'a length that reaches past the end')
  const far = `08c379a0${'ff'.repeat(32)}`
  t.equal(of(far), `0x${far}`)
})

t.test('messages before a nonce', async (t) => {
  const list = [1n, 2n, 3n].map((nonce) => ({ message: { nonce } }) as SignedMessage)
  t.same(
    messagesBefore(list, 2n).map((m) => m.message.nonce),
    [1n],
  )
  t.equal(messagesBefore(list, 9n).length, 3)
})
