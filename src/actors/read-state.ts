import type { Codec } from '../codec/codec.ts'
import type { Json, JsonContext } from '../codec/json.ts'
import type { BlockReader } from '../store/blockstore.ts'
import { accountState } from './account/view.ts'
import { cronState } from './cron/view.ts'
import { datacapState } from './datacap/state.ts'
import { ActorError } from './errors.ts'
import { evmState } from './evm/state.ts'
import { initState } from './init/view.ts'
import { loadState } from './load-state.ts'
import type { ActorKind, ActorRegistry } from './manifest.ts'
import { marketState } from './market/state.ts'
import { minerState } from './miner/state.ts'
import { multisigState } from './multisig/state.ts'
import { paychState } from './paych/state.ts'
import { powerState } from './power/state.ts'
import { rewardState } from './reward/view.ts'
import type { Actor } from './state-tree.ts'
import { systemState } from './system/view.ts'
import { verifregState } from './verifreg/state.ts'

/** Null for the kinds whose actors have no state. */
const codecs: Readonly<Record<ActorKind, ((version: number) => unknown) | null>> = {
  system: () => systemState,
  init: () => initState,
  cron: () => cronState,
  account: () => accountState,
  storagepower: powerState,
  storageminer: minerState,
  storagemarket: marketState,
  paymentchannel: () => paychState,
  multisig: () => multisigState,
  reward: () => rewardState,
  verifiedregistry: verifregState,
  datacap: () => datacapState,
  evm: evmState,
  eam: null,
  ethaccount: null,
  placeholder: null,
}

/** The descriptor of an actor's state, null for a kind without state. */
export function stateCodec(kind: ActorKind, version: number): Codec<unknown> | null {
  return (codecs[kind]?.(version) ?? null) as Codec<unknown> | null
}

/**
 * An actor's state as Lotus's StateReadState prints it: Go's names of the newest struct that the version has; null for an actor
 * without state.
 * @throws MissingBlockError, ActorError ACTOR_KIND for code of no known bundle, STATE_MALFORMED
 */
export function readActorState(store: BlockReader, registry: ActorRegistry, actor: Actor, ctx: JsonContext): Json {
  const code = registry.lookup(actor.code)
  if (code === undefined) throw new ActorError('ACTOR_KIND', `actor code ${actor.code} belongs to no known bundle`)
  const codec = stateCodec(code.kind, code.version)
  return codec === null ? null : codec.toJson(loadState(store, codec, actor.head), ctx)
}
