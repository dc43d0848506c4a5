/** All methods, collected: what server, client, worker pool and documentation read. */
import { type Endpoints, makeEndpoints, methodsById } from './endpoints.ts'
import type { AnyMethod, ApiVersion } from './method.ts'
import * as absent from './methods/absent.ts'
import * as chain from './methods/chain.ts'
import * as chainObjects from './methods/chain-objects.ts'
import * as common from './methods/common.ts'
import * as gas from './methods/gas.ts'
import * as market from './methods/market.ts'
import * as mining from './methods/mining.ts'
import * as mpool from './methods/mpool.ts'
import * as net from './methods/net.ts'
import * as node from './methods/node.ts'
import * as state from './methods/state.ts'
import * as stateMarket from './methods/state-market.ts'
import * as stateMessages from './methods/state-messages.ts'
import * as stateMiner from './methods/state-miner.ts'
import * as sync from './methods/sync.ts'
import * as v0 from './methods/v0.ts'
import * as v2 from './methods/v2.ts'
import * as wallet from './methods/wallet.ts'

/** Every declared method under its TypeScript name: `methods.chainHead`. */
export const methods = {
  ...absent,
  ...chain,
  ...chainObjects,
  ...common,
  ...gas,
  ...mining,
  ...market,
  ...mpool,
  ...net,
  ...node,
  ...state,
  ...stateMarket,
  ...stateMessages,
  ...stateMiner,
  ...sync,
  ...v0,
  ...v2,
  ...wallet,
}
export type Methods = typeof methods

/** Every declared method by its id. */
export const contract: ReadonlyMap<string, AnyMethod> = methodsById(Object.values(methods))

/** The methods of one endpoint by their names on the wire, aliases among them. */
export const endpoints: Endpoints = makeEndpoints(contract.values())

/** The method that a name means at an endpoint. */
export function lookupMethod(version: ApiVersion, name: string): AnyMethod | undefined {
  return endpoints.get(version)?.get(name)
}
