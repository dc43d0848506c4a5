import { AccountView } from '../actors/account/view.ts'
import type { ActorRegistry } from '../actors/manifest.ts'
import { MinerView } from '../actors/miner/view.ts'
import type { StateTree } from '../actors/state-tree.ts'
import { errorMessage } from '../lib/errors.ts'
import { blsVerify } from '../native/crypto.ts'
import { finality } from '../networks/constants.ts'
import type { Network } from '../networks/types.ts'
import type { BlockReader } from '../store/blockstore.ts'
import { type Address, Protocol } from '../types/address.ts'
import { type BlockHeader, blockCid, blockSigningBytes, decodeBlock } from '../types/block.ts'
import { type CID, cidKey } from '../types/cid.ts'
import type { ActorId, ChainEpoch } from '../types/scalars.ts'
import { SignatureType } from '../types/signature.ts'
import { StateError } from './errors.ts'
import { verifySecp256k1 } from './signature.ts'

/** Consensus fault kinds as the FVM numbers them. */
export const FaultType = { doubleForkMining: 1, parentGrinding: 2, timeOffsetMining: 3 } as const
export type FaultType = (typeof FaultType)[keyof typeof FaultType]

export interface FaultVerdict {
  readonly fault: { readonly target: ActorId; readonly epoch: ChainEpoch; readonly type: FaultType } | null
  /** Gas that the check used; charged whatever the outcome. */
  readonly gas: number
}

export interface FaultComponents {
  readonly network: Network
  readonly store: BlockReader
  readonly registry: ActorRegistry
  /** Height at which the reporting message runs. */
  readonly epoch: ChainEpoch
  /** The state in which it runs. */
  readonly base: StateTree
  /** The state by which a miner's worker key at a height is known. @throws when the chain does not reach back */
  lookbackState(height: ChainEpoch): StateTree
}

/**
 * Gas for one load of a state block. The extern charges by the price list of the old Go VM, which is chosen by height:
 * upgrades that a network never ran (negative heights) do not change it, and from Hygge (nv18) on its loads are free
 * (Lotus chain/vm/gas.go, Prices and PricelistByEpoch).
 */
function gasPerLoad({ upgrades }: Network, epoch: ChainEpoch): number {
  if (upgrades.hygge > 0 && epoch >= upgrades.hygge) return 0
  return upgrades.calico > 0 && epoch >= upgrades.calico ? 114_617 : 75_242
}

/** Epochs around the calibnet repair of nv21 in which no fault counts (Lotus IsNearUpgrade: finality on both sides). */
const REPAIR_WINDOW = finality

/**
 * Decides whether two headers (and a witness) prove that a miner broke consensus. Never throws: what cannot be
 * checked is no fault. Source: Lotus chain/vm/fvm.go, VerifyConsensusFault.
 */
export function verifyConsensusFault(c: FaultComponents, h1: Uint8Array, h2: Uint8Array, extra: Uint8Array): FaultVerdict {
  const none = (gas: number): FaultVerdict => ({ fault: null, gas })
  const a = tryDecode(h1)
  const b = tryDecode(h2)
  if (a === undefined || b === undefined) return none(0)
  if (cidKey(blockCid(a)) === cidKey(blockCid(b))) return none(0)
  const repair = c.network.upgrades.watermelonFix
  if (repair !== undefined && (nearUpgrade(a.height, repair) || nearUpgrade(b.height, repair))) return none(0)
  if (!a.miner.equals(b.miner)) return none(0)
  if (b.height < a.height) return none(0)
  const target = a.miner.id

  let type: FaultType | undefined
  if (a.height === b.height) type = FaultType.doubleForkMining
  if (sameCids(a.parents, b.parents) && a.height !== b.height) type = FaultType.timeOffsetMining
  if (extra.length > 0) {
    const witness = tryDecode(extra)
    if (witness === undefined) return none(0)
    if (
      sameCids(a.parents, witness.parents) &&
      a.height === witness.height &&
      hasCid(b.parents, blockCid(witness)) &&
      !hasCid(b.parents, blockCid(a))
    ) {
      type = FaultType.parentGrinding
    }
  }
  if (type === undefined) return none(0)

  let gas = 0
  for (const block of [a, b]) {
    const checked = signedByWorker(c, block)
    gas += checked.gas
    if (!checked.ok) return none(gas)
  }
  if (target === undefined) return none(gas)
  return { fault: { target, epoch: b.height, type }, gas }
}

function tryDecode(bytes: Uint8Array): BlockHeader | undefined {
  try {
    return decodeBlock(bytes)
  } catch {
    return undefined
  }
}

function nearUpgrade(height: ChainEpoch, upgrade: ChainEpoch): boolean {
  if (upgrade < 0) return false
  return height > upgrade - REPAIR_WINDOW && height < upgrade + REPAIR_WINDOW
}

function sameCids(a: readonly CID[], b: readonly CID[]): boolean {
  return a.length === b.length && a.every((c, i) => cidKey(c) === cidKey(b[i] as CID))
}

function hasCid(list: readonly CID[], wanted: CID): boolean {
  return list.some((c) => cidKey(c) === cidKey(wanted))
}

/** Lotus charges for the blocks of the lookback state's miner and account actors that it loads, and for nothing else. */
function signedByWorker(c: FaultComponents, block: BlockHeader): { readonly ok: boolean; readonly gas: number } {
  let gas = 0
  const price = gasPerLoad(c.network, c.epoch)
  const counting: BlockReader = {
    get(cid) {
      gas += price
      return c.store.get(cid)
    },
  }
  try {
    if (block.height < c.epoch - finality) return { ok: false, gas }
    const actor = c.lookbackState(block.height).getActor(block.miner)
    if (actor === undefined) return { ok: false, gas }
    const worker = MinerView.load(counting, c.registry, actor).info().worker
    const key = deterministicAddress(counting, c.registry, c.base, worker)
    return { ok: checkBlockSignature(block, key), gas }
  } catch (error) {
    // A chain that does not reach back, a state that lacks the actor: no fault can be shown.
    if (error instanceof RangeError) throw new StateError('STATE_EXECUTION', errorMessage(error), { cause: error })
    return { ok: false, gas }
  }
}

/**
 * The key address behind an id address (Lotus chain/vm: ResolveToDeterministicAddr).
 * @param prefix the letter of addresses in errors
 * @throws StateError STATE_ACTOR_NOT_FOUND
 */
export function deterministicAddress(
  store: BlockReader,
  registry: ActorRegistry,
  tree: StateTree,
  address: Address,
  prefix: 'f' | 't' = 'f',
): Address {
  if (address.protocol === Protocol.bls || address.protocol === Protocol.secp256k1 || address.protocol === Protocol.delegated)
    return address
  const actor = tree.getActor(address)
  if (actor === undefined) throw new StateError('STATE_ACTOR_NOT_FOUND', `failed to find actor: ${address.toString(prefix)}`)
  if (actor.delegatedAddress !== null) return actor.delegatedAddress
  return AccountView.load(store, registry, actor).pubkeyAddress
}

/** Whether the header's signature is the key's own, over the header without it. */
export function checkBlockSignature(block: BlockHeader, key: Address): boolean {
  const signature = block.blockSig
  if (signature === null) return false
  const bytes = blockSigningBytes(block)
  if (signature.type === SignatureType.bls) return key.protocol === Protocol.bls && blsVerify(key.payload, bytes, signature.data)
  if (signature.type === SignatureType.secp256k1) return verifySecp256k1(key, bytes, signature.data)
  return false
}
