// Time from starting bin/nelumbo to its end, for what scripts call often. The daemon is a server that answers at once.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type Measurement, timed } from './benchmark.ts'

const launcher = fileURLToPath(new URL('../bin/nelumbo', import.meta.url))
const head = { Cids: [{ '/': 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke' }], Blocks: [], Height: 7 }

function start(args: readonly string[], api = 'http://127.0.0.1:1'): void {
  const { status, stderr } = spawnSync(launcher, args, { env: { ...process.env, FULLNODE_API_INFO: api }, encoding: 'utf8' })
  if (status !== 0) throw new Error(`nelumbo ${args.join(' ')} failed: ${stderr}`)
}

/** A daemon in a thread of its own, because spawnSync blocks this one. */
async function daemon(): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const source = `
    const { createServer } = require('node:http')
    const { parentPort, workerData } = require('node:worker_threads')
    const server = createServer((request, response) => {
      let text = ''
      request.on('data', (data) => { text += data })
      request.on('end', () => response.end(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(text).id, result: workerData })))
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`
  const worker = new Worker(source, { eval: true, workerData: head })
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  return { url: `http://127.0.0.1:${port}`, stop: () => worker.terminate() }
}

export const name = 'cli-start'

export async function run(): Promise<Measurement[]> {
  const { url, stop } = await daemon()
  try {
    return [
      { name: 'nelumbo --version', ms: await timed(() => start(['--version'])) },
      { name: 'nelumbo --help', ms: await timed(() => start(['--help'])) },
      { name: 'nelumbo chain head', ms: await timed(() => start(['chain', 'head'], url)) },
    ]
  } finally {
    await stop()
  }
}
