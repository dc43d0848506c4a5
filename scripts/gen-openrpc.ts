// Writes docs/openrpc-v0.json, docs/openrpc.json (v1), docs/openrpc-v2.json and docs/openrpc-miner.json from the API's contract.

import { readFileSync, writeFileSync } from 'node:fs'
import { endpoints } from '../src/api/contract.ts'
import type { ApiVersion } from '../src/api/method.ts'
import { minerEndpoints } from '../src/api/miner/contract.ts'
import { openRpcDocument } from '../src/rpc/openrpc.ts'

const root = new URL('../', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
const files: readonly (readonly [ApiVersion, string])[] = [
  ['v0', 'openrpc-v0.json'],
  ['v1', 'openrpc.json'],
  ['v2', 'openrpc-v2.json'],
]
const write = (file: string, document: unknown): void =>
  writeFileSync(new URL(`docs/${file}`, root), `${JSON.stringify(document, null, 2)}\n`)
for (const [endpoint, file] of files) write(file, openRpcDocument(endpoints, endpoint, version))
write('openrpc-miner.json', openRpcDocument(minerEndpoints, 'v0', version, "miner's JSON-RPC API"))
