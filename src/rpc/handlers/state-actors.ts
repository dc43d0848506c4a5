import { InitView } from '../../actors/init/view.ts'
import { actorKinds, nativeActorCodes } from '../../actors/manifest.ts'
import { decodeMethodParams, encodeMethodParams } from '../../actors/methods/index.ts'
import { readActorState } from '../../actors/read-state.ts'
import { INIT_ACTOR } from '../../actors/well-known.ts'
import { actorNotFound } from '../../api/errors.ts'
import * as m from '../../api/methods/state.ts'
import * as v2 from '../../api/methods/v2.ts'
import { walletBalance } from '../../api/methods/wallet.ts'
import type { TipsetAnchor, TipsetSelector } from '../../api/types/chain.ts'
import { bundleManifestCid, oldestBundle } from '../../networks/bundles.ts'
import { actorsVersion } from '../../networks/schedule.ts'
import { newestNetworkVersion } from '../../networks/upgrades.ts'
import { circulatingSupply, vmCirculatingSupply } from '../../state/supply.ts'
import { Address, Protocol } from '../../types/address.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import { drawRandomness } from '../../types/randomness.ts'
import type { Tipset } from '../../types/tipset.ts'
import { tipsetAt } from './chain.ts'
import { type BoundQuery, type QueryEnv, query } from './env.ts'
import { QueryError } from './errors.ts'
import { finalizedTipset, safeTipset } from './finality.ts'

/** @throws QueryError API_NO_BUNDLE for a network version that does not exist yet */
function actorsOf(env: QueryEnv, networkVersion: number): number {
  if (networkVersion > newestNetworkVersion)
    throw new QueryError(
      'API_NO_BUNDLE',
      `network ${env.state.network.name} has no network version ${networkVersion}; the newest is ${newestNetworkVersion}`,
    )
  return actorsVersion(networkVersion)
}

function manifestCid(env: QueryEnv, networkVersion: number): CID {
  const manifest = bundleManifestCid(env.state.network.bundle, actorsOf(env, networkVersion))
  if (manifest === undefined)
    throw new QueryError(
      'API_NO_BUNDLE',
      `network ${env.state.network.name} has no manifest of built-in actors for network version ${networkVersion}`,
    )
  return manifest
}

function actorCodes(env: QueryEnv, networkVersion: number): Map<string, CID> {
  const version = actorsOf(env, networkVersion)
  if (version < oldestBundle) return nativeActorCodes(version)
  // Refuses versions that the network does not have.
  manifestCid(env, networkVersion)
  const codes = new Map<string, CID>()
  for (const kind of actorKinds) {
    const code = env.state.registry.codeOf(version, kind)
    if (code !== undefined) codes.set(kind, code)
  }
  return codes
}

/** A key, a height under an anchor, or a tag (Lotus node/impl/full/chain_v2.go). */
function selected(env: QueryEnv, s: TipsetSelector): Tipset {
  if ('key' in s) return env.tipset(s.key)
  if ('tag' in s) return tagged(env, s.tag)
  const { at, previous, anchor } = s.height
  return tipsetAt(env, at, anchored(env, anchor), previous)
}

/** No anchor means the finalized tipset, an empty one the head. */
function anchored(env: QueryEnv, anchor: TipsetAnchor | undefined): Tipset {
  if (anchor === undefined) return finalizedTipset(env)
  if (anchor.key !== undefined) return env.tipset(anchor.key)
  return anchor.tag === undefined ? env.head : tagged(env, anchor.tag)
}

function tagged(env: QueryEnv, tag: 'latest' | 'finalized' | 'safe'): Tipset {
  if (tag === 'latest') return env.head
  return tag === 'finalized' ? finalizedTipset(env) : safeTipset(env)
}

/** From the state before the tipset where it knows the account, so that nothing is executed; else from the one after it. */
export function accountKeyAt(env: QueryEnv, tipset: Tipset, address: Address): Address {
  if (address.protocol === Protocol.actor) {
    throw new QueryError(
      'API_NOT_AN_ACCOUNT',
      `cannot resolve actor address ${address.toString(env.state.network.addressPrefix)} to key address`,
    )
  }
  const before = env.state.parentState(tipset)
  if (before.getActor(address) !== undefined || address.protocol !== Protocol.id) return env.state.accountKey(before, address)
  return env.state.accountKey(env.state.stateTree(env.state.tipsetState(tipset, env.head).stateRoot), address)
}

export const stateActorHandlers: readonly BoundQuery[] = [
  query(m.stateNetworkName, (_, env) => {
    const tree = env.state.parentState(env.head)
    return InitView.load(env.state.store, env.state.registry, env.state.requireActor(tree, INIT_ACTOR)).networkName
  }),
  query(m.stateNetworkVersion, ([key], env) => env.state.networkVersion(env.tipset(key).height)),
  query(m.stateGetActor, ([address, key], env) => env.actor(address, key)),
  query(walletBalance, ([address], env) => env.tree(env.head.key).getActor(address)?.balance ?? 0n),
  query(m.stateReadState, ([address, key], env) => {
    const actor = env.actor(address, key)
    const { addressPrefix } = env.state.network
    return {
      balance: actor.balance,
      code: actor.code,
      state: readActorState(env.state.store, env.state.registry, actor, { addressPrefix }),
    }
  }),
  query(m.stateDecodeParams, ([to, method, params, key], env) => {
    const actor = env.actor(to, key)
    return decodeMethodParams(env.state.registry, actor.code, method, params, { addressPrefix: env.state.network.addressPrefix })
  }),
  query(m.stateEncodeParams, ([code, method, params], env) => encodeMethodParams(env.state.registry, code, method, params)),
  query(m.stateListActors, ([key], env) => Array.from(env.tree(key).actors(), ([id]) => Address.fromId(id))),
  query(m.stateLookupId, ([address, key], env) => {
    const id = env.tree(key).lookupId(address)
    // The one method whose error has Lotus's own number for it.
    if (id === undefined) throw actorNotFound()
    return Address.fromId(id)
  }),
  query(m.stateAccountKey, ([address, key], env) => accountKeyAt(env, env.tipset(key), address)),
  query(m.stateLookupRobustAddress, ([address, key], env) => {
    const id = address.id
    if (id === undefined)
      throw new QueryError('API_NOT_AN_ID', `${address.toString(env.state.network.addressPrefix)} is not an id address`)
    const init = env.state.requireActor(env.tree(key), INIT_ACTOR)
    const robust = InitView.load(env.state.store, env.state.registry, init).robustAddress(id)
    if (robust === undefined)
      throw new QueryError('API_ADDRESS_UNKNOWN', `Address ${address.toString(env.state.network.addressPrefix)} not found`)
    return robust
  }),
  query(m.stateChangedActors, ([before, after], env) => {
    const old = env.state.stateTree(before)
    const changed = new Map<string, ReturnType<typeof env.actor>>()
    for (const [id, actor] of env.state.stateTree(after).actors()) {
      const was = old.getActor(id)
      const same =
        was !== undefined &&
        cidKey(was.code) === cidKey(actor.code) &&
        cidKey(was.head) === cidKey(actor.head) &&
        was.nonce === actor.nonce &&
        was.balance === actor.balance
      if (!same) changed.set(Address.fromId(id).toString(env.state.network.addressPrefix), actor)
    }
    return changed
  }),
  query(m.stateCirculatingSupply, ([key], env) => {
    const tipset = env.tipset(key)
    // The state is the one at the end of the epoch before (Lotus node/impl/full/state.go).
    return circulatingSupply(env.state, tipset.height - 1, env.state.parentState(tipset))
  }),
  query(m.stateVmCirculatingSupplyInternal, ([key], env) => {
    const tipset = env.tipset(key)
    return vmCirculatingSupply(env.state, tipset.height, env.state.parentState(tipset))
  }),
  query(m.stateActorCodeCids, ([nv], env) => actorCodes(env, nv)),
  query(m.stateActorManifestCid, ([nv], env) => manifestCid(env, nv)),
  query(m.stateGetRandomnessFromTickets, ([tag, epoch, entropy, key], env) =>
    drawRandomness(env.state.randomness(env.tipset(key)).ticketDigest(epoch), BigInt(tag), epoch, entropy),
  ),
  query(m.stateGetRandomnessFromBeacon, ([tag, epoch, entropy, key], env) =>
    drawRandomness(env.state.randomness(env.tipset(key)).beaconDigest(epoch), BigInt(tag), epoch, entropy),
  ),
  query(m.stateGetRandomnessDigestFromTickets, ([epoch, key], env) => env.state.randomness(env.tipset(key)).ticketDigest(epoch)),
  query(m.stateGetRandomnessDigestFromBeacon, ([epoch, key], env) => env.state.randomness(env.tipset(key)).beaconDigest(epoch)),
  query(v2.chainGetTipSetV2, ([selector], env) => selected(env, selector)),
  query(v2.stateGetActorV2, ([address, selector], env) =>
    env.state.requireActor(env.state.parentState(selected(env, selector)), address),
  ),
  query(v2.stateGetIdV2, ([address, selector], env) =>
    Address.fromId(env.state.requireId(env.state.parentState(selected(env, selector)), address)),
  ),
]
