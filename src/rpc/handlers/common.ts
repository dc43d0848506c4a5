import { randomUUID } from 'node:crypto'
import { endpoints as fullNodeEndpoints } from '../../api/contract.ts'
import type { Endpoints } from '../../api/endpoints.ts'
import type { ApiVersion, Permission, Result } from '../../api/method.ts'
import * as m from '../../api/methods/common.ts'
import { FULL_API_V0, FULL_API_V1 } from '../../api/types/network.ts'
import type { Json } from '../../codec/json.ts'
import { logSystems, setLogLevel } from '../../lib/log.ts'
import { openRpcDocument } from '../openrpc.ts'
import { type BoundHandler, bind } from '../router.ts'

export interface CommonComponents {
  /** Makes and checks tokens; `TokenAuth` fits. */
  readonly auth: { create(perms: readonly Permission[]): string; verify(token: string): readonly Permission[] }
  /** Text of the node's libp2p peer id. */
  readonly peerId: () => string
  /** Alerts that the node keeps. */
  readonly alerts: () => Result<typeof m.logAlerts>
  /** Begins to stop the node; returns at once. */
  readonly shutdown: () => void
  /** Fires when the node stops. */
  readonly closing: AbortSignal
}

export interface CommonInit {
  readonly version: string
  /** What other nodes are told, "nelumbo-0.1.0". */
  readonly agent: string
  /** Seconds. */
  readonly blockDelay: number
  readonly startTime: Date
  /** What the program serves; the full node's API where it is not given. */
  readonly served?: ServedApi
}

export interface ServedApi {
  readonly endpoints: Endpoints
  readonly title: string
  /** The number of the API's version at each endpoint (Lotus api/version.go). */
  readonly apiVersion: (endpoint: ApiVersion) => number
}

const fullNode: ServedApi = {
  endpoints: fullNodeEndpoints,
  title: 'JSON-RPC API',
  apiVersion: (endpoint) => (endpoint === 'v0' ? FULL_API_V0 : FULL_API_V1),
}

/** The handlers of the methods about the node itself. */
export function commonHandlers(components: CommonComponents, init: CommonInit): readonly BoundHandler[] {
  const session = randomUUID()
  const documents = new Map<string, Json>()
  const served = init.served ?? fullNode
  return [
    bind(m.version, (_params, { apiVersion }) => ({
      version: init.version,
      apiVersion: served.apiVersion(apiVersion),
      blockDelay: BigInt(init.blockDelay),
      agent: init.agent,
    })),
    bind(m.id, () => components.peerId()),
    bind(m.session, () => session),
    bind(m.startTime, () => init.startTime),
    bind(m.shutdown, () => components.shutdown()),
    bind(m.closing, (_params, { signal }) => untilAborted(AbortSignal.any([components.closing, signal]))),
    bind(m.discover, (_params, { apiVersion }) => {
      let document = documents.get(apiVersion)
      if (document === undefined) {
        document = openRpcDocument(served.endpoints, apiVersion, init.version, served.title)
        documents.set(apiVersion, document)
      }
      return document
    }),
    bind(m.authVerify, ([token]) => [...components.auth.verify(token)]),
    // Lotus's result is the token's bytes, which print as base64.
    bind(m.authNew, ([perms]) => new TextEncoder().encode(components.auth.create(perms))),
    bind(m.logList, () => logSystems()),
    bind(m.logSetLevel, ([subsystem, level]) => setLogLevel(subsystem, level)),
    bind(m.logAlerts, () => components.alerts()),
  ]
}

/** A stream without items that ends when the signal fires. */
async function* untilAborted(signal: AbortSignal): AsyncGenerator<never, void, undefined> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
