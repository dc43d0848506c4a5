import { errorMessage } from '../../lib/errors.ts'
import { Lru } from '../../lib/lru.ts'
import type { Network } from '../../networks/types.ts'
import { verifySecp256k1 } from '../../state/signature.ts'
import type { Address } from '../../types/address.ts'
import { cidKey } from '../../types/cid.ts'
import { EthError } from '../../types/eth/errors.ts'
import { ethTransactionOf, verifyDelegated } from '../../types/eth/transaction.ts'
import { messageCid, type SignedMessage, signedMessageCid } from '../../types/message.ts'
import { SignatureType } from '../../types/signature.ts'
import { BlockError } from '../errors.ts'

/** Legacy Ethereum transactions are valid from here on (FIP-0091). */
const LEGACY_ETH_VERSION = 23

/**
 * What is wrong with a signed message's signature, undefined when nothing is: secp256k1 over the message's CID, or from nv18 on
 * the signature of the Ethereum transaction that became the message (Lotus consensus/signatures.go).
 * @param key the sender's key address
 */
export function signatureFault(
  signed: SignedMessage,
  key: Address,
  network: Pick<Network, 'chainId'>,
  networkVersion: number,
): string | undefined {
  const { type, data } = signed.signature
  if (type === SignatureType.secp256k1)
    return verifySecp256k1(key, messageCid(signed.message).bytes, data) ? undefined : `it is not signed by ${key}`
  if (type !== SignatureType.delegated) return `signatures of type ${type} stand in the block's aggregate`
  if (networkVersion < 18) return `delegated signatures are not in use in network version ${networkVersion}`
  const chainId = BigInt(network.chainId)
  try {
    const { kind } = ethTransactionOf(signed, chainId)
    if (networkVersion < LEGACY_ETH_VERSION && kind !== 'eip1559')
      return `legacy transactions are not in use in network version ${networkVersion}`
    verifyDelegated(signed, key, chainId)
    return undefined
  } catch (error) {
    if (error instanceof EthError) return errorMessage(error)
    throw error
  }
}

/** Messages that were found to be signed; as many as Lotus keeps (verify cache). One stands in several blocks of a tipset. */
const KEPT_SIGNED = 32_000
const kept = new WeakMap<object, Lru<string, true>>()

/**
 * Each message outside the aggregate is signed by its sender.
 * @param network its identity tells networks apart: what was verified for one is not asked again
 * @param keyOf the key behind a sender's address, undefined where there is none
 * @throws BlockError BLOCK_MESSAGE_SIGNATURE, BLOCK_MESSAGE_SENDER
 */
export function checkMessageSignatures(
  messages: readonly SignedMessage[],
  network: Pick<Network, 'chainId'>,
  networkVersion: number,
  keyOf: (sender: Address) => Address | undefined,
): void {
  let signedBefore = kept.get(network)
  if (signedBefore === undefined) {
    signedBefore = new Lru(KEPT_SIGNED)
    kept.set(network, signedBefore)
  }
  for (const signed of messages) {
    const { from } = signed.message
    const key = keyOf(from)
    if (key === undefined) {
      throw new BlockError('BLOCK_MESSAGE_SENDER', `${from} has no key`, { fields: { sender: from.toString() } })
    }
    const cid = signedMessageCid(signed)
    // The CID covers the signature; who signs and what is allowed do not depend on the message alone.
    const fact = `${networkVersion}/${key.key}/${cidKey(cid)}`
    if (signedBefore.get(fact) !== undefined) continue
    const fault = signatureFault(signed, key, network, networkVersion)
    if (fault !== undefined) {
      throw new BlockError('BLOCK_MESSAGE_SIGNATURE', `the signature of message ${cid} is invalid: ${fault}`, {
        fields: { message: cid.toString() },
      })
    }
    signedBefore.set(fact, true)
  }
}
