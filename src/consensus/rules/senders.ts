import type { ActorRegistry } from '../../actors/manifest.ts'
import type { Actor, StateTree } from '../../actors/state-tree.ts'
import { Address } from '../../types/address.ts'
import { isEthNamespace } from '../../types/eth/address.ts'
import { type Message, messageCid } from '../../types/message.ts'
import { BlockError } from '../errors.ts'

/**
 * Whether an actor can send messages of its own: accounts; from nv18 on also Ethereum accounts, and placeholders with an f410
 * address that have sent nothing yet (Lotus consensus/common.go, IsValidForSending).
 */
export function canSend(registry: ActorRegistry, actor: Actor, networkVersion: number): boolean {
  const kind = registry.kindOf(actor.code)
  if (kind === 'account') return true
  if (networkVersion < 18) return false
  if (kind === 'ethaccount') return true
  return kind === 'placeholder' && actor.nonce === 0n && actor.delegatedAddress !== null && isEthNamespace(actor.delegatedAddress)
}

/**
 * Every sender exists and can send, and its messages carry its next nonces in order, BLS messages first. Senders are told apart
 * by id from nv13 on, by address as written before (Lotus consensus/common.go, checkBlockMessages).
 * @param tree the state after the parents
 * @throws BlockError BLOCK_MESSAGE_SENDER, BLOCK_MESSAGE_NONCE
 */
export function checkSenders(
  registry: ActorRegistry,
  tree: StateTree,
  networkVersion: number,
  messages: Iterable<Message>,
): void {
  const next = new Map<string, bigint>()
  for (const m of messages) {
    const refuse: (why: string) => never = (why) => {
      throw new BlockError('BLOCK_MESSAGE_SENDER', `${m.from} ${why}`, {
        fields: { sender: m.from.toString(), message: messageCid(m).toString() },
      })
    }
    let sender = m.from
    if (networkVersion >= 13) {
      const id = tree.lookupId(m.from)
      sender = id === undefined ? refuse('does not exist') : Address.fromId(id)
    }
    let nonce = next.get(sender.key)
    if (nonce === undefined) {
      const actor = tree.getActor(sender)
      if (actor === undefined) refuse('does not exist')
      if (!canSend(registry, actor, networkVersion)) refuse('cannot send messages')
      nonce = actor.nonce
    }
    if (m.nonce !== nonce)
      throw new BlockError('BLOCK_MESSAGE_NONCE', `the nonce of ${m.from} is ${nonce}, a message has ${m.nonce}`, {
        fields: { sender: m.from.toString(), message: messageCid(m).toString() },
      })
    next.set(sender.key, nonce + 1n)
  }
}
