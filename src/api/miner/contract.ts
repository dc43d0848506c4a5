/** All methods of the miner process, collected: Lotus's StorageMiner API, at port 2345. */
import { type ApiOf, apiOver, type Caller } from '../api.ts'
import { type Endpoints, makeEndpoints, methodsById } from '../endpoints.ts'
import type { AnyMethod } from '../method.ts'
import * as common from '../methods/common.ts'
import * as actor from './actor.ts'
import * as mining from './mining.ts'
import * as proving from './proving.ts'
import * as storage from './storage.ts'

// The peer id is a thing of the full node: the miner has no place in the network.
const { id: _, ...process } = common

/** Every declared method under its TypeScript name. */
export const minerMethods = {
  ...process,
  ...actor,
  ...mining,
  ...proving,
  ...storage,
}

/** Every method of the miner process as a function. */
export type MinerApi = ApiOf<typeof minerMethods>

export function makeMinerApi(caller: Caller): MinerApi {
  return apiOver(minerMethods, caller)
}

/** Every declared method by its id. */
export const minerContract: ReadonlyMap<string, AnyMethod> = methodsById(Object.values(minerMethods))

export const minerEndpoints: Endpoints = makeEndpoints(minerContract.values())

/** Lotus api/version.go: MinerAPIVersion0, 1.5.0. */
export const MINER_API_VERSION = 0x010500
