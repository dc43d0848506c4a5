// A full node's API for tests of the miner: what a test gives is there, everything else is refused by name.

import type { Api } from '../../src/api/api.ts'
import { methods } from '../../src/api/contract.ts'
import { methodNotFound } from '../../src/api/errors.ts'
import { paramsOf } from '../../src/miner/mining-params.ts'
import { devnet } from '../../src/networks/devnet.ts'

export function fakeFullNode(given: Partial<Api> = {}): Api {
  const out: Record<string, unknown> = {}
  for (const [name, def] of Object.entries(methods))
    out[name] = () => (def.stream ? refusingStream(def.name) : Promise.reject(methodNotFound(def.name)))
  const own: Partial<Api> = {
    // A miner of it looks for no proof parameters.
    miningParams: async () => paramsOf({ ...devnet, proofs: 'fake' }, 0n),
    session: async () => '00000000-0000-4000-8000-000000000000',
  }
  return { ...out, ...own, ...given } as unknown as Api
}

// biome-ignore lint/correctness/useYield: a stream that is refused at its first item.
async function* refusingStream(name: string): AsyncGenerator<never> {
  throw methodNotFound(name)
}
