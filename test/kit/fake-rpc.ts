// A JSON-RPC server that answers from recordings of another implementation, and from functions where there are none.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { zstdDecompressSync } from 'node:zlib'
import { WebSocketServer } from 'ws'

export interface RecordedAnswer {
  readonly path: string
  readonly method: string
  readonly params: readonly unknown[]
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

/** The lines of a rpc-answers.ndjson.zst. */
export function recordedAnswers(file: Uint8Array): RecordedAnswer[] {
  return zstdDecompressSync(file)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordedAnswer)
}

export interface FakeRpcOptions {
  readonly answers?: readonly RecordedAnswer[]
  /** Answers by method name; they come before the recordings. What is thrown becomes the error, `code` included. */
  readonly methods?: Readonly<Record<string, (...params: any[]) => unknown>>
  /** Items of streams by method name; every item is one `xrpc.ch.val`. */
  readonly streams?: Readonly<Record<string, (...params: any[]) => readonly unknown[]>>
  /** Demanded of every caller when given. */
  readonly token?: string
  /** Drops the connection of a stream after its items instead of closing the channel. */
  readonly dropStreams?: boolean
}

export interface FakeRpc {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly multiaddr: string
  /** Every call so far: `[method, …params]`. */
  readonly calls: (readonly unknown[])[]
  close(): Promise<void>
}

interface Call {
  readonly id: unknown
  readonly method: string
  readonly params?: readonly unknown[]
}

/** Error of an answer with a number of its own. */
export class FakeError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export async function startFakeRpc(options: FakeRpcOptions = {}): Promise<FakeRpc> {
  const recorded = new Map((options.answers ?? []).map((answer) => [keyOf(answer.method, answer.params), answer]))
  const calls: (readonly unknown[])[] = []
  const allowed = ({ headers }: IncomingMessage) =>
    options.token === undefined || headers.authorization === `Bearer ${options.token}`

  const answer = ({ id, method, params = [] }: Call): object => {
    calls.push([method, ...params])
    const made = options.methods?.[method]
    try {
      if (made !== undefined) return { jsonrpc: '2.0', id, result: made(...params) ?? null }
    } catch (error) {
      return { jsonrpc: '2.0', id, error: { code: (error as FakeError).code ?? 1, message: (error as Error).message } }
    }
    const found = recorded.get(keyOf(method, params))
    if (found?.error !== undefined) return { jsonrpc: '2.0', id, error: found.error }
    if (found !== undefined) return { jsonrpc: '2.0', id, result: found.result }
    return { jsonrpc: '2.0', id, error: { code: -32601, message: `method '${method}' not found` } }
  }

  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (!allowed(request)) {
      response.writeHead(401).end()
      return
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer(JSON.parse(text) as Call)))
  })
  const sockets = new WebSocketServer({ server, verifyClient: ({ req }: { req: IncomingMessage }) => allowed(req) })
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const call = JSON.parse(String(data)) as Call
      const items = options.streams?.[call.method]
      if (items === undefined) return socket.send(JSON.stringify(answer(call)))
      calls.push([call.method, ...(call.params ?? [])])
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: 7 }))
      for (const item of items(...(call.params ?? [])))
        socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'xrpc.ch.val', params: [7, item] }))
      if (options.dropStreams) socket.terminate()
      else socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'xrpc.ch.close', params: [7] }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    multiaddr: `/ip4/127.0.0.1/tcp/${port}/http`,
    calls,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        sockets.close()
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function keyOf(method: string, params: readonly unknown[]): string {
  return `${method} ${JSON.stringify(params)}`
}
