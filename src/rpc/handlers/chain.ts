import { readEvents } from '../../actors/amt-build.ts'
import * as m from '../../api/methods/chain.ts'
import { tipsetWeight } from '../../consensus/weight.ts'
import type { CID } from '../../types/cid.ts'
import { type Message, messageCid, type SignedMessage, signedMessageCid } from '../../types/message.ts'
import { type Tipset, TipsetKey } from '../../types/tipset.ts'
import { type BoundQuery, type QueryEnv, query } from './env.ts'
import { QueryError } from './errors.ts'
import { staticFinalized } from './finality.ts'

/** Tipsets that one answer to ChainGetPath may hold; each is some kilobytes of JSON. */
const MAX_PATH_TIPSETS = 10_000

export function cidOnChain(message: Message | SignedMessage): CID {
  return 'signature' in message ? signedMessageCid(message) : messageCid(message)
}

export function bareMessage(message: Message | SignedMessage): Message {
  return 'signature' in message ? message.message : message
}

function messagesOf(env: QueryEnv, tipset: Tipset): { cid: CID; message: Message }[] {
  return env.state.chain.messagesForTipset(tipset).map((x) => ({ cid: cidOnChain(x), message: bareMessage(x) }))
}

/** The tipset at an epoch, with Lotus's refusals of epochs after the start and before the genesis. */
export function tipsetAt(env: QueryEnv, epoch: number, from: Tipset, before: boolean): Tipset {
  if (epoch > from.height) {
    throw new QueryError(
      'API_BAD_EPOCH',
      `looking for tipset with height greater than start point, req: ${epoch}, head: ${from.height}`,
    )
  }
  return env.state.chain.tipsetByHeight(epoch, from, { before })
}

export const chainHandlers: readonly BoundQuery[] = [
  query(m.chainGetBlock, ([cid], env) => env.state.chain.block(cid)),
  query(m.chainGetTipSet, ([key], env) => env.tipset(key)),
  query(m.chainGetFinalizedTipSet, (_, env) => staticFinalized(env)),
  query(m.chainGetBlockMessages, ([cid], env) => {
    const { bls, secp, blsCids, secpCids } = env.state.chain.messages(env.state.chain.block(cid))
    return { blsMessages: [...bls], secpkMessages: [...secp], cids: [...blsCids, ...secpCids] }
  }),
  query(m.chainGetParentReceipts, ([cid], env) => {
    const block = env.state.chain.block(cid)
    return block.height === 0 ? null : [...env.state.chain.receipts(block.parentMessageReceipts)]
  }),
  query(m.chainGetParentMessages, ([cid], env) => {
    const block = env.state.chain.block(cid)
    return block.height === 0 ? [] : messagesOf(env, env.state.chain.tipset(new TipsetKey(block.parents)))
  }),
  query(m.chainGetMessagesInTipset, ([key], env) => {
    const tipset = env.tipset(key)
    return tipset.height === 0 ? [] : messagesOf(env, tipset)
  }),
  query(m.chainGetTipSetByHeight, ([epoch, key], env) => tipsetAt(env, epoch, env.tipset(key), true)),
  query(m.chainGetTipSetAfterHeight, ([epoch, key], env) => tipsetAt(env, epoch, env.tipset(key), false)),
  query(m.chainGetGenesis, (_, env) => env.state.genesis),
  query(m.chainTipSetWeight, ([key], env) => tipsetWeight(env.state.store, env.state.registry, env.tipset(key))),
  query(m.chainGetMessage, ([cid], env) => bareMessage(env.state.chain.message(cid))),
  query(m.chainGetPath, ([from, to], env) =>
    env.state.chain
      .path(env.tipset(from), env.tipset(to), { max: MAX_PATH_TIPSETS })
      .map((c) => ({ type: c.type, val: c.tipset })),
  ),
  query(m.chainGetEvents, ([root], env) => readEvents(env.state.store, root)),
]
