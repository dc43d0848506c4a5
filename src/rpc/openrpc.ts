import type { Endpoints } from '../api/endpoints.ts'
import type { AnyMethod, ApiVersion } from '../api/method.ts'
import type { Json } from '../codec/json.ts'

/** Version of the OpenRPC specification that the documents follow. */
const OPENRPC = '1.2.6'

/**
 * The OpenRPC document of one endpoint, made from the contract alone: what `rpc.discover` answers and docs/openrpc*.json hold.
 * Permissions and streams stand in the extension fields `x-permission` and `x-stream`.
 * @param programVersion version of the program that serves the API
 * @param title what the API is called, "JSON-RPC API"
 */
export function openRpcDocument(endpoints: Endpoints, version: ApiVersion, programVersion: string, title = 'JSON-RPC API'): Json {
  const defs = [...new Set(endpoints.get(version)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    openrpc: OPENRPC,
    info: { title: `Nelumbo ${title}, /rpc/${version}`, version: programVersion },
    methods: defs.map(methodEntry),
  }
}

function methodEntry(def: AnyMethod): Json {
  const out: { [key: string]: Json } = {
    name: def.name,
    summary: def.doc,
    paramStructure: 'by-position',
    params: def.params.map((p) => ({
      name: p.name,
      required: p.optional !== true,
      schema: p.codec.schema as Json,
    })),
    result: { name: def.result.name, required: true, schema: def.result.schema as Json },
    deprecated: false,
    'x-permission': def.perm,
  }
  if (def.stream) out['x-stream'] = true
  if (def.aliases.length > 0) out['x-aliases'] = def.aliases
  return out
}
