import { blockGasLimit, totalFil } from '../../networks/constants.ts'
import type { Network } from '../../networks/types.ts'
import { Address, Protocol } from '../../types/address.ts'
import { chainLength, type Message, messageCid, type SignedMessage } from '../../types/message.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { BlockError } from '../errors.ts'
import { onChainMessageGas } from './on-chain-gas.ts'

/** The BLS key of all zeros, to which nothing may be sent (build/buildconstants ZeroAddress). */
const ZERO_ADDRESS = Address.parse('f3yaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaby2smx7a')

/**
 * What is wrong with a message that is to stand in a block, undefined when nothing is. Source: Lotus chain/types/message.go,
 * ValidForBlockInclusion.
 * @param minGas gas that taking in the message costs
 */
export function messageFault(m: Message, minGas: bigint, networkVersion: number): string | undefined {
  if (m.version !== 0n) return `version ${m.version} is unknown`
  if (networkVersion >= 7 && m.to.equals(ZERO_ADDRESS)) return 'it is sent to the zero address'
  // Delegated addresses exist since FEVM.
  if (networkVersion < 18 && (m.to.protocol === Protocol.delegated || m.from.protocol === Protocol.delegated))
    return `delegated addresses are not in use in network version ${networkVersion}`
  if (m.value < 0n) return 'its value is negative'
  if (m.value > totalFil) return 'its value is more than all FIL'
  if (m.gasFeeCap < 0n) return 'its fee cap is negative'
  if (m.gasPremium < 0n) return 'its premium is negative'
  if (m.gasPremium > m.gasFeeCap) return 'its premium is above its fee cap'
  if (m.gasLimit > blockGasLimit) return `its gas limit ${m.gasLimit} is above a block's`
  if (m.gasLimit <= 0n) return `its gas limit ${m.gasLimit} is not positive`
  if (m.gasLimit < minGas) return `its gas limit ${m.gasLimit} is below the ${minGas} that taking it in costs`
  return undefined
}

/**
 * Every message of a block is well-formed, and together they ask for no more gas than a block has (Lotus consensus/common.go,
 * checkBlockMessages).
 * @throws BlockError BLOCK_MESSAGE_INVALID, BLOCK_GAS_LIMIT
 */
export function checkMessageForms(
  network: Pick<Network, 'upgrades'>,
  height: ChainEpoch,
  networkVersion: number,
  messages: Iterable<Message | SignedMessage>,
): void {
  let gas = 0n
  for (const m of messages) {
    const bare = 'signature' in m ? m.message : m
    const fault = messageFault(bare, onChainMessageGas(network, height, chainLength(m)), networkVersion)
    if (fault !== undefined)
      throw new BlockError('BLOCK_MESSAGE_INVALID', `message ${messageCid(bare)} is invalid: ${fault}`, {
        fields: { message: messageCid(bare).toString() },
      })
    gas += bare.gasLimit
    if (gas > blockGasLimit)
      throw new BlockError('BLOCK_GAS_LIMIT', `the messages ask for more than the ${blockGasLimit} gas of a block`)
  }
}
