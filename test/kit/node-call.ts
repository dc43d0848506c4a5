// Calls to a node that runs in the test's own process, over its API as any client would make them.

import { parseJson } from '../../src/codec/json.ts'
import type { NetService } from '../../src/net/service.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { stringify } from '../../src/rpc/client.ts'

/** @throws Error with the text of the node's error and its number as `rpcCode` */
export async function call(node: FullNode, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(`${node.server?.url}/rpc/v1`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await node.repo.apiToken()}` },
    body: stringify({ jsonrpc: '2.0', id: 1, method: `Filecoin.${method}`, params }),
  })
  const { result, error } = parseJson(await response.text()) as { result?: unknown; error?: { message: string; code: unknown } }
  if (error !== undefined) throw Object.assign(new Error(error.message), { rpcCode: Number(error.code) })
  return result
}

export function netOf(node: FullNode): NetService {
  if (node.net === undefined) throw new Error('the node has no network')
  return node.net
}
