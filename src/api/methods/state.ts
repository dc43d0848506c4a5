/** State*: actors, addresses, the network. */
import { list, optional, textMap } from '../../codec/combinators.ts'
import { bytesOrEmpty, fixedBytes, safeUint, text, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { beaconEntry } from '../../types/block.ts'
import { cid } from '../../types/cid.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'
import { method, param } from '../method.ts'
import { actor, actorState } from '../types/actor.ts'
import { circulatingSupply, networkParams } from '../types/network.ts'
import { anyJson } from '../types/shape.ts'
import { addr, epochParam, tsk, v0v1, v1 } from './params.ts'

const networkVersion = param('networkVersion', safeUint)
/** Number of the domain separation tag (go-state-types crypto/randomness.go). */
const personalization = param('personalization', safeUint)
const entropy = param('entropy', bytesOrEmpty)
const digest = fixedBytes(32)

export const stateNetworkName = method({
  name: 'Filecoin.StateNetworkName',
  perm: 'read',
  params: [],
  result: text,
  doc: "The network's name in the state.",
  versions: v0v1,
  where: 'query',
})

export const stateNetworkVersion = method({
  name: 'Filecoin.StateNetworkVersion',
  perm: 'read',
  params: [tsk],
  result: safeUint,
  doc: 'The network version at a tipset.',
  versions: v0v1,
  where: 'query',
})

export const stateGetNetworkParams = method({
  name: 'Filecoin.StateGetNetworkParams',
  perm: 'read',
  params: [],
  result: networkParams,
  doc: "The network's parameters and upgrade epochs.",
  versions: v0v1,
  where: 'main',
})

export const stateGetActor = method({
  name: 'Filecoin.StateGetActor',
  perm: 'read',
  params: [addr, tsk],
  result: optional(actor),
  doc: 'The actor at an address: code, state root, nonce, balance.',
  versions: v0v1,
  where: 'query',
})

export const stateReadState = method({
  name: 'Filecoin.StateReadState',
  perm: 'read',
  params: [addr, tsk],
  result: actorState,
  doc: 'The actor at an address with its state in the JSON of its type; null for types that have none.',
  versions: v0v1,
  where: 'query',
})

export const stateDecodeParams = method({
  name: 'Filecoin.StateDecodeParams',
  perm: 'read',
  params: [addr, param('method', uint64), param('params', bytesOrEmpty), tsk],
  result: anyJson,
  doc: 'The parameters of a message to the address, decoded by the method that it calls.',
  versions: v0v1,
  where: 'query',
})

export const stateEncodeParams = method({
  name: 'Filecoin.StateEncodeParams',
  perm: 'read',
  params: [param('actorCode', cid), param('method', uint64), param('params', anyJson)],
  result: bytesOrEmpty,
  doc: "The CBOR of a method's parameters given as JSON.",
  versions: v1,
  where: 'query',
})

export const stateListActors = method({
  name: 'Filecoin.StateListActors',
  perm: 'read',
  params: [tsk],
  result: list(address, { emptyJson: 'null' }),
  doc: 'The id addresses of all actors.',
  versions: v0v1,
  where: 'query',
})

export const stateLookupId = method({
  name: 'Filecoin.StateLookupID',
  perm: 'read',
  params: [addr, tsk],
  result: address,
  doc: 'The id address of an address.',
  versions: v0v1,
  where: 'query',
})

export const stateAccountKey = method({
  name: 'Filecoin.StateAccountKey',
  perm: 'read',
  params: [addr, tsk],
  result: address,
  doc: "The public key address of an account's id address.",
  versions: v0v1,
  where: 'query',
})

export const stateLookupRobustAddress = method({
  name: 'Filecoin.StateLookupRobustAddress',
  perm: 'read',
  params: [addr, tsk],
  result: address,
  doc: 'The key or robust address of an id address.',
  versions: v1,
  where: 'query',
})

export const stateChangedActors = method({
  name: 'Filecoin.StateChangedActors',
  perm: 'read',
  params: [param('old', cid), param('new', cid)],
  result: textMap(actor),
  doc: 'The actors that differ between two state roots, by address, as they are in the second.',
  versions: v0v1,
  where: 'query',
})

export const stateCirculatingSupply = method({
  name: 'Filecoin.StateCirculatingSupply',
  perm: 'read',
  params: [tsk],
  result: tokenAmount,
  doc: 'The exact circulating supply in attoFIL; not the figure that actors see.',
  versions: v0v1,
  where: 'query',
})

export const stateVmCirculatingSupplyInternal = method({
  name: 'Filecoin.StateVMCirculatingSupplyInternal',
  perm: 'read',
  params: [tsk],
  result: circulatingSupply,
  doc: 'The circulating supply as actors see it, in its parts, in attoFIL.',
  versions: v0v1,
  where: 'query',
})

export const stateActorCodeCids = method({
  name: 'Filecoin.StateActorCodeCIDs',
  perm: 'read',
  params: [networkVersion],
  result: textMap(cid),
  doc: 'The code CIDs of the built-in actors of a network version, by name.',
  versions: v0v1,
  where: 'query',
})

export const stateActorManifestCid = method({
  name: 'Filecoin.StateActorManifestCID',
  perm: 'read',
  params: [networkVersion],
  result: cid,
  doc: "The CID of the built-in actors' manifest of a network version.",
  versions: v0v1,
  where: 'query',
})

export const stateGetRandomnessFromTickets = method({
  name: 'Filecoin.StateGetRandomnessFromTickets',
  perm: 'read',
  params: [personalization, epochParam, entropy, tsk],
  result: digest,
  doc: 'Randomness drawn from the ticket of an epoch.',
  versions: v0v1,
  where: 'query',
})

export const stateGetRandomnessFromBeacon = method({
  name: 'Filecoin.StateGetRandomnessFromBeacon',
  perm: 'read',
  params: [personalization, epochParam, entropy, tsk],
  result: digest,
  doc: 'Randomness drawn from the beacon entry of an epoch.',
  versions: v0v1,
  where: 'query',
})

export const stateGetRandomnessDigestFromTickets = method({
  name: 'Filecoin.StateGetRandomnessDigestFromTickets',
  perm: 'read',
  params: [epochParam, tsk],
  result: digest,
  doc: 'The digest of the ticket of an epoch, from which randomness is drawn.',
  versions: v1,
  where: 'query',
})

export const stateGetRandomnessDigestFromBeacon = method({
  name: 'Filecoin.StateGetRandomnessDigestFromBeacon',
  perm: 'read',
  params: [epochParam, tsk],
  result: digest,
  doc: 'The digest of the beacon entry of an epoch, from which randomness is drawn.',
  versions: v1,
  where: 'query',
})

export const stateGetBeaconEntry = method({
  name: 'Filecoin.StateGetBeaconEntry',
  perm: 'read',
  params: [param('epoch', epoch)],
  result: beaconEntry,
  doc: 'The beacon entry of an epoch; waits for one that is still to come.',
  versions: v1,
  where: 'main',
})
