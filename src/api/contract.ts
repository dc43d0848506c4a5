/** All methods, collected: what server, client, worker pool and documentation read. */
import { ApiError } from './errors.ts'
import { type AnyMethod, type ApiVersion, apiVersions } from './method.ts'
import * as chain from './methods/chain.ts'
import * as chainObjects from './methods/chain-objects.ts'
import * as common from './methods/common.ts'
import * as gas from './methods/gas.ts'
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
  ...chain,
  ...chainObjects,
  ...common,
  ...gas,
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
export const contract: ReadonlyMap<string, AnyMethod> = byId(Object.values(methods))

function byId(defs: readonly AnyMethod[]): ReadonlyMap<string, AnyMethod> {
  const out = new Map<string, AnyMethod>()
  for (const def of defs) {
    if (out.has(def.id)) throw new ApiError('API_CONTRACT', `the method ${def.id} is declared twice`)
    out.set(def.id, def)
  }
  return out
}

/** The methods of one endpoint by their names on the wire, aliases among them. */
export const endpoints: ReadonlyMap<ApiVersion, ReadonlyMap<string, AnyMethod>> = new Map(
  apiVersions.map((version) => {
    const names = new Map<string, AnyMethod>()
    for (const def of contract.values()) {
      if (!def.versions.includes(version)) continue
      for (const name of [def.name, ...def.aliases]) {
        if (names.has(name)) throw new ApiError('API_CONTRACT', `the method ${name} is declared twice at ${version}`)
        names.set(name, def)
      }
    }
    return [version, names]
  }),
)

/** The method that a name means at an endpoint. */
export function lookupMethod(version: ApiVersion, name: string): AnyMethod | undefined {
  return endpoints.get(version)?.get(name)
}
