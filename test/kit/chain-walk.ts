// A chain in a CAR file, for tests: its tipsets from the head down, their messages, and the actors of its bundles.

import { Amt } from '../../src/actors/amt.ts'
import { type ActorBundle, ActorRegistry, readManifestData } from '../../src/actors/manifest.ts'
import { StateTree } from '../../src/actors/state-tree.ts'
import { systemState } from '../../src/actors/system/view.ts'
import { decode } from '../../src/codec/codec.ts'
import { type BlockReader, mustGet } from '../../src/store/blockstore.ts'
import { type BlockHeader, decodeBlock, msgMeta } from '../../src/types/block.ts'
import { type CID, cid } from '../../src/types/cid.ts'
import { type Message, message, signedMessage } from '../../src/types/message.ts'

/** The headers of a tipset, from `head` down to genesis; ends early where the file does. */
export function* walkTipsets(store: BlockReader, head: readonly CID[]): Generator<readonly BlockHeader[]> {
  for (let key = head; ; ) {
    const blocks = key.map((c) => store.get(c))
    if (blocks.some((b) => b === undefined)) return
    const headers = blocks.map((b) => decodeBlock(b as Uint8Array))
    yield headers
    const first = headers[0] as BlockHeader
    if (first.height === 0) return
    key = first.parents
  }
}

/** The messages of one block. */
export function* blockMessages(store: BlockReader, header: BlockHeader): Generator<Message> {
  const meta = decode(msgMeta, mustGet(store, header.messages))
  for (const c of new Amt(store, meta.blsMessages, { legacy: true, value: cid }).values())
    yield decode(message, mustGet(store, c))
  for (const c of new Amt(store, meta.secpkMessages, { legacy: true, value: cid }).values())
    yield decode(signedMessage, mustGet(store, c)).message
}

/** The registry of the actors that a state runs, as its system actor lists them. */
export function registryOfState(store: BlockReader, root: CID, actorsVersion: number): ActorRegistry {
  const system = StateTree.load(store, root).mustGetActor(0n)
  const listed = readManifestData(store, decode(systemState, mustGet(store, system.head)).builtinActors)
  if (listed === undefined) throw new Error('the list of actors is not in the file')
  const bundle: ActorBundle = { version: actorsVersion, entries: listed.entries.map((e) => [e.name, e.code] as const) }
  return new ActorRegistry([bundle])
}
