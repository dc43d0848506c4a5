// The miner's methods against the document that Lotus's miner ships.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { decodeParams } from '../../../src/api/method.ts'
import { MINER_API_VERSION, minerContract, minerEndpoints } from '../../../src/api/miner/contract.ts'
import { openRpcDocument } from '../../../src/rpc/openrpc.ts'
import { sharedFile } from '../../kit/shared-data.ts'

interface OpenRpcMethod {
  readonly name: string
  readonly params: readonly { readonly schema: { readonly examples?: readonly unknown[] } }[]
  readonly result: { readonly schema: { readonly examples?: readonly unknown[] } }
}

/** What all of Lotus's programs have, and its documents leave out. */
const shared = new Set(
  'Version Session StartTime Shutdown Closing Discover AuthVerify AuthNew LogList LogSetLevel LogAlerts'.split(' '),
)

t.test("names, parameter counts and examples agree with Lotus's document", async (t) => {
  const bytes = sharedFile(t, 'openrpc', 'lotus-v1-miner.json')
  if (bytes === undefined) return
  const { methods } = JSON.parse(bytes.toString('utf8')) as { readonly methods: readonly OpenRpcMethod[] }
  const lotus = new Map(methods.map((m) => [m.name, m]))
  for (const def of minerContract.values()) {
    const bare = def.name.slice('Filecoin.'.length)
    // Methods about block production for several actors are ours alone.
    if (shared.has(bare) || (bare.startsWith('Mining') && bare !== 'MiningBase')) continue
    const theirs = lotus.get(def.name)
    t.ok(theirs, `${def.name} is in Lotus's document`)
    if (theirs === undefined) continue
    t.equal(def.params.length, theirs.params.length, `${def.name}: number of parameters`)
    const examples = theirs.params.map((p) => p.schema.examples?.[0])
    t.doesNotThrow(() => decodeParams(def, examples), `${def.name}: the example parameters are read`)
    const [example] = theirs.result.schema.examples ?? []
    if (example !== undefined && bare !== 'MiningBase')
      t.doesNotThrow(() => def.result.fromJson(example, 'example'), `${def.name}: the example result is read`)
  }
})

t.test('docs/openrpc-miner.json is what the contract gives', async (t) => {
  const root = new URL('../../../', import.meta.url)
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const document = openRpcDocument(minerEndpoints, 'v0', version, "miner's JSON-RPC API")
  t.equal(readFileSync(new URL('docs/openrpc-miner.json', root), 'utf8'), `${JSON.stringify(document, null, 2)}\n`)
  t.equal(MINER_API_VERSION, (1 << 16) | (5 << 8))
})
