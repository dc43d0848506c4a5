// A node that is killed between signing and sending neither loses a nonce nor uses one twice, and what it took over is sent
// after the restart. NELUMBO_KILLS sets how often (100 in the soak).

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { seeded } from '../../kit/mpool.ts'

t.setTimeout(300_000)

const KILLS = Number(process.env.NELUMBO_KILLS ?? 20)
const script = fileURLToPath(new URL('../../kit/nonce-sender.ts', import.meta.url))

t.test(`${KILLS} kills`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'nonces-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const random = seeded(5)
  const acknowledged = new Map<string, string>()
  for (let kill = 0; kill < KILLS; kill++) {
    const moment = (['signed', 'published', 'sent'] as const)[kill % 3] as string
    const which = 1 + Math.floor(random() * 4)
    for (const line of await runUntil(folder, moment, which)) {
      const [, nonce, cid] = /^sent (\d+) (\S+)$/.exec(line) ?? []
      if (nonce !== undefined && cid !== undefined) {
        t.notOk(acknowledged.has(nonce), `nonce ${nonce} is given once`)
        acknowledged.set(nonce, cid)
      }
    }
  }
  const kept = new Map<string, string>()
  for (const line of await runToEnd(folder)) {
    const [, nonce, cid] = /^back (\d+) (\S+)$/.exec(line) ?? []
    if (nonce !== undefined && cid !== undefined) kept.set(nonce, cid)
  }
  const shown = new Map<string, Set<string>>()
  for (const line of readFileSync(join(folder, 'published'), 'utf8').trim().split('\n')) {
    const [nonce, cid] = line.split(' ') as [string, string]
    shown.set(nonce, (shown.get(nonce) ?? new Set()).add(cid))
  }
  t.ok(
    [...shown.values()].every((cids) => cids.size === 1),
    'no two messages of one nonce were shown to the network',
  )
  for (const [nonce, cids] of shown) t.equal(kept.get(nonce), [...cids][0], `${nonce}: what was shown is still there`)
  for (const [nonce, cid] of acknowledged) t.equal(kept.get(nonce), cid, `${nonce}: what a client was told is there`)
  const numbers = [...kept.keys()].map(Number).sort((a, b) => a - b)
  t.same(numbers, [...numbers.keys()], `${numbers.length} nonces without a gap`)
  t.ok(numbers.length >= KILLS / 2)
})

/** Lets the program run until it has said a word for the n-th time, kills it, and returns what it said. */
function runUntil(folder: string, word: string, times: number): Promise<string[]> {
  const child = start([folder])
  const lines: string[] = []
  let left = times
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    lines.push(line)
    if (line.startsWith(word) && --left === 0) child.kill('SIGKILL')
  })
  return ended(child).then(() => lines)
}

function runToEnd(folder: string): Promise<string[]> {
  const child = start([folder, 'look'])
  const lines: string[] = []
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(line))
  return ended(child).then(() => lines)
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
}
