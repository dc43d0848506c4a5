import { existsSync } from 'node:fs'
import { allPermissions } from '../api/method.ts'
import { MINER_API_VERSION, minerEndpoints } from '../api/miner/contract.ts'
import { NodeError } from '../lib/errors.ts'
import { loadOrCreateSecret, TokenAuth } from '../rpc/auth.ts'
import { commonHandlers } from '../rpc/handlers/common.ts'
import { type BoundHandler, makeRouter, noQueries } from '../rpc/router.ts'
import { type Route, RpcServer } from '../rpc/server.ts'
import type { Repo } from '../store/repo.ts'
import { listenAddress } from './config.ts'
import type { StorageMinerConfig } from './miner-config.ts'
import type { MinerNodeOptions } from './miner-options.ts'
import { nodeVersion, userAgent } from './version.ts'

export interface MinerApiComponents {
  readonly repo: Repo
  readonly config: StorageMinerConfig
  readonly handlers: readonly BoundHandler[]
  readonly routes: readonly Route[]
  readonly network: { readonly name: string; readonly blockDelaySecs: number; readonly addressPrefix: 'f' | 't' }
  readonly startTime: Date
  /** Aborted to stop the miner. */
  readonly stopping: AbortController
}

/** Puts all handlers on one port, and leaves token and address in the repo. */
export async function serveMinerApi(
  c: MinerApiComponents,
  options: Pick<MinerNodeOptions, 'apiHost' | 'apiPort'>,
): Promise<RpcServer> {
  const listen = listenAddress(c.config.API.ListenAddress)
  const { secret, created } = await loadOrCreateSecret(c.repo.keystore)
  const auth = new TokenAuth(secret)
  const common = commonHandlers(
    {
      auth,
      // The contract has no method that asks for it.
      peerId: () => '',
      alerts: () => [],
      shutdown: () => c.stopping.abort(new NodeError('NODE_STOPPING', 'a client asked the miner to stop')),
      closing: c.stopping.signal,
    },
    {
      version: `${nodeVersion}+${c.network.name}`,
      agent: userAgent,
      blockDelay: c.network.blockDelaySecs,
      startTime: c.startTime,
      served: { endpoints: minerEndpoints, title: "miner's JSON-RPC API", apiVersion: () => MINER_API_VERSION },
    },
  )
  const server = await RpcServer.listen(
    {
      router: makeRouter([...common, ...c.handlers], noQueries, { addressPrefix: c.network.addressPrefix }),
      auth,
      endpoints: minerEndpoints,
      routes: c.routes,
    },
    {
      host: options.apiHost ?? listen.host,
      port: options.apiPort ?? listen.port,
      limits: { requestTimeoutMs: c.config.API.Timeout },
    },
  )
  if (created || !existsSync(c.repo.paths.token)) await c.repo.setApiToken(auth.create(allPermissions))
  await c.repo.setApiEndpoint(server.multiaddr)
  return server
}
