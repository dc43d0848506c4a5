import { blsVerifyAsync } from '../../native/crypto.ts'
import { checkBlockSignature } from '../../state/consensus-fault.ts'
import type { Address } from '../../types/address.ts'
import { blockSigningBytes } from '../../types/block.ts'
import { SignatureType } from '../../types/signature.ts'
import { BlockError } from '../errors.ts'
import type { WholeHeader } from '../full-block.ts'

/**
 * The worker of the lookback state signed the header (Lotus lib/sigs CheckBlockSignature).
 * @throws BlockError BLOCK_SIGNATURE
 */
export async function checkSignature(header: WholeHeader, worker: Address): Promise<void> {
  const { type, data } = header.blockSig
  const ok =
    type === SignatureType.bls
      ? await blsVerifyAsync(worker.payload, blockSigningBytes(header), data)
      : checkBlockSignature(header, worker)
  if (!ok) throw new BlockError('BLOCK_SIGNATURE', `the block is not signed by the worker ${worker}`)
}
