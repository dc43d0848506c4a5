import { encode } from '../codec/codec.ts'
import { blsAggregate } from '../native/crypto.ts'
import { nextBaseFee } from '../state/base-fee.ts'
import type { StateManager } from '../state/state-manager.ts'
import type { BlockWriter } from '../store/blockstore.ts'
import type { Address } from '../types/address.ts'
import type { BeaconEntry, BlockHeader, ElectionProof, PostProof, Ticket } from '../types/block.ts'
import type { CID } from '../types/cid.ts'
import { message, messageCid, type SignedMessage, signedMessage, signedMessageCid } from '../types/message.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { SignatureType } from '../types/signature.ts'
import type { TipsetKey } from '../types/tipset.ts'
import { BlockError } from './errors.ts'
import { lookbackOf } from './rules/lookback.ts'
import { messageRoot } from './rules/message-root.ts'
import { lookbackMiner } from './rules/miner.ts'
import { tipsetWeight } from './weight.ts'

/** What a miner decided on; the node adds what the chain says (Lotus api.BlockTemplate). */
export interface BlockTemplate {
  readonly miner: Address
  readonly parents: TipsetKey
  /** Null where a caller gives none: the block is made, as by Lotus, and no validation takes it. */
  readonly ticket: Ticket | null
  readonly electionProof: ElectionProof | null
  readonly beaconEntries: readonly BeaconEntry[]
  /** In the order in which they are to stand in the block, each kind by itself. */
  readonly messages: readonly SignedMessage[]
  readonly epoch: ChainEpoch
  /** Unix seconds. */
  readonly timestamp: bigint
  readonly winningPost: readonly PostProof[]
}

/** A block that lacks its signature. */
export interface UnsignedBlock {
  readonly header: BlockHeader
  /** The key that has to sign it. */
  readonly worker: Address
  readonly bls: readonly CID[]
  readonly secp: readonly CID[]
}

/** filecoin-ffi's CreateZeroSignature: the identity of G2, which a block without BLS messages carries. */
const NO_SIGNATURES = Uint8Array.of(0xc0, ...new Uint8Array(95))

/**
 * The block that a template makes on its parents, whose execution it may have to wait for (Lotus consensus/common.go,
 * CreateBlockHeader; filcns/mine.go). Only what cannot be a block at all is refused here: the validation that follows the
 * submission judges it as any other.
 * @param sink takes the messages and their lists
 * @throws BlockError BLOCK_MESSAGE_SIGNATURE, BLOCK_WORKER, BLOCK_LOOKBACK; StoreError for parents that are no tipset
 */
export function createBlock(state: StateManager, sink: BlockWriter, template: BlockTemplate): UnsignedBlock {
  const base = state.chain.tipset(template.parents)
  const { worker } = lookbackMiner(state, template.miner, lookbackOf(state, base, template.epoch))
  const { stateRoot, receiptsRoot } = state.tipsetState(base)
  const bls: CID[] = []
  const secp: CID[] = []
  const signatures: Uint8Array[] = []
  const networkVersion = state.networkVersion(template.epoch)
  for (const signed of template.messages) {
    const { type, data } = signed.signature
    if (type === SignatureType.bls) {
      const cid = messageCid(signed.message)
      sink.put(cid, encode(message, signed.message))
      bls.push(cid)
      signatures.push(data)
    } else {
      // Delegated signatures came with Hygge (Lotus consensus/signatures.go, IsValidSecpkSigType).
      if (type === SignatureType.delegated && networkVersion < 18)
        throw new BlockError('BLOCK_MESSAGE_SIGNATURE', `signatures of type ${type} are not in use at height ${template.epoch}`)
      const cid = signedMessageCid(signed)
      sink.put(cid, encode(signedMessage, signed))
      secp.push(cid)
    }
  }
  const header: BlockHeader = {
    miner: template.miner,
    ticket: template.ticket,
    electionProof: template.electionProof,
    beaconEntries: [...template.beaconEntries],
    winPostProof: [...template.winningPost],
    parents: [...template.parents.cids],
    parentWeight: tipsetWeight(state.store, state.registry, base),
    height: template.epoch,
    parentStateRoot: stateRoot,
    parentMessageReceipts: receiptsRoot,
    messages: messageRoot(sink, bls, secp),
    blsAggregate: { type: SignatureType.bls, data: aggregate(signatures) },
    timestamp: template.timestamp,
    blockSig: null,
    forkSignaling: 0n,
    parentBaseFee: nextBaseFee(state.network, state.chain, base),
  }
  return { header, worker, bls, secp }
}

function aggregate(signatures: readonly Uint8Array[]): Uint8Array {
  return signatures.length === 0 ? NO_SIGNATURES : blsAggregate(signatures)
}
