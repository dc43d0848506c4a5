import { StateTree } from '../actors/state-tree.ts'
import { encode } from '../codec/codec.ts'
import { FvmMachine } from '../native/fvm.ts'
import type { BlockWriter, MemoryBlockstore } from '../store/blockstore.ts'
import type { Address } from '../types/address.ts'
import { type CID, cidFromBytes } from '../types/cid.ts'
import { message } from '../types/message.ts'
import type { TokenAmount } from '../types/scalars.ts'
import { GenesisError } from './errors.ts'

export interface GenesisMachineInit {
  readonly networkVersion: number
  readonly chainId: number
  readonly actorDebugging: boolean
}

/** Implicit messages run with this limit (Lotus chain/vm/fvm.go). */
const GAS_LIMIT = 0x7fff_ffff_ffff_ffffn / 2n

/** What there is before the first block: nothing to draw randomness from, no tipset, no fault to report. */
function none(what: string): never {
  throw new GenesisError('GENESIS_FAILED', `an actor asked for ${what}, which there is none of before the genesis block`)
}

/**
 * The machine by which the genesis state is made: epoch 0, no base fee, nothing in circulation. Between messages the state may
 * be changed by hand (Lotus chain/gen/genesis/miners.go).
 */
export class GenesisMachine {
  readonly #store: MemoryBlockstore
  readonly #init: GenesisMachineInit
  #root: CID
  #machine: FvmMachine | undefined

  constructor(components: { readonly store: MemoryBlockstore }, root: CID, init: GenesisMachineInit) {
    this.#store = components.store
    this.#root = root
    this.#init = init
  }

  #running(): FvmMachine {
    this.#machine ??= new FvmMachine(
      {
        networkVersion: this.#init.networkVersion,
        chainId: BigInt(this.#init.chainId),
        epoch: 0,
        timestamp: 0n,
        stateRoot: this.#root.bytes,
        baseFee: 0n,
        circulatingSupply: 0n,
        actorDebugging: this.#init.actorDebugging,
      },
      {
        getBlock: (cid) => this.#store.getBytes(cid),
        chainRandomness: () => none('chain randomness'),
        beaconRandomness: () => none('beacon randomness'),
        tipsetCid: () => none('a tipset'),
        verifyConsensusFault: () => none('a consensus fault'),
      },
    )
    return this.#machine
  }

  /**
   * Applies a message that nobody pays for and gives what it returns.
   * @throws GenesisError GENESIS_FAILED with the actor's own words
   */
  send(to: Address, from: Address, value: TokenAmount, method: number, params: Uint8Array, what: string): Uint8Array {
    const bytes = encode(message, {
      version: 0n,
      to,
      from,
      nonce: 0n,
      value,
      gasLimit: GAS_LIMIT,
      gasFeeCap: 0n,
      gasPremium: 0n,
      method: BigInt(method),
      params,
    })
    const result = this.#running().execute(bytes, 'implicit', 0)
    if (result.exitCode !== 0) {
      const why = result.failureInfo === undefined ? '' : `: ${result.failureInfo}`
      throw new GenesisError('GENESIS_FAILED', `${what} failed with exit code ${result.exitCode}${why}`)
    }
    return result.returnData
  }

  /** The state after the messages so far. */
  flush(): CID {
    if (this.#machine === undefined) return this.#root
    const { stateRoot, blocks } = this.#machine.flush()
    for (const b of blocks) this.#store.put(cidFromBytes(b.cid.slice()), b.data)
    this.#root = cidFromBytes(stateRoot)
    return this.#root
  }

  /** The state to read. */
  tree(): StateTree {
    return StateTree.load(this.#store, this.flush())
  }

  /** Changes the state between two messages. */
  change(edit: (tree: StateTree, writer: BlockWriter) => void): void {
    const tree = this.tree()
    edit(tree, this.#store)
    this.close()
    this.#root = tree.flush(this.#store)
  }

  close(): void {
    this.#machine?.close()
    this.#machine = undefined
  }
}
