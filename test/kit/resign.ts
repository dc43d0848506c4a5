// Blocks of a foreign chain altered and signed anew: with the keys of its miners every rule can be broken alone.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageRoot } from '../../src/consensus/rules/message-root.ts'
import { blsAggregate, blsPublicKey, blsSign } from '../../src/native/crypto.ts'
import { MemoryBlockstore } from '../../src/store/blockstore.ts'
import { Address } from '../../src/types/address.ts'
import { type BlockHeader, blockSigningBytes } from '../../src/types/block.ts'
import type { FullBlock } from '../../src/types/full-block.ts'
import { type Message, messageCid, type SignedMessage, signedMessageCid } from '../../src/types/message.ts'
import { SignatureType } from '../../src/types/signature.ts'

/** A BLS key in the form that wallets keep, with its address. */
export interface TestKey {
  readonly secret: Uint8Array
  readonly address: Address
}

export function testKey(secret: Uint8Array): TestKey {
  return { secret, address: Address.fromBls(blsPublicKey(secret)) }
}

/** A key in Lotus's export format: hex of JSON. */
export function readKeyFile(path: string): TestKey {
  const { Type, PrivateKey } = JSON.parse(Buffer.from(readFileSync(path, 'utf8').trim(), 'hex').toString('utf8'))
  if (Type !== 'bls') throw new Error(`${path} holds a ${Type} key`)
  return testKey(new Uint8Array(Buffer.from(PrivateKey, 'base64')))
}

/** Owner's and worker's key of each miner, by the miner's id. */
export function minerKeys(chainFolder: string): ReadonlyMap<bigint, TestKey> {
  return new Map([1000n, 1001n].map((id) => [id, readKeyFile(join(chainFolder, 'miners', `t0${id}`, `pre-seal-t0${id}.key`))]))
}

/** The header with another signature: that of `key` over what it says now. */
export function resign(header: BlockHeader, key: TestKey): BlockHeader {
  return { ...header, blockSig: { type: SignatureType.bls, data: blsSign(key.secret, blockSigningBytes(header)) } }
}

/** The block with other messages, its root recomputed; the header still needs a signature. */
export function withMessages(block: FullBlock, bls: readonly Message[], secp: readonly SignedMessage[]): FullBlock {
  const messages = messageRoot(new MemoryBlockstore(), bls.map(messageCid), secp.map(signedMessageCid))
  return { header: { ...block.header, messages }, bls, secp }
}

/** The aggregate of signatures over BLS messages. */
export function aggregateOf(
  messages: readonly { readonly message: Message; readonly key: TestKey }[],
): BlockHeader['blsAggregate'] {
  return {
    type: SignatureType.bls,
    data: blsAggregate(messages.map(({ message, key }) => blsSign(key.secret, messageCid(message).bytes))),
  }
}
