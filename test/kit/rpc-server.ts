// An RPC server on a free loopback port for tests, with a client for each permission.

import type { Test } from 'tap'
import { allPermissions, type Permission } from '../../src/api/method.ts'
import { TokenAuth } from '../../src/rpc/auth.ts'
import { RpcClient, type RpcClientInit } from '../../src/rpc/client.ts'
import { type BoundHandler, makeRouter, noQueries, type QueryPool } from '../../src/rpc/router.ts'
import { RpcServer, type RpcServerComponents, type RpcServerInit } from '../../src/rpc/server.ts'

export interface TestServer {
  readonly server: RpcServer
  readonly url: string
  token(perms: readonly Permission[]): string
  client(perms?: readonly Permission[], init?: RpcClientInit): RpcClient
  /** Posts raw text to an endpoint. */
  post(
    body: string | Uint8Array,
    path?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string; json: any }>
}

export async function testServer(
  t: Test,
  handlers: readonly BoundHandler[],
  options: {
    readonly query?: QueryPool
    readonly init?: Partial<RpcServerInit>
    readonly components?: Partial<RpcServerComponents>
  } = {},
): Promise<TestServer> {
  const auth = new TokenAuth(new Uint8Array(32).fill(1))
  const router = makeRouter(handlers, options.query ?? noQueries, { addressPrefix: 't' })
  const server = await RpcServer.listen(
    { router, auth, ...options.components },
    { host: '127.0.0.1', port: 0, ...options.init, limits: { closeGraceMs: 200, ...options.init?.limits } },
  )
  const clients: RpcClient[] = []
  t.teardown(async () => {
    for (const c of clients) await c.close()
    await server.close()
  })
  return {
    server,
    url: server.url,
    token: (perms) => auth.create(perms),
    client(perms = allPermissions, init = {}) {
      const client = new RpcClient({ url: server.url, token: auth.create(perms) }, init)
      clients.push(client)
      return client
    },
    async post(body, path = '/rpc/v1', headers = {}) {
      const answer = await fetch(`${server.url}${path}`, { method: 'POST', body: body as string, headers })
      const text = await answer.text()
      let json: unknown
      try {
        json = JSON.parse(text)
      } catch {
        json = undefined
      }
      return { status: answer.status, text, json }
    },
  }
}
