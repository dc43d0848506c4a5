import { oneByOne, type ProofVerifier } from '../../native/verifier.ts'
import { type Address, Protocol } from '../../types/address.ts'
import { type Message, messageCid } from '../../types/message.ts'
import type { WholeHeader } from '../env.ts'
import { BlockError } from '../errors.ts'

const SIGNATURE_BYTES = 96

/**
 * The aggregate is that of all BLS messages' senders over the messages' CIDs. Neither its kind nor bytes behind the 96th are
 * looked at, and without messages nothing is (Lotus consensus/utils.go, VerifyBlsAggregate).
 * @param keyOf the key behind a sender's address, undefined where there is none
 * @throws BlockError BLOCK_AGGREGATE, BLOCK_MESSAGE_SENDER
 */
export async function checkAggregate(
  header: WholeHeader,
  messages: readonly Message[],
  keyOf: (sender: Address) => Address | undefined,
  proofs: Pick<ProofVerifier, 'blsVerifyAggregate'> = oneByOne,
): Promise<void> {
  const { data } = header.blsAggregate
  if (data.length < SIGNATURE_BYTES)
    throw new BlockError('BLOCK_AGGREGATE', `the aggregate has ${data.length} bytes, not ${SIGNATURE_BYTES}`)
  if (messages.length === 0) return
  const keys = messages.map(({ from }) => {
    const key = keyOf(from)
    if (key?.protocol !== Protocol.bls)
      throw new BlockError('BLOCK_MESSAGE_SENDER', `${from} has no BLS key`, { fields: { sender: from.toString() } })
    return key.payload
  })
  const signed = messages.map((m) => messageCid(m).bytes)
  if (!(await proofs.blsVerifyAggregate(keys, signed, data.subarray(0, SIGNATURE_BYTES))))
    throw new BlockError('BLOCK_AGGREGATE', 'the aggregate of the BLS signatures does not verify')
}
