import type { ChainEpoch, TokenAmount } from '../../types/scalars.ts'
import { FIL } from '../../types/scalars.ts'
import { type DealProposal, MAX_LABEL_BYTES } from './deal.ts'

const EPOCHS_IN_DAY = 2880
/** builtin-actors runtime/src/runtime/policy.rs; the maximum grew from 540 to 1278 days with v11 (FIP-0052). */
const MIN_DURATION = 180 * EPOCHS_IN_DAY
const maxDuration = (actorsVersion: number): number => (actorsVersion >= 11 ? 1278 : 540) * EPOCHS_IN_DAY
/** fil-commitment-unsealed with sha2-256-trunc254-padded, 32 bytes. */
const PIECE_CODEC = 0xf101
const PIECE_HASH = 0x1012
const MIN_PIECE_SIZE = 128n
const TOTAL_FIL = 2_000_000_000n * FIL

/**
 * Why the market would refuse to publish a proposal at `epoch`, undefined when nothing in the proposal itself is wrong.
 * Signature, balances and the collateral's lower bound (which depends on the network's power) are not looked at.
 * Source: builtin-actors market/src/lib.rs validate_deal, market/src/policy.rs.
 */
export function dealProposalProblem(p: DealProposal, epoch: ChainEpoch, actorsVersion: number): string | undefined {
  const labelBytes = typeof p.label === 'string' ? Buffer.byteLength(p.label) : p.label.length
  if (labelBytes > MAX_LABEL_BYTES) return `the label has ${labelBytes} bytes, at most ${MAX_LABEL_BYTES} are allowed`
  if (p.pieceSize < MIN_PIECE_SIZE || (p.pieceSize & (p.pieceSize - 1n)) !== 0n)
    return `the piece size ${p.pieceSize} is not a power of two of at least ${MIN_PIECE_SIZE} bytes`
  const hash = p.pieceCID.multihash
  if (p.pieceCID.version !== 1 || p.pieceCID.code !== PIECE_CODEC || hash.code !== PIECE_HASH || hash.size !== 32)
    return `${p.pieceCID} is not the CID of a piece`
  if (p.endEpoch <= p.startEpoch) return 'the deal ends before it starts'
  if (epoch > p.startEpoch) return `the deal's start epoch ${p.startEpoch} has passed`
  const duration = p.endEpoch - p.startEpoch
  const max = maxDuration(actorsVersion)
  if (duration < MIN_DURATION || duration > max)
    return `the deal lasts ${duration} epochs, between ${MIN_DURATION} and ${max} are allowed`
  const outside = (v: TokenAmount): boolean => v < 0n || v > TOTAL_FIL
  if (outside(p.storagePricePerEpoch)) return 'the storage price is out of bounds'
  if (outside(p.providerCollateral)) return "the provider's collateral is out of bounds"
  if (outside(p.clientCollateral)) return "the client's collateral is out of bounds"
  return undefined
}
