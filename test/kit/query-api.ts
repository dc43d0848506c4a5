// The node's API over a chain in memory: queries are answered by the node's own handlers, in this thread.

import { type Api, encodeParams, makeApi } from '../../src/api/api.ts'
import { answerQuery } from '../../src/api/method.ts'
import { parseJson } from '../../src/codec/json.ts'
import { QueryEnv } from '../../src/rpc/handlers/env.ts'
import { queryHandlers } from '../../src/rpc/handlers/index.ts'
import type { Tipset } from '../../src/types/tipset.ts'
import type { ExecutedChain } from './executed-chain.ts'

const handlers = new Map(queryHandlers.map((q) => [q.def.id, q]))

/** @param head the heaviest tipset as the caller sees it, asked at each call */
export function queryApi(chain: ExecutedChain, head: () => Tipset): Api {
  const json = { addressPrefix: chain.network.addressPrefix }
  return makeApi({
    async call(def, params) {
      const bound = handlers.get(def.id)
      if (bound === undefined) throw new Error(`${def.name} is no query`)
      const given = parseJson(JSON.stringify(encodeParams(def, params, json)))
      const text = await answerQuery(bound.def, bound.handle, given, new QueryEnv(chain.state, head()), json)
      return def.result.fromJson(parseJson(text), 'result')
    },
    stream(def) {
      throw new Error(`${def.name} is a stream`)
    },
  })
}
