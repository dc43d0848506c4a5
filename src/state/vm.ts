import type { ActorRegistry } from '../actors/manifest.ts'
import { StateTree } from '../actors/state-tree.ts'
import { encode } from '../codec/codec.ts'
import { type ApplyResult, FvmMachine } from '../native/fvm.ts'
import { networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import type { Block, BlockReader } from '../store/blockstore.ts'
import type { ChainReader } from '../store/chain-reader.ts'
import { type CID, cidFromBytes } from '../types/cid.ts'
import { chainLength, type Message, message, type SignedMessage } from '../types/message.ts'
import type { ChainEpoch, TokenAmount } from '../types/scalars.ts'
import { type Tipset, tipsetKeyBlock } from '../types/tipset.ts'
import { verifyConsensusFault } from './consensus-fault.ts'
import { StateError } from './errors.ts'
import { ChainRandomness } from './randomness.ts'
import { type SupplyComponents, vmCirculatingSupply } from './supply.ts'

/** Implicit messages run with this limit, whatever they state (Lotus chain/vm/fvm.go). */
export const IMPLICIT_GAS_LIMIT = 0x7fff_ffff_ffff_ffffn / 2n

export interface VmComponents extends SupplyComponents {
  readonly network: Network
  readonly store: BlockReader & { getBytes?(cid: Uint8Array): Uint8Array | undefined }
  readonly chain: ChainReader
  readonly registry: ActorRegistry
  /** Unix seconds of the genesis block. */
  readonly genesisTimestamp: bigint
  /** The state by which miners at `height` are judged, seen from `base`. */
  lookbackState(base: Tipset, height: ChainEpoch): CID
}

export interface VmOptions {
  readonly stateRoot: CID
  readonly epoch: ChainEpoch
  /** Unix seconds of the epoch. */
  readonly timestamp: bigint
  readonly baseFee: TokenAmount
  /** The tipset whose chain randomness, look-back and tipset CIDs are taken from. */
  readonly base: Tipset
  readonly tracing?: boolean
  /** Where it differs from the schedule's (gas modelling on a migrated state). */
  readonly networkVersion?: number
}

/** An epoch that the chain has no randomness for is the actor's mistake, not the machine's; anything else is fatal. */
function orIllegal<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch (error) {
    if (error instanceof StateError && error.code === 'STATE_RANDOMNESS') return undefined
    throw error
  }
}

/** One machine for one epoch: messages are applied in order, then the state is flushed. Close it: it holds an engine. */
export class Vm {
  readonly #machine: FvmMachine
  readonly networkVersion: number

  constructor(c: VmComponents, o: VmOptions) {
    this.networkVersion = o.networkVersion ?? networkVersion(c.network, o.epoch)
    const tree = StateTree.load(c.store, o.stateRoot)
    const randomness = new ChainRandomness(c.network, c.chain, o.base, c.genesisTimestamp)
    const getBytes = c.store.getBytes?.bind(c.store) ?? ((bytes: Uint8Array) => c.store.get(cidFromBytes(bytes)))
    this.#machine = new FvmMachine(
      {
        networkVersion: this.networkVersion,
        chainId: BigInt(c.network.chainId),
        epoch: o.epoch,
        timestamp: o.timestamp,
        stateRoot: o.stateRoot.bytes,
        baseFee: o.baseFee,
        circulatingSupply: vmCirculatingSupply(c, o.epoch, tree).filCirculating,
        tracing: o.tracing ?? false,
        actorDebugging: c.network.actorDebugging,
      },
      {
        getBlock: getBytes,
        chainRandomness: (epoch) => orIllegal(() => randomness.ticketDigest(epoch)),
        beaconRandomness: (epoch) => orIllegal(() => randomness.beaconDigest(epoch)),
        tipsetCid: (epoch) => tipsetKeyBlock(c.chain.tipsetByHeight(epoch, o.base, { before: true }).key).cid.bytes,
        verifyConsensusFault: (h1, h2, extra) =>
          verifyConsensusFault(
            {
              network: c.network,
              store: c.store,
              registry: c.registry,
              epoch: o.epoch,
              base: tree,
              lookbackState: (height) => StateTree.load(c.store, c.lookbackState(o.base, height)),
            },
            h1,
            h2,
            extra,
          ),
      },
    )
  }

  /** Applies a message as a block carries it: the sender pays, the signed length counts. */
  apply(m: Message | SignedMessage): ApplyResult {
    const bare = 'signature' in m ? m.message : m
    return this.#machine.execute(encode(message, bare), 'explicit', chainLength(m))
  }

  /** Applies a message of the system itself (cron, rewards); nobody pays. Returns the message as it ran. */
  applyImplicit(m: Message): { readonly message: Message; readonly result: ApplyResult } {
    const ran = { ...m, gasLimit: IMPLICIT_GAS_LIMIT }
    return { message: ran, result: this.#machine.execute(encode(message, ran), 'implicit', 0) }
  }

  /** As an implicit message but with its own gas limit: calls from senders that could not sign. */
  applyUnchecked(m: Message): ApplyResult {
    return this.#machine.execute(encode(message, m), 'implicit', 0)
  }

  /** The state root after what was applied, with the blocks that are new. */
  flush(): { readonly root: CID; readonly blocks: readonly Block[] } {
    const { stateRoot, blocks } = this.#machine.flush()
    return { root: cidFromBytes(stateRoot), blocks: blocks.map((b) => ({ cid: cidFromBytes(b.cid), data: b.data })) }
  }

  close(): void {
    this.#machine.close()
  }
}
