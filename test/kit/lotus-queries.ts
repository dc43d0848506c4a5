// The API's queries over a chain that Lotus made, asked with JSON and answered in JSON, without a node around them.

import { join } from 'node:path'
import { type AnyMethod, answerQuery } from '../../src/api/method.ts'
import { parseJson } from '../../src/codec/json.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import { QueryEnv } from '../../src/rpc/handlers/env.ts'
import { queryHandlers } from '../../src/rpc/handlers/index.ts'
import { StateManager } from '../../src/state/state-manager.ts'
import { ChainReader } from '../../src/store/chain-reader.ts'
import { Tipset } from '../../src/types/tipset.ts'
import { LotusChain } from './lotus-chain.ts'

/** @param folder of the chain's data */
export async function lotusQueries(folder: string) {
  const network = await loadNetworkFile(join(folder, 'network.json'))
  const lotus = new LotusChain(folder)
  const { store } = lotus
  const chain = new ChainReader(store)
  const head = Tipset.create([lotus.head])
  const genesis = chain.genesisOf(head)
  const state = new StateManager({ network, store, sink: store, chain, registry: lotus.registry(), genesis })
  const env = new QueryEnv(state, head)
  const ask = async (def: AnyMethod, ...params: unknown[]): Promise<any> => {
    const found = queryHandlers.find((h) => h.def === def)
    if (found === undefined) throw new Error(`nothing answers ${def.name}`)
    return parseJson(await answerQuery(def, found.handle, params, env, { addressPrefix: 't' }))
  }
  return { lotus, store, chain, head, state, ask }
}
