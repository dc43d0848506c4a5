import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ApiInfo, parseApiInfo } from '../../rpc/api-info.ts'
import { JsonRpcClient } from '../../rpc/json-client.ts'
import type { DevnetLayout } from './layout.ts'

/** Where the running node of a devnet is, with a token that permits everything. */
export async function nodeApiInfo(layout: DevnetLayout): Promise<ApiInfo> {
  const text = (name: string) => readFile(join(layout.node, name), 'utf8')
  const [token, address] = await Promise.all([text('token'), text('api')])
  return parseApiInfo(`${token.trim()}:${address.trim()}`)
}

/** A client of the devnet's running node. */
export async function devnetClient(layout: DevnetLayout): Promise<JsonRpcClient> {
  return new JsonRpcClient(await nodeApiInfo(layout), { timeoutMs: 0 })
}
