// Writes docs/openrpc-v0.json, docs/openrpc.json (v1) and docs/openrpc-v2.json from the API's contract.

import { readFileSync, writeFileSync } from 'node:fs'
import type { ApiVersion } from '../src/api/method.ts'
import { openRpcDocument } from '../src/rpc/openrpc.ts'

const root = new URL('../', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
const files: readonly (readonly [ApiVersion, string])[] = [
  ['v0', 'openrpc-v0.json'],
  ['v1', 'openrpc.json'],
  ['v2', 'openrpc-v2.json'],
]
for (const [endpoint, file] of files) {
  writeFileSync(new URL(`docs/${file}`, root), `${JSON.stringify(openRpcDocument(endpoint, version), null, 2)}\n`)
}
