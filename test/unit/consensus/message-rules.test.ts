import { keccak_256 } from '@noble/hashes/sha3.js'
import t from 'tap'
import { ActorRegistry } from '../../../src/actors/manifest.ts'
import type { Actor } from '../../../src/actors/state-tree.ts'
import type { WholeHeader } from '../../../src/consensus/env.ts'
import { checkAggregate } from '../../../src/consensus/rules/aggregate.ts'
import { messageFault } from '../../../src/consensus/rules/message-form.ts'
import { checkMessageSignatures, signatureFault } from '../../../src/consensus/rules/message-signature.ts'
import { onChainMessageGas } from '../../../src/consensus/rules/on-chain-gas.ts'
import { canSend } from '../../../src/consensus/rules/senders.ts'
import { blake2b256, secp256k1PublicKey, secp256k1Sign } from '../../../src/native/crypto.ts'
import { devnet } from '../../../src/networks/devnet.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import { Address } from '../../../src/types/address.ts'
import { cidOf } from '../../../src/types/cid.ts'
import { delegatedAddressOfKey } from '../../../src/types/eth/address.ts'
import { type EthTransaction, messageOfTransaction, unsignedTransactionBytes } from '../../../src/types/eth/transaction.ts'
import { type Message, messageCid, type SignedMessage } from '../../../src/types/message.ts'

const message: Message = {
  version: 0n,
  to: Address.fromId(100n),
  from: Address.fromId(101n),
  nonce: 0n,
  value: 0n,
  gasLimit: 1_000_000n,
  gasFeeCap: 100n,
  gasPremium: 10n,
  method: 0n,
  params: new Uint8Array(0),
}

t.test('gas for taking in a message', async (t) => {
  const { calico, hygge } = mainnet.upgrades
  // Lotus chain/vm/gas.go: base 38,863 and 36 bytes at 1000 or 1300; 475,000 more from Hygge on.
  t.equal(onChainMessageGas(mainnet, 0, 100), 38_863n + 136_000n)
  t.equal(onChainMessageGas(mainnet, calico - 1, 100), 38_863n + 136_000n)
  t.equal(onChainMessageGas(mainnet, calico, 100), 38_863n + 176_800n, 'at the height itself')
  t.equal(onChainMessageGas(mainnet, hygge, 100), 513_863n + 176_800n)
  t.ok(devnet.upgrades.hygge < 0)
  t.equal(onChainMessageGas(devnet, 1000, 100), 38_863n + 136_000n, 'upgrades that were never run do not count')
})

t.test('what depends on the network version', async (t) => {
  const f410 = Address.fromDelegated(10n, new Uint8Array(20))
  t.match(messageFault({ ...message, to: f410 }, 0n, 17), /delegated/)
  t.match(messageFault({ ...message, from: f410 }, 0n, 17), /delegated/)
  t.equal(messageFault({ ...message, to: f410, from: f410 }, 0n, 18), undefined)
  const zero = Address.fromBls(Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0xc0 : 0)))
  t.match(messageFault({ ...message, to: zero }, 0n, 7), /zero address/)
  t.equal(messageFault({ ...message, to: zero }, 0n, 6), undefined)
  t.equal(messageFault(message, message.gasLimit, 28), undefined)
  t.match(messageFault(message, message.gasLimit + 1n, 28), /below/)
  t.equal(messageFault({ ...message, value: 2_000_000_000n * 10n ** 18n }, 0n, 28), undefined, 'all FIL there is')
  t.equal(messageFault({ ...message, gasLimit: 10_000_000_000n }, 0n, 28), undefined, 'all gas of a block')
  t.equal(messageFault({ ...message, gasPremium: 100n }, 0n, 28), undefined, 'all of the cap')
})

t.test('who can send', async (t) => {
  const code = (name: string) => cidOf(Buffer.from(name))
  const kinds = ['account', 'ethaccount', 'placeholder', 'evm', 'multisig', 'storageminer'] as const
  const registry = new ActorRegistry([{ version: 18, entries: kinds.map((k) => [k, code(k)] as const) }])
  const f410 = Address.fromDelegated(10n, new Uint8Array(20))
  const actor = (kind: string, changes: Partial<Actor> = {}): Actor => ({
    code: code(kind),
    head: code('head'),
    nonce: 0n,
    balance: 0n,
    delegatedAddress: null,
    ...changes,
  })
  t.ok(canSend(registry, actor('account'), 17))
  t.ok(canSend(registry, actor('account'), 28))
  t.notOk(canSend(registry, actor('ethaccount'), 17))
  t.ok(canSend(registry, actor('ethaccount'), 18))
  for (const kind of ['evm', 'multisig', 'storageminer', 'unknown']) t.notOk(canSend(registry, actor(kind), 28), kind)
  const placeholder = actor('placeholder', { delegatedAddress: f410 })
  t.ok(canSend(registry, placeholder, 18))
  t.notOk(canSend(registry, placeholder, 17))
  t.notOk(canSend(registry, { ...placeholder, nonce: 1n }, 18), 'one that has sent')
  t.notOk(canSend(registry, { ...placeholder, delegatedAddress: null }, 18), 'one without address')
  t.notOk(
    canSend(registry, { ...placeholder, delegatedAddress: Address.fromDelegated(32n, new Uint8Array(20)) }, 18),
    'of another namespace',
  )
})

t.test('signatures by network version', async (t) => {
  const secret = new Uint8Array(32).fill(3)
  const key = secp256k1PublicKey(secret)
  const f1 = Address.fromSecp256k1(key)
  const own: Message = { ...message, from: f1 }
  const signed: SignedMessage = {
    message: own,
    signature: { type: 1, data: secp256k1Sign(secret, blake2b256(messageCid(own).bytes)) },
  }
  t.equal(signatureFault(signed, f1, mainnet, 10), undefined)
  t.match(signatureFault(signed, Address.fromSecp256k1(new Uint8Array(65)), mainnet, 10), /not signed by/)

  const f410 = delegatedAddressOfKey(key)
  const price = { maxFeePerGas: 100n, maxPriorityFeePerGas: 100n }
  const common = { nonce: 0n, to: new Uint8Array(20).fill(7), value: 5n, input: Uint8Array.of(1), gasLimit: 1_000_000n, ...price }
  const make = (kind: EthTransaction['kind'], network = mainnet): SignedMessage => {
    const chainId = kind === 'homestead' ? 0n : BigInt(network.chainId)
    const tx: EthTransaction = { ...common, kind, chainId, v: 0n, r: 0n, s: 0n }
    const rsv = secp256k1Sign(secret, keccak_256(unsignedTransactionBytes(tx)))
    const recovery = BigInt(rsv[64] as number)
    const v = kind === 'eip155' ? 2n * chainId + 35n + recovery : 27n + recovery
    const vBytes = Buffer.from(v.toString(16).padStart(v > 255n ? 4 : 2, '0'), 'hex')
    const rs = rsv.subarray(0, 64)
    const data = kind === 'eip1559' ? rsv : Buffer.concat([Uint8Array.of(kind === 'eip155' ? 2 : 1), rs, vBytes])
    return { message: messageOfTransaction(tx, f410), signature: { type: 3, data } }
  }
  const fault = (m: SignedMessage, nv: number) => signatureFault(m, f410, mainnet, nv)
  t.match(fault(make('eip1559'), 17), /delegated signatures are not in use/)
  t.equal(fault(make('eip1559'), 18), undefined)
  for (const kind of ['eip155', 'homestead'] as const) {
    t.match(fault(make(kind), 22), /legacy/, kind)
    t.equal(fault(make(kind), 23), undefined, kind)
  }
  t.match(fault(make('eip155', devnet), 28), /signature/, 'of another chain')
  t.match(signatureFault(make('eip1559'), f1, mainnet, 28), /not of/, 'of another sender')
  t.match(fault({ ...signed, signature: { type: 2, data: new Uint8Array(96) } }, 28), /aggregate/)
})

t.test('what was found to be signed is not asked again, and nothing else is believed', async (t) => {
  const secret = new Uint8Array(32).fill(4)
  const f1 = Address.fromSecp256k1(secp256k1PublicKey(secret))
  const own: Message = { ...message, from: f1 }
  const good: SignedMessage = {
    message: own,
    signature: { type: 1, data: secp256k1Sign(secret, blake2b256(messageCid(own).bytes)) },
  }
  const check =
    (m: SignedMessage, key = f1, network = mainnet) =>
    () =>
      checkMessageSignatures([m], network, 28, () => key)
  t.doesNotThrow(check(good))
  t.doesNotThrow(check(good))
  const spoilt = {
    ...good,
    signature: { type: 1 as const, data: Uint8Array.from(good.signature.data, (b, i) => (i === 40 ? b ^ 1 : b)) },
  }
  t.throws(check(spoilt), { code: 'BLOCK_MESSAGE_SIGNATURE' }, 'another signature')
  t.throws(check(spoilt), { code: 'BLOCK_MESSAGE_SIGNATURE' }, 'failures are not kept as successes')
  const other = Address.fromSecp256k1(new Uint8Array(65))
  t.throws(check(good, other), { code: 'BLOCK_MESSAGE_SIGNATURE' }, 'another key')
  t.throws(check({ ...good, message: { ...own, nonce: 1n } }), { code: 'BLOCK_MESSAGE_SIGNATURE' }, 'another message')
  t.throws(() => checkMessageSignatures([good], mainnet, 28, () => undefined), { code: 'BLOCK_MESSAGE_SENDER' })
})

t.test('an aggregate over nothing', async (t) => {
  const header = (length: number) => ({ blsAggregate: { type: 2, data: new Uint8Array(length) } }) as unknown as WholeHeader
  await t.resolves(
    checkAggregate(header(96), [], () => undefined),
    'whatever it is',
  )
  await t.resolves(checkAggregate(header(97), [], () => undefined))
  await t.rejects(
    checkAggregate(header(95), [], () => undefined),
    { code: 'BLOCK_AGGREGATE' },
  )
})
