import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Endpoints } from '../api/endpoints.ts'
import { ApiError, limitExceeded, RpcCode } from '../api/errors.ts'
import { type ApiVersion, defaultPermissions, type Permission } from '../api/method.ts'
import { getLogger } from '../lib/log.ts'
import { listenMultiaddr } from './api-info.ts'
import { type Caller, type CallObserver, Dispatcher } from './dispatcher.ts'
import { errorText, readRequestJson } from './envelope.ts'
import { RpcError } from './errors.ts'
import { BodyReader, discard } from './http-body.ts'
import { defaultLimits, type RpcLimits } from './limits.ts'
import type { Router } from './router.ts'
import { WsConnection } from './ws-connection.ts'

const log = getLogger('rpc')

/** A further HTTP route on the API's port: metrics, streams, remote storage. */
export interface Route {
  /** True when the route answers this method and path. */
  match(method: string, path: string): boolean
  handle(request: IncomingMessage, response: ServerResponse, ctx: RouteContext): void | Promise<void>
}

export interface RouteContext {
  readonly perms: readonly Permission[]
  /** Fires when the client has gone or the server closes. */
  readonly signal: AbortSignal
  readonly url: URL
}

export interface RpcServerComponents {
  readonly router: Router
  /** Checks a token; throws when it is not valid. `TokenAuth` fits. */
  readonly auth: { verify(token: string): readonly Permission[] }
  readonly observer?: CallObserver
  /** What `/health/livez` and `/health/readyz` say. Without them the node counts as healthy while it answers. */
  readonly health?: { live(): boolean; ready(): boolean }
  readonly routes?: readonly Route[]
  /** The methods that can be called; the full node's where it is not given. */
  readonly endpoints?: Endpoints
}

export interface RpcServerInit {
  /** An IP address or host name to listen at. */
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  readonly limits?: Partial<RpcLimits>
  /** Web origins whose pages may read answers; none without it. `*` is every origin. */
  readonly allowedOrigins?: readonly string[]
  /** What a caller without a token may do; `read` as in Lotus. */
  readonly defaultPerms?: readonly Permission[]
}

interface Access {
  readonly perms: readonly Permission[]
  /** True for a caller without a token. */
  readonly anonymous: boolean
}

const endpoint = /^\/rpc\/(v[012])$/

/** JSON-RPC over HTTP and WebSocket on one port: `/rpc/v0`, `/rpc/v1`, `/rpc/v2`, the health checks, and further routes. */
export class RpcServer {
  readonly #http: Server
  readonly #ws: WebSocketServer
  /** For callers without a token: the library's limit of a message is one for all its connections. */
  readonly #anonymousWs: WebSocketServer
  readonly #dispatcher: Dispatcher
  readonly #components: RpcServerComponents
  readonly #init: RpcServerInit
  readonly #limits: RpcLimits
  readonly #closing = new AbortController()
  readonly #connections = new Set<WsConnection>()
  readonly #sockets = new Set<Socket>()
  readonly #bodies: BodyReader
  #pings: NodeJS.Timeout | undefined
  #openHttp = 0

  private constructor(components: RpcServerComponents, init: RpcServerInit) {
    this.#components = components
    this.#init = init
    this.#limits = { ...defaultLimits, ...init.limits }
    this.#dispatcher = new Dispatcher(components, this.#limits)
    this.#bodies = new BodyReader(this.#limits.maxBodyBytes)
    this.#http = createServer({
      headersTimeout: this.#limits.headersTimeoutMs,
      requestTimeout: this.#limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, this.#limits.headersTimeoutMs, this.#limits.requestTimeoutMs),
      keepAliveTimeout: 60_000,
      maxHeaderSize: 32 * 1024,
      highWaterMark: 256 * 1024,
      noDelay: true,
    })
    this.#http.maxConnections = this.#limits.maxConnections
    const wsServer = (maxPayload: number): WebSocketServer =>
      new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false })
    this.#ws = wsServer(this.#limits.maxRequestBytes)
    this.#anonymousWs = wsServer(this.#maxRequest(true))
    this.#http.on('request', (request, response) => void this.#request(request, response))
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** Opens the port. @throws RpcError RPC_LISTEN */
  static async listen(components: RpcServerComponents, init: RpcServerInit): Promise<RpcServer> {
    const server = new RpcServer(components, init)
    await new Promise<void>((resolve, reject) => {
      server.#http.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(init, cause)))
      server.#http.listen(init.port, init.host, () => {
        server.#http.removeAllListeners('error')
        resolve()
      })
    })
    server.#http.on('error', (e) => log.error('the port of the API failed', {}, e))
    server.#pings = setInterval(() => {
      for (const c of server.#connections) c.ping()
    }, server.#limits.pingIntervalMs)
    server.#pings.unref()
    return server
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get url(): string {
    const { address, port } = this.#http.address() as AddressInfo
    return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
  }

  /** For the `api` file: `/ip4/127.0.0.1/tcp/1234/http`. */
  get multiaddr(): string {
    const { address, port } = this.#http.address() as AddressInfo
    return listenMultiaddr(address, port)
  }

  /** Calls that have not ended. */
  get openCalls(): number {
    return this.#dispatcher.open
  }

  /** Takes no more calls, tells the open ones to end, waits for their answers for a bounded time, and drops the rest. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    clearInterval(this.#pings)
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => resolve())
    })
    this.#closing.abort(new RpcError('RPC_CLOSED', 'the node is stopping'))
    this.#http.closeIdleConnections()
    const deadline = performance.now() + this.#limits.closeGraceMs
    const open = (): boolean => this.#openHttp > 0 || [...this.#connections].some((c) => c.open > 0)
    while (open() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
    for (const c of this.#connections) c.close()
    this.#http.closeIdleConnections()
    const rest = setTimeout(
      () => {
        for (const c of this.#connections) c.terminate()
        for (const s of this.#sockets) s.destroy()
      },
      Math.max(100, Math.min(1_000, this.#limits.closeGraceMs)),
    )
    if (this.#openHttp > 0) for (const s of this.#sockets) s.destroy()
    await closed
    clearTimeout(rest)
    this.#ws.close()
    this.#anonymousWs.close()
  }

  #maxRequest(anonymous: boolean): number {
    const { maxRequestBytes, maxAnonymousRequestBytes } = this.#limits
    return anonymous ? Math.min(maxRequestBytes, maxAnonymousRequestBytes) : maxRequestBytes
  }

  /** What a request may do; undefined when it shows a token that does not count. */
  #permissions(request: IncomingMessage, url: URL): Access | undefined {
    const header = request.headers.authorization
    const query = url.searchParams.get('token') ?? ''
    const given = header ?? (query === '' ? '' : `Bearer ${query}`)
    if (given === '') return { perms: this.#init.defaultPerms ?? defaultPermissions, anonymous: true }
    if (!given.startsWith('Bearer ')) return undefined
    try {
      return { perms: this.#components.auth.verify(given.slice('Bearer '.length)), anonymous: false }
    } catch {
      return undefined
    }
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => {
      // After a whole answer nobody listens any more, and the error's stack would be the dearest part of a short call.
      if (!response.writableFinished) gone.abort(new RpcError('RPC_CANCELLED', 'the client has gone'))
    })
    const signal = AbortSignal.any([gone.signal, this.#closing.signal])
    this.#openHttp++
    try {
      await this.#respond(request, response, signal)
    } catch (e) {
      // What a route throws; calls answer their own errors.
      log.error('a request failed in an unforeseen way', { path: request.url?.split('?')[0]?.slice(0, 200) }, e)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    } finally {
      this.#openHttp--
    }
  }

  async #respond(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const url = requestUrl(request)
    if (url === undefined) return empty(response, 400)
    if (this.#preflight(request, response)) return
    const method = request.method ?? 'GET'
    if (url.pathname === '/health/livez' || url.pathname === '/health/readyz') {
      const { health } = this.#components
      const good = health === undefined || (url.pathname.endsWith('livez') ? health.live() : health.ready())
      return empty(response, good ? 200 : 503)
    }
    const version = endpoint.exec(url.pathname)?.[1] as ApiVersion | undefined
    const route = version === undefined ? this.#components.routes?.find((r) => r.match(method, url.pathname)) : undefined
    if (version === undefined && route === undefined) return empty(response, 404)
    const access = this.#permissions(request, url)
    if (access === undefined) return empty(response, 401)
    if (route !== undefined) return route.handle(request, response, { perms: access.perms, signal, url })
    if (method !== 'POST') {
      response.setHeader('Allow', 'POST, OPTIONS')
      return empty(response, 405)
    }
    const caller = { perms: access.perms, version: version as ApiVersion, signal }
    await this.#rpc(request, response, caller, this.#maxRequest(access.anonymous))
  }

  async #rpc(request: IncomingMessage, response: ServerResponse, caller: Caller, max: number): Promise<void> {
    const body = await this.#bodies.read(request, max)
    if (body === undefined) return
    if (typeof body === 'string') {
      const error =
        body === 'too large'
          ? new ApiError('API_LIMIT', `request bigger than maximum ${max} allowed`, { rpcCode: RpcCode.parse })
          : limitExceeded('the node is busy: it is receiving too much at once, try again later')
      const text = errorText(null, error)
      response.writeHead(body === 'too large' ? 413 : 503, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
        Connection: 'close',
      })
      response.write(text)
      await discard(request, caller.signal)
      response.end()
      return
    }
    let json: unknown
    try {
      json = readRequestJson(body, this.#limits.maxDepth)
    } catch (e) {
      this.#finish(response, 400, errorText(null, e))
      return
    }
    const text = await this.#dispatcher.answer(json, caller)
    this.#finish(response, 200, text)
  }

  #finish(response: ServerResponse, status: number, text: string | undefined): void {
    if (response.destroyed) return
    response.statusCode = status
    response.setHeader('Content-Type', 'application/json')
    // Without progress for this long the client is not reading any more.
    response.setTimeout(this.#limits.slowClientMs, () => response.destroy())
    response.end(text ?? '')
  }

  /** Cross-origin headers for the origins allowed. @returns whether the request was a preflight, and is answered */
  #preflight(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers
    const allowed = this.#init.allowedOrigins ?? []
    if (origin !== undefined && (allowed.includes('*') || allowed.includes(origin))) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type')
      response.setHeader('Access-Control-Allow-Methods', 'POST, GET, OPTIONS')
      response.setHeader('Vary', 'Origin')
    }
    if (request.method !== 'OPTIONS') return false
    empty(response, 204)
    return true
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const url = requestUrl(request)
    const version = url === undefined ? undefined : (endpoint.exec(url.pathname)?.[1] as ApiVersion | undefined)
    if (url === undefined || version === undefined) {
      refuse(socket, '404 Not Found')
      return
    }
    if (this.#closing.signal.aborted) {
      refuse(socket, '503 Service Unavailable')
      return
    }
    const access = this.#permissions(request, url)
    if (access === undefined) {
      refuse(socket, '401 Unauthorized')
      return
    }
    const ws = access.anonymous ? this.#anonymousWs : this.#ws
    ws.handleUpgrade(request, socket, head, (client: WebSocket) => {
      const connection = new WsConnection(
        { socket: client, dispatcher: this.#dispatcher, closing: this.#closing.signal },
        { perms: access.perms, version, limits: this.#limits },
      )
      this.#connections.add(connection)
      client.once('close', () => this.#connections.delete(connection))
    })
  }
}

function requestUrl(request: IncomingMessage): URL | undefined {
  return URL.parse(request.url ?? '/', 'http://node') ?? undefined
}

function empty(response: ServerResponse, status: number): void {
  response.statusCode = status
  response.end()
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Why a port could not be opened, for whoever chose it. */
function listenError({ host, port }: RpcServerInit, cause: NodeJS.ErrnoException): RpcError {
  const where = `${host} port ${port}`
  if (cause.code === 'EADDRINUSE')
    return new RpcError('RPC_LISTEN', `${where} is in use by another program`, {
      hint: 'Give another port with --api, or stop that program.',
    })
  const why =
    cause.code === 'EACCES'
      ? 'this user may not use it'
      : cause.code === 'EADDRNOTAVAIL'
        ? 'this machine has no such address'
        : cause.message
  return new RpcError('RPC_LISTEN', `the API cannot listen at ${where}: ${why}`)
}
