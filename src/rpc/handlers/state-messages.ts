import * as m from '../../api/methods/state-messages.ts'
import { callMessage, computeState, replayMessage } from '../../state/call.ts'
import { StateError } from '../../state/errors.ts'
import { type FoundMessage, NO_LIMIT, searchMessage } from '../../state/message-search.ts'
import type { CID } from '../../types/cid.ts'
import { bareMessage, cidOnChain } from './chain.ts'
import { type BoundQuery, query } from './env.ts'
import { QueryError } from './errors.ts'
import { invocResultOf } from './invocation.ts'

/** Messages that offer no gas limit run with a block's. */
const DEFAULT_GAS_LIMIT = 10_000_000_000n

export function lookupOf(found: FoundMessage): {
  message: CID
  receipt: FoundMessage['receipt']
  returnDec: null
  tipset: FoundMessage['tipset']['key']
  height: number
} {
  return {
    message: found.message,
    receipt: found.receipt,
    returnDec: null,
    tipset: found.tipset.key,
    height: found.tipset.height,
  }
}

export const stateMessageHandlers: readonly BoundQuery[] = [
  query(m.stateCall, ([given, key], env) => {
    const message = given.gasLimit === 0n ? { ...given, gasLimit: DEFAULT_GAS_LIMIT } : given
    // A tipset at an expensive upgrade gives way to its parent, as in Lotus.
    for (let tipset = env.tipset(key); ; tipset = env.state.chain.parent(tipset)) {
      try {
        const result = callMessage(env.state, message, tipset, { prior: 'same-sender', withGas: false })
        return invocResultOf(result, false)
      } catch (error) {
        if (!(error instanceof StateError) || error.code !== 'STATE_EXPENSIVE_FORK') throw error
      }
    }
  }),
  query(m.stateReplay, ([key, cid], env) => {
    if (!key.isEmpty) return { ...invocResultOf(replayMessage(env.state, env.tipset(key), cid), true), msgCid: cid }
    const found = searchMessage(env.state, env.head, cid, NO_LIMIT, true)
    if (found === undefined) throw new QueryError('API_MESSAGE_UNKNOWN', `didn't find msg ${cid}`)
    const tipset = env.state.chain.parent(found.tipset)
    return { ...invocResultOf(replayMessage(env.state, tipset, found.message), true), msgCid: found.message }
  }),
  query(m.stateCompute, ([height, messages, key], env) => {
    const { root, applied } = computeState(env.state, env.tipset(key), height, messages)
    return { root, trace: applied.map((a) => invocResultOf(a, !a.implicit)) }
  }),
  query(m.stateSearchMsg, ([from, cid, limit, allowReplaced], env) => {
    try {
      const found = searchMessage(env.state, env.tipset(from), cid, limit, allowReplaced)
      return found === undefined ? null : lookupOf(found)
    } catch (error) {
      if (!allowReplaced && error instanceof StateError && error.code === 'STATE_MESSAGE_REPLACED') return null
      throw error
    }
  }),
  query(m.stateListMessages, ([match, key, toHeight], env) => {
    const { to, from } = match
    const wanted = to ?? from
    if (wanted === null) throw new QueryError('API_BAD_MATCH', 'must specify at least To or From in message filter')
    let tipset = env.tipset(key)
    // Nobody sent to or from an address that is not there yet.
    if (env.state.parentState(tipset).lookupId(wanted) === undefined) return []
    const out: CID[] = []
    while (tipset.height >= toHeight) {
      for (const message of env.state.chain.messagesForTipset(tipset)) {
        const bare = bareMessage(message)
        if ((from === null || bare.from.equals(from)) && (to === null || bare.to.equals(to))) out.push(cidOnChain(message))
      }
      if (tipset.height === 0) break
      tipset = env.state.chain.parent(tipset)
    }
    return out
  }),
]
