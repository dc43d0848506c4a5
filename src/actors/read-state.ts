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
import { EMPTY_ARRAY_CID } from './placeholder/state.ts'
import { powerState } from './power/state.ts'
import { rewardState } from './reward/view.ts'
import type { Actor } from './state-tree.ts'
import { systemState } from './system/view.ts'
import { verifregState } from './verifreg/state.ts'

// biome-ignore lint/suspicious/noExplicitAny: one table for the states of all kinds.
type AnyCodec = Codec<any>

/** The form of each kind's state by actors version; undefined for actors that have none. */
const stateCodecs: Readonly<Record<ActorKind, ((version: number) => AnyCodec) | undefined>> = {
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
  eam: undefined,
  ethaccount: undefined,
  placeholder: undefined,
}

/** The form of a kind's state in an actors version (8 and on); undefined for actors that have none. */
export function stateCodec(kind: ActorKind, actorsVersion: number): AnyCodec | undefined {
  return stateCodecs[kind]?.(actorsVersion)
}

/**
 * The state of any built-in actor as Lotus's StateReadState prints it; null for actors without a state
 * (Lotus chain/vm/invoker.go DumpActorState).
 * @throws ActorError ACTOR_KIND for code of no known bundle, STATE_MALFORMED; MissingBlockError
 */
export function readActorState(store: BlockReader, registry: ActorRegistry, actor: Actor, ctx: JsonContext): Json {
  const found = registry.lookup(actor.code)
  if (found === undefined) throw new ActorError('ACTOR_KIND', `state type for actor ${actor.code} not found`)
  const codec = stateCodec(found.kind, found.version)
  if (codec === undefined) {
    if (!actor.head.equals(EMPTY_ARRAY_CID))
      throw new ActorError(
        'STATE_MALFORMED',
        `actor with code ${actor.code} should only have ${EMPTY_ARRAY_CID} as its head, not ${actor.head}`,
      )
    return null
  }
  return codec.toJson(loadState(store, codec, actor.head) as unknown, ctx)
}
