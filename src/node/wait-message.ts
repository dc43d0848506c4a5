import { MethodError } from '../actors/methods/errors.ts'
import { methodOfCode, returnToJson } from '../actors/methods/index.ts'
import { type MessageLookup, messageLookup } from '../api/types/execution.ts'
import { fromJson, toJson } from '../codec/codec.ts'
import { CodecError } from '../codec/errors.ts'
import { type JsonContext, parseJson } from '../codec/json.ts'
import { bytes } from '../codec/primitives.ts'
import { NodeError } from '../lib/errors.ts'
import { lookupOf } from '../rpc/handlers/state-messages.ts'
import { type FoundMessage, NO_LIMIT, searchMessage } from '../state/message-search.ts'
import type { StateManager } from '../state/state-manager.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { CID } from '../types/cid.ts'
import { type Tipset, TipsetKey } from '../types/tipset.ts'

/** Confidence that a caller may wait for: past finality a wait means nothing (Lotus MaxMessageConfidence). */
const MAX_CONFIDENCE = 900

export interface WaitSearch {
  readonly cid: string
  readonly from: readonly string[]
  /** Epochs to look back. */
  readonly limit: number
  readonly allowReplaced: boolean
}

/**
 * What a worker thread answers to a wait: where the message was executed, as JSON text, with what it returned decoded; undefined
 * where it was not yet.
 * @throws StateError STATE_MESSAGE_REPLACED
 */
export function searchForWait(sm: StateManager, { cid, from, limit, allowReplaced }: WaitSearch): string | undefined {
  const head = sm.chain.tipset(new TipsetKey(from.map((c) => CID.parse(c))))
  const found = searchMessage(sm, head, CID.parse(cid), limit, allowReplaced)
  if (found === undefined) return undefined
  const json: JsonContext = { addressPrefix: sm.network.addressPrefix }
  return JSON.stringify(toJson(messageLookup, { ...lookupOf(found), returnDec: decodedReturn(sm, found, json) }, json))
}

/** The return value as the method's type shows it; its bytes where the method or the type is not known, as in Lotus. */
function decodedReturn(sm: StateManager, { tipset, message, receipt }: FoundMessage, json: JsonContext): unknown {
  const data = receipt.return
  if (receipt.exitCode !== 0 || data.length === 0) return null
  const found = sm.chain.message(message)
  const { to, method } = 'signature' in found ? found.message : found
  const actor = sm.parentState(tipset).getActor(to)
  if (actor === undefined) return bytes.toJson(data, json)
  try {
    return returnToJson(methodOfCode(sm.registry, actor.code, method), data, json)
  } catch (error) {
    if (!(error instanceof MethodError) && !(error instanceof CodecError)) throw error
    return bytes.toJson(data, json)
  }
}

export interface WaitComponents {
  readonly chain: ChainStore
  /** Asks a worker thread, see {@link searchForWait}. */
  readonly search: (search: WaitSearch, signal: AbortSignal) => Promise<string | undefined>
}

/**
 * Waits until a message was executed and stands under `confidence` epochs of the chain (Lotus StateManager.WaitForMessage). It is
 * sought again after each change of the head, so that one that is reverted is waited for anew.
 * @param limit epochs to look back from the head at the call; NO_LIMIT for all
 * @param allowReplaced whether one that does the same for another fee will do
 * @throws StateError STATE_MESSAGE_REPLACED as soon as another message has taken its nonce
 */
export async function waitForMessage(
  { chain, search }: WaitComponents,
  { cid, confidence, limit, allowReplaced }: { cid: CID; confidence: number; limit: number; allowReplaced: boolean },
  signal: AbortSignal,
): Promise<MessageLookup> {
  if (confidence > MAX_CONFIDENCE)
    throw new NodeError('API_CONFIDENCE', `message confidence exceeds maximum: ${confidence} > ${MAX_CONFIDENCE}`)
  let head = chain.requireHead()
  const start = head.height
  for (;;) {
    // The look-back is from the first head: what was applied since is looked at whatever it is.
    const back = limit === NO_LIMIT ? NO_LIMIT : limit + Math.max(0, head.height - start)
    const text = await search({ cid: cid.toString(), from: head.cids.map(String), limit: back, allowReplaced }, signal)
    const found = text === undefined ? undefined : fromJson(messageLookup, parseJson(text))
    if (found !== undefined && head.height - found.height >= confidence) return found
    head = await otherHead(chain, head, signal)
  }
}

/** The next head that is not the one given; however many come and go while nobody asks, the last counts. */
function otherHead(chain: ChainStore, than: Tipset, signal: AbortSignal): Promise<Tipset> {
  const now = chain.requireHead()
  if (!now.equals(than)) return Promise.resolve(now)
  return new Promise((resolve, reject) => {
    const cancelled = (): NodeError => new NodeError('API_CANCELLED', 'the wait for the message was cancelled')
    if (signal.aborted) {
      reject(cancelled())
      return
    }
    const done = (): void => {
      forget()
      signal.removeEventListener('abort', onAbort)
    }
    const forget = chain.onHeadChange((_changes, head) => {
      done()
      resolve(head)
    })
    const onAbort = (): void => {
      done()
      reject(cancelled())
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
