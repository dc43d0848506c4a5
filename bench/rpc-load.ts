// A running node under a mix of the questions that Lotus was asked: rate, waiting times, and what becomes of its memory.
//
//   NODE_PID=<the node's> bin/run-node bench/rpc-load.ts REPO [seconds [callers [chain]]]
//
// Prints a line every ten seconds. `probe` is the waiting time of the cheapest call, asked beside the others: how long the
// node's main thread was busy with something else.

import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'

const [repo, seconds = '180', callers = '16', chain = 'lotus-devnet-proofs'] = process.argv.slice(2)
if (repo === undefined) {
  console.error('type: bin/run-node bench/rpc-load.ts REPO [seconds [callers [chain]]]')
  process.exit(2)
}
const port = readFileSync(join(repo, 'api'), 'utf8').split('/')[4]
const token = readFileSync(join(repo, 'token'), 'utf8').trim()
const data = new URL(`../../shared/data/chains/${chain}/rpc-answers.ndjson.zst`, import.meta.url)
const calls = zstdDecompressSync(readFileSync(data))
  .toString('utf8')
  .split('\n')
  .filter((line) => line !== '' && !/"(eth_|net_|web3_|trace_|Filecoin\.Eth)/.test(line))
  .map((line) => JSON.parse(line) as { path: string; method: string; params: unknown[] })
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

function post(path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        port,
        path,
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (c: Buffer) => chunks.push(c))
        response.on('error', reject)
        response.on('end', () => resolve(Buffer.concat(chunks).toString()))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

const call = (method: string, params: readonly unknown[], path = '/rpc/v1'): Promise<string> =>
  post(path, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))

function share(sorted: readonly number[], part: number): string {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  return value === undefined ? '-' : value.toFixed(1)
}

const pid = process.env.NODE_PID
const end = performance.now() + Number(seconds) * 1000
let times: number[] = []
let probes: number[] = []
let failures = 0
let next = 0

async function caller(): Promise<void> {
  while (performance.now() < end) {
    const { method, params, path } = calls[next++ % calls.length] as (typeof calls)[number]
    const from = performance.now()
    const text = await call(method, params, path)
    times.push(performance.now() - from)
    if (text.includes('"error"')) failures++
  }
}

async function probe(): Promise<void> {
  while (performance.now() < end) {
    const from = performance.now()
    await call('Filecoin.Version', [])
    probes.push(performance.now() - from)
    await sleep(50)
  }
}

function residentMiB(): string {
  if (pid === undefined) return 'set NODE_PID to see it'
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return `${Math.round(Number(kib) / 1024)} MiB`
}

async function report(): Promise<void> {
  const period = 10
  while (performance.now() < end) {
    await sleep(Math.min(period * 1000, Math.max(1, end - performance.now())))
    const [t, p] = [times.sort((a, b) => a - b), probes.sort((a, b) => a - b)]
    times = []
    probes = []
    console.log(
      `${Math.round(t.length / period)} calls/s, median ${share(t, 0.5)} ms, 99% ${share(t, 0.99)} ms, longest ${share(t, 1)} ms; ` +
        `probe 99% ${share(p, 0.99)} ms, longest ${share(p, 1)} ms; refused ${failures}; memory ${residentMiB()}`,
    )
  }
}

await Promise.all([probe(), report(), ...Array.from({ length: Number(callers) }, caller)])
agent.destroy()
