/** The Filecoin virtual machine: one state root, messages in, receipts and blocks out. */
import type { NativeApplyResult, NativeMachine } from '../../native/index.d.ts'
import { addon } from './addon.ts'
import { NativeError, nativeAsync, nativeCall } from './errors.ts'

export interface MachineConfig {
  /** 16 to 29; 16 and 17 run on FVM 2, 18 to 20 on FVM 3, the others on FVM 4 (filecoin-ffi engine.rs). */
  readonly networkVersion: number
  /** EIP-155 chain id, 0 to 2^64-1. */
  readonly chainId: bigint
  readonly epoch: number
  /** Unix seconds of the tipset being executed. */
  readonly timestamp: bigint
  /** CID bytes. */
  readonly stateRoot: Uint8Array
  /** attoFIL */
  readonly baseFee: bigint
  /** attoFIL */
  readonly circulatingSupply: bigint
  /** Record execution traces; slows execution. */
  readonly tracing?: boolean
  /** Flush every block made, not only those reachable from the state root (FVM 4 only). */
  readonly flushAllBlocks?: boolean
  /** Actors may log; changes gas, so never on a public network. */
  readonly actorDebugging?: boolean
  /**
   * Seal, aggregate and replica-update proofs count as valid without a check. For the published conformance
   * vectors, which were recorded so, and for nothing else.
   */
  readonly assumeProofsValid?: boolean
}

export interface ConsensusFaultAnswer {
  /** `target` is an actor id; `type` 1 double-fork mining, 2 parent grinding, 3 time offset. */
  readonly fault: null | { readonly target: bigint; readonly epoch: number; readonly type: 1 | 2 | 3 }
  readonly gas: number
}

/**
 * What a machine asks of the node, on the thread that runs it. An exception is fatal to the machine and its
 * message is kept; `undefined` (except from getBlock, where it means "not in the store") makes the actor see an
 * illegal argument, as an error does in Lotus's externs.
 */
export interface Externs {
  getBlock(cid: Uint8Array): Uint8Array | undefined
  /** The 32-byte digest before drawing (the machine mixes in tag, epoch and entropy itself). */
  chainRandomness(epoch: number): Uint8Array | undefined
  beaconRandomness(epoch: number): Uint8Array | undefined
  /** CID of a tipset's key; not asked before network version 18. */
  tipsetCid(epoch: number): Uint8Array | undefined
  verifyConsensusFault(header1: Uint8Array, header2: Uint8Array, extra: Uint8Array): ConsensusFaultAnswer | undefined
}

export interface ApplyResult {
  readonly exitCode: number
  readonly returnData: Uint8Array
  readonly gasUsed: bigint
  /** attoFIL, as all amounts here. */
  readonly penalty: bigint
  readonly minerTip: bigint
  readonly baseFeeBurn: bigint
  readonly overEstimationBurn: bigint
  readonly refund: bigint
  /** Gas units, as gasBurned. */
  readonly gasRefund: bigint
  readonly gasBurned: bigint
  /** Why the message failed, for a person. */
  readonly failureInfo?: string
  /** CBOR list of stamped events. */
  readonly events?: Uint8Array
  /** CID bytes of the events AMT. */
  readonly eventsRoot?: Uint8Array
  /** CBOR of the nested trace, the form of Lotus's types.ExecutionTrace; only with `tracing`. */
  readonly trace?: Uint8Array
}

export interface FlushResult {
  /** CID bytes. */
  readonly stateRoot: Uint8Array
  /** Blocks made since the last flush; views into one buffer. */
  readonly blocks: readonly { readonly cid: Uint8Array; readonly data: Uint8Array }[]
}

/**
 * One machine. It belongs to the thread that made it and runs synchronously on it; with less than 48 MiB of
 * native stack left there, execution moves to a thread of its own and callbacks cost some microseconds more, so
 * give workers `resourceLimits: { stackSizeMb: 64 }`. After a thrown error it is dead: make a new one.
 */
export class FvmMachine {
  readonly #machine: NativeMachine

  /**
   * @throws NativeError NATIVE_FVM_STORE_MISSING when the state root or an actor's code is not in the store,
   * NATIVE_FVM_EXTERN when a callback threw, NATIVE_FVM for an unsupported network version or a broken state.
   */
  constructor(config: MachineConfig, externs: Externs) {
    const native = addon()
    this.#machine = nativeCall(
      () =>
        new native.NativeMachine(
          {
            networkVersion: config.networkVersion,
            chainId: config.chainId,
            epoch: config.epoch,
            timestamp: config.timestamp,
            stateRoot: config.stateRoot,
            baseFee: config.baseFee,
            circulatingSupply: config.circulatingSupply,
            tracing: config.tracing === true,
            flushAllBlocks: config.flushAllBlocks === true,
            actorDebugging: config.actorDebugging === true,
            assumeProofsValid: config.assumeProofsValid === true,
          },
          externs,
        ),
    )
  }

  /**
   * Applies one message.
   * @param message the unsigned message in CBOR
   * @param kind implicit messages (rewards, cron, calls) pay no gas and skip the nonce
   * @param rawLength bytes of the message as it stands on the chain (signed form for secp256k1), for inclusion gas
   */
  execute(message: Uint8Array, kind: 'explicit' | 'implicit', rawLength: number): ApplyResult {
    if (!Number.isInteger(rawLength) || rawLength < 0) {
      throw new NativeError('NATIVE_ARGUMENT', `rawLength must be a whole number of bytes, not ${rawLength}`)
    }
    const result: NativeApplyResult = nativeCall(() => this.#machine.execute(message, kind === 'implicit', rawLength))
    return result
  }

  /** Writes out the state tree: its root and the blocks made since the last flush, for the caller to store. */
  flush(): FlushResult {
    const packed = nativeCall(() => this.#machine.flush())
    const count = packed.index.length / 2
    const blocks: { cid: Uint8Array; data: Uint8Array }[] = new Array(count)
    let cidAt = 0
    let dataAt = 0
    for (let i = 0; i < count; i++) {
      const cidEnd = cidAt + (packed.index[2 * i] as number)
      const dataEnd = dataAt + (packed.index[2 * i + 1] as number)
      blocks[i] = { cid: packed.cids.subarray(cidAt, cidEnd), data: packed.data.subarray(dataAt, dataEnd) }
      cidAt = cidEnd
      dataAt = dataEnd
    }
    return { stateRoot: packed.stateRoot, blocks }
  }

  /** Frees the machine's memory. Calls after it throw NATIVE_FVM_CLOSED. */
  close(): void {
    nativeCall(() => this.#machine.close())
  }
}

/**
 * Sets how many messages may execute at once in this process, 1 to 256; the number of execution workers.
 * @throws NativeError NATIVE_ARGUMENT once a machine has been made.
 */
export function configureEngine(options: { readonly concurrency: number }): void {
  nativeCall(() => addon().configureEngine(options.concurrency))
}

/** Bounds the process-wide cache of blocks (256 MiB by default); 0 empties it and turns it off. */
export function setBlockCacheBytes(bytes: number): void {
  nativeCall(() => addon().setBlockCacheBytes(bytes))
}

export interface BlockCacheStats {
  readonly bytes: number
  readonly blocks: number
  readonly limitBytes: number
  readonly hits: number
  readonly misses: number
}

/** Size and use of the block cache since the process began. */
export function cacheStats(): BlockCacheStats {
  return nativeCall(() => addon().blockCacheStats())
}

/**
 * Compiles actors' code ahead of the first message, on the thread pool; resolves when they are ready.
 * Actors that are compiled already cost nothing.
 * @throws NativeError NATIVE_FVM_STORE_MISSING when `getBlock` lacks one of them.
 */
export async function preloadActors(
  networkVersion: number,
  codeCids: readonly Uint8Array[],
  getBlock: (cid: Uint8Array) => Uint8Array | undefined,
): Promise<void> {
  const wasm = codeCids.map((cid) => {
    const data = getBlock(cid)
    if (data === undefined) {
      throw new NativeError(
        'NATIVE_FVM_STORE_MISSING',
        `the code of actor ${Buffer.from(cid).toString('hex')} is not in the store`,
      )
    }
    return data
  })
  await nativeAsync(() => addon().preloadActors(networkVersion, codeCids as Uint8Array[], wasm))
}
