import { StateTree } from '../actors/state-tree.ts'
import { SYSTEM_ACTOR } from '../actors/well-known.ts'
import type { ApplyResult } from '../native/fvm.ts'
import { OverlayBlockstore } from '../store/blockstore.ts'
import { Protocol } from '../types/address.ts'
import { type CID, cidKey } from '../types/cid.ts'
import { type Message, messageCid, type SignedMessage } from '../types/message.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { SignatureType as Sig, type SignatureType } from '../types/signature.ts'
import type { Tipset } from '../types/tipset.ts'
import { BLOCK_GAS_LIMIT } from './base-fee.ts'
import { StateError } from './errors.ts'
import { type AppliedMessage, receiptOf, type TipsetState } from './execute-tipset.ts'
import type { StateManager } from './state-manager.ts'
import { Vm, type VmComponents, type VmOptions } from './vm.ts'

/** Which messages of the tipset run before the call: none, all, or those of the call's sender. */
export type PriorMessages = 'none' | 'all' | 'same-sender'

export interface CallOptions {
  /** Messages that run after the tipset's own and before the call. */
  readonly before?: readonly (Message | SignedMessage)[]
  readonly prior: PriorMessages
  /** Applied as a signed message would be, gas accounted; else as an implicit one. */
  readonly withGas: boolean
  /** The sender need not exist, or may be a contract (eth_call, eth_estimateGas). */
  readonly anySender?: boolean
  /** A state to run on instead of the tipset's parent state. */
  readonly stateRoot?: CID
  readonly networkVersion?: number
}

/** What a call gives: the message with the nonce it ran with, and whether its gas was accounted. */
export interface CallResult extends AppliedMessage {
  readonly gasAccounted: boolean
}

/** Refused with Lotus's own number, so that clients know to ask at another height. */
function expensiveFork(epoch: ChainEpoch): StateError {
  return new StateError('STATE_EXPENSIVE_FORK', `refusing explicit call due to state fork at epoch ${epoch}`, {
    rpcCode: -32002,
    fields: { epoch },
  })
}

/**
 * Runs a message on the state of a tipset without keeping anything. Source: Lotus chain/stmgr/call.go.
 * @throws StateError STATE_EXPENSIVE_FORK, STATE_ACTOR_NOT_FOUND
 */
export function callMessage(sm: StateManager, given: Message, tipset: Tipset, options: CallOptions): CallResult {
  const { root, store } = startingPoint(sm, tipset, options)
  const scratch = new OverlayBlockstore(store)
  const components = scratchComponents(sm, scratch)
  const vmOptions: VmOptions = {
    stateRoot: root,
    epoch: tipset.height,
    timestamp: tipset.minTimestamp,
    baseFee: tipset.first.parentBaseFee,
    base: tipset,
    tracing: true,
    ...(options.networkVersion === undefined ? {} : { networkVersion: options.networkVersion }),
  }
  let vm = new Vm(components, vmOptions)
  try {
    let state = root
    const flush = (): void => {
      const flushed = vm.flush()
      for (const b of flushed.blocks) scratch.put(b.cid, b.data)
      state = flushed.root
    }
    if (options.prior !== 'none') {
      for (const m of priorMessages(sm, given, tipset, options)) vm.apply(m)
      flush()
    }
    let sender = StateTree.load(scratch, state).getActor(given.from)
    let created = false
    if (sender === undefined) {
      if (options.anySender !== true) {
        throw new StateError(
          'STATE_ACTOR_NOT_FOUND',
          `sender ${given.from.toString(sm.network.addressPrefix)} not found on chain: sender validation failed`,
        )
      }
      createPlaceholder(vm, given)
      flush()
      sender = StateTree.load(scratch, state).getActor(given.from)
      if (sender === undefined) throw new StateError('STATE_EXECUTION', 'the sender could not be made for the call')
      created = true
    }
    const message: Message = { ...given, nonce: sender.nonce }
    if (message.gasFeeCap === 0n) {
      // Gas is free for a message that offers nothing: a machine without base fee goes on from here.
      vm.close()
      vm = new Vm(components, { ...vmOptions, stateRoot: state, baseFee: 0n })
    }
    return applyCall(sm, vm, message, tipset, options, created)
  } finally {
    vm.close()
  }
}

function applyCall(
  sm: StateManager,
  vm: Vm,
  message: Message,
  tipset: Tipset,
  options: CallOptions,
  created: boolean,
): CallResult {
  const started = process.hrtime.bigint()
  let ran = message
  let result: ApplyResult
  if (!options.withGas) {
    const implicit = vm.applyImplicit(message)
    ran = implicit.message
    result = implicit.result
  } else if (options.anySender === true && !created) result = vm.applyUnchecked(message)
  else result = vm.apply(signedForm(sm, message, tipset, options.anySender === true))
  return {
    cid: messageCid(ran),
    message: ran,
    receipt: receiptOf(vm, result),
    result,
    implicit: !options.withGas,
    gasAccounted: options.withGas,
    durationNs: Number(process.hrtime.bigint() - started),
  }
}

/** The message with a signature of the right length: what it will take on chain. */
function signedForm(sm: StateManager, message: Message, tipset: Tipset, anySender: boolean): Message | SignedMessage {
  const key = anySender ? message.from : sm.accountKey(sm.stateTree(sm.tipsetState(tipset).stateRoot), message.from)
  const dummy = (type: SignatureType): SignedMessage => ({ message, signature: { type, data: new Uint8Array(65) } })
  if (key.protocol === Protocol.secp256k1) return dummy(Sig.secp256k1)
  if (key.protocol === Protocol.delegated) return dummy(Sig.delegated)
  return message
}

function startingPoint(sm: StateManager, tipset: Tipset, options: CallOptions): { root: CID; store: StateManager['store'] } {
  if (tipset.height > 0) {
    // A given state holds all upgrades below the tipset already; the parent state lags by one tipset.
    const from = options.stateRoot === undefined ? sm.chain.tipset(tipset.parents).height : tipset.height
    const fork = sm.upgrades.expensiveBetween(from, tipset.height + 1)
    if (fork !== undefined) throw expensiveFork(fork.height)
  }
  return { root: sm.migrate(options.stateRoot ?? tipset.parentStateRoot, tipset.height), store: sm.store }
}

function priorMessages(sm: StateManager, given: Message, tipset: Tipset, options: CallOptions): (Message | SignedMessage)[] {
  const own = sm.chain
    .messagesForTipset(tipset)
    .filter((m) => options.prior === 'all' || ('signature' in m ? m.message : m).from.equals(given.from))
  return [...own, ...(options.before ?? [])]
}

/** A zero send from the system gives an address its placeholder actor, as a first real transfer would. */
function createPlaceholder(vm: Vm, { from }: Message): void {
  const { result } = vm.applyImplicit({
    version: 0n,
    to: from,
    from: SYSTEM_ACTOR,
    nonce: 0n,
    value: 0n,
    gasLimit: BLOCK_GAS_LIMIT,
    gasFeeCap: 0n,
    gasPremium: 0n,
    method: 0n,
    params: new Uint8Array(0),
  })
  if (result.exitCode !== 0)
    throw new StateError(
      'STATE_EXECUTION',
      `the sender could not be made for the call (exit code ${result.exitCode}): ${result.failureInfo ?? ''}`,
    )
}

function scratchComponents(sm: StateManager, scratch: OverlayBlockstore): VmComponents {
  return {
    network: sm.network,
    store: scratch,
    chain: sm.chain,
    registry: sm.registry,
    genesisTimestamp: sm.genesisTimestamp,
    genesisPledge: () => sm.genesisPledge(),
    lookbackState: (base, height) => sm.lookbackState(base, height),
  }
}

/** Re-runs a tipset with traces. @throws StateError when it does not execute */
export function traceTipset(
  sm: StateManager,
  tipset: Tipset,
): { readonly state: TipsetState; readonly applied: readonly AppliedMessage[] } {
  const applied: AppliedMessage[] = []
  const state = sm.execute(tipset, {
    tracing: true,
    onApplied: (a) => {
      applied.push(a)
      return true
    },
  })
  if (state === undefined) throw new StateError('STATE_EXECUTION', `tipset ${tipset.key} gave no state`)
  return { state, applied }
}

/**
 * Runs a tipset with traces up to one of its messages.
 * @throws StateError STATE_MESSAGE_NOT_FOUND
 */
export function replayMessage(sm: StateManager, tipset: Tipset, cid: CID): AppliedMessage {
  let found: AppliedMessage | undefined
  const wanted = cidKey(cid)
  sm.execute(tipset, {
    tracing: true,
    onApplied: (a) => {
      if (cidKey(a.cid) !== wanted) return true
      found = a
      return false
    },
  })
  if (found === undefined)
    throw new StateError('STATE_MESSAGE_NOT_FOUND', `message ${cid} is not in the tipset at height ${tipset.height}`)
  return found
}

/** Runs a tipset with traces, then messages on top of it as if at `height` (StateCompute; Lotus chain/stmgr/utils.go, ComputeState). */
export function computeState(
  sm: StateManager,
  tipset: Tipset,
  height: ChainEpoch,
  messages: readonly Message[],
): { readonly root: CID; readonly applied: readonly AppliedMessage[] } {
  const { state, applied: own } = traceTipset(sm, tipset)
  const applied = [...own]
  let root = state.stateRoot
  // By the upgrades, not by the epochs: a caller may name any height.
  for (const u of sm.upgrades.all()) if (u.height >= tipset.height && u.height < height) root = sm.migrate(root, u.height)
  const scratch = new OverlayBlockstore(sm.store)
  const vm = new Vm(scratchComponents(sm, scratch), {
    stateRoot: root,
    epoch: height,
    timestamp: tipset.minTimestamp,
    baseFee: tipset.first.parentBaseFee,
    base: tipset,
    tracing: true,
  })
  try {
    for (const message of messages) {
      const started = process.hrtime.bigint()
      const result = vm.apply(message)
      applied.push({
        cid: messageCid(message),
        message,
        receipt: receiptOf(vm, result),
        result,
        implicit: false,
        durationNs: Number(process.hrtime.bigint() - started),
      })
    }
    return { root: vm.flush().root, applied }
  } finally {
    vm.close()
  }
}

/** What a message cost its sender in all, attoFIL: the most it could cost less what came back. */
export function totalCost(m: Message, result: ApplyResult): bigint {
  return m.gasFeeCap * m.gasLimit - result.refund
}
