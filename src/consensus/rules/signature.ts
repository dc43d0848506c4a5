import { oneByOne, type ProofVerifier } from '../../native/verifier.ts'
import { checkBlockSignature } from '../../state/consensus-fault.ts'
import type { Address } from '../../types/address.ts'
import { blockSigningBytes } from '../../types/block.ts'
import { SignatureType } from '../../types/signature.ts'
import type { WholeHeader } from '../env.ts'
import { BlockError } from '../errors.ts'

/**
 * The worker of the lookback state signed the header (Lotus lib/sigs CheckBlockSignature).
 * @throws BlockError BLOCK_SIGNATURE
 */
export async function checkSignature(
  header: WholeHeader,
  worker: Address,
  proofs: Pick<ProofVerifier, 'blsVerifyAggregate'> = oneByOne,
): Promise<void> {
  const { type, data } = header.blockSig
  const ok =
    type === SignatureType.bls
      ? await proofs.blsVerifyAggregate([worker.payload], [blockSigningBytes(header)], data)
      : checkBlockSignature(header, worker)
  if (!ok) throw new BlockError('BLOCK_SIGNATURE', `the block is not signed by the worker ${worker}`)
}
