import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { t } from 'tap'
import { downloadFile } from '../../../src/lib/download.ts'

const data = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i & 0xff))
let serve: (request: IncomingMessage, response: ServerResponse) => void = () => {}
let requests = 0
const server = createServer((request, response) => {
  requests++
  response.setHeader('connection', 'close')
  serve(request, response)
})
let url = ''

t.before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`
})
// Nothing waits for the server: the process ends with the last test.
server.unref()

const ranged = (request: IncomingMessage, response: ServerResponse): void => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from >= data.length) response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end()
  else if (from > 0)
    response.writeHead(206, { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` }).end(data.subarray(from))
  else response.end(data)
}

t.test('what is here already is not sent again', async (t) => {
  const path = join(t.testdir(), 'f')
  serve = ranged
  writeFileSync(path, data.subarray(0, 60_000))
  const seen: number[] = []
  await downloadFile({ url, path, maxBytes: 1 << 20, onProgress: (bytes) => seen.push(bytes) })
  t.ok(readFileSync(path).equals(data))
  t.ok((seen[0] as number) > 60_000)
  await downloadFile({ url, path, maxBytes: 1 << 20 })
  t.ok(readFileSync(path).equals(data), 'a whole file stays')
  writeFileSync(path, Buffer.concat([data, data]))
  await downloadFile({ url, path, maxBytes: 1 << 20 })
  t.ok(readFileSync(path).equals(data), 'a longer one is fetched anew')
})

t.test('redirections are followed, but not in circles', async (t) => {
  const path = join(t.testdir(), 'f')
  serve = (request, response) =>
    request.url === '/f' ? void response.writeHead(302, { location: '/g' }).end() : ranged(request, response)
  await downloadFile({ url, path, maxBytes: 1 << 20 })
  t.ok(readFileSync(path).equals(data))
  serve = (_, response) => void response.writeHead(302, { location: '/f' }).end()
  await t.rejects(downloadFile({ url, path: `${path}2`, maxBytes: 1 << 20, retries: 0 }), {
    code: 'DOWNLOAD_FAILED',
    message: /more than 5 redirections/,
  })
  serve = (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end()
  await t.rejects(downloadFile({ url, path: `${path}2`, maxBytes: 1 << 20, retries: 0 }), {
    message: /file: addresses cannot be asked/,
  })
})

t.test('a server without ranges sends all', async (t) => {
  const path = join(t.testdir(), 'f')
  writeFileSync(path, 'beginning of something else')
  serve = (_, response) => void response.end(data)
  await downloadFile({ url, path, maxBytes: 1 << 20 })
  t.ok(readFileSync(path).equals(data))
})

t.test('failures that pass and failures that stay', async (t) => {
  const path = join(t.testdir(), 'f')
  requests = 0
  serve = (request, response) => (requests < 2 ? void response.writeHead(503).end() : ranged(request, response))
  await downloadFile({ url, path, maxBytes: 1 << 20 })
  t.equal(requests, 2)
  requests = 0
  serve = (_, response) => void response.writeHead(403).end()
  await t.rejects(downloadFile({ url, path: `${path}2`, maxBytes: 1 << 20 }), {
    code: 'DOWNLOAD_FAILED',
    message: /the server answers 403/,
  })
  t.equal(requests, 1, 'a refusal is not asked again')
  t.equal(existsSync(`${path}2`), false)
  serve = (_, response) => void response.end(data)
  await t.rejects(downloadFile({ url, path: `${path}3`, maxBytes: 5000 }), {
    code: 'DOWNLOAD_TOO_LONG',
    message: /the limit is 5000/,
  })
  serve = (_, response) => {
    response.writeHead(200)
    response.write(data)
    response.end()
  }
  await t.rejects(
    downloadFile({ url, path: `${path}4`, maxBytes: 5000 }),
    { code: 'DOWNLOAD_TOO_LONG' },
    'also where no length is announced',
  )
  const stop = new AbortController()
  serve = () => stop.abort(new Error('enough'))
  await t.rejects(downloadFile({ url, path: `${path}5`, maxBytes: 5000, signal: stop.signal }), { message: 'enough' })
})
