// Imports of files that are damaged, cut off, of another network, or no chain at all: one sentence, an exit code, and a repo
// into which the right file goes afterwards.

import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { decodeBlock } from '../../src/types/block.ts'
import { carSections } from '../kit/car-sections.ts'
import { type DaemonProcess, runDaemon, temporaryFolder } from '../kit/daemon.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(600_000)

const HEAD = 'bafy2bzacedsm6mfbexsnpsw6djb4tw5jarg5w7g4aajdnalqe3ugqyzfgit6e'

t.test('files that are no whole chain', async (t) => {
  const chain = sharedData(t, 'chains', 'lotus-devnet-proofs')
  const other = sharedData(t, 'chains', 'lotus-devnet')
  if (chain === undefined || other === undefined) return
  const folder = temporaryFolder(t)
  const repo = join(folder, 'repo')
  const packed = readFileSync(join(chain, 'snapshot.car.zst'))
  const car = zstdDecompressSync(packed)
  const sections = carSections(car)
  const file = (name: string, data: Uint8Array): string => {
    const path = join(folder, name)
    writeFileSync(path, data)
    return path
  }
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
    const out = Uint8Array.from(bytes)
    out[at] = (out[at] as number) ^ 1
    return out
  }
  const without = (i: number): Uint8Array => {
    const s = sections[i]
    if (s === undefined) throw new Error('the snapshot has no such block')
    return Buffer.concat([car.subarray(0, s.start), car.subarray(s.end)])
  }
  const headers = new Map(
    sections.flatMap(({ cid, data }) => {
      try {
        return [[cid.toString(), decodeBlock(data)] as const]
      } catch {
        return []
      }
    }),
  )
  const indexOf = (cid: string): number => sections.findIndex((s) => s.cid.toString() === cid)
  const head = headers.get(HEAD)
  const old = [...headers].find(([, h]) => h.height === 400 || h.height === 200)?.[0]
  if (head === undefined || old === undefined) throw new Error('the snapshot is not what it was')

  const damaged: readonly (readonly [string, string, RegExp])[] = [
    ['a bit in the middle', file('middle.car', flipped(car, car.length >> 1)), /do not match its CID/],
    ['a bit near the end', file('end.car', flipped(car, car.length - 50)), /do not match its CID/],
    ['a bit of the root', file('root.car', flipped(car, 50)), /lacks block|not in the store|no CAR file/],
    ['the first bit', file('first.car', flipped(car, 0)), /no CAR file/],
    ['a bit of the compressed file', file('packed.car.zst', flipped(packed, packed.length >> 1)), /compressed|do not match/],
    ['half of it', file('half.car', car.subarray(0, car.length >> 1)), /ends too early/],
    ['half of the compressed file', file('half.car.zst', packed.subarray(0, packed.length >> 1)), /ends too early/],
    ['twenty bytes', file('twenty.car', car.subarray(0, 20)), /ends too early/],
    ['nothing', file('empty.car', new Uint8Array(0)), /empty/],
    ['text', file('text.car', Buffer.from('not a chain\n'.repeat(500))), /no CAR file/],
    ['no header at some height', file('header.car', without(indexOf(old))), /lacks block .* does not reach the genesis/],
    ['no messages of the head', file('messages.car', without(indexOf(head.messages.toString()))), /lacks block/],
    ['no root of the state', file('state.car', without(indexOf(head.parentStateRoot.toString()))), /lacks|not in the store/],
    ['a chain of another network', join(other, 'snapshot.car.zst'), /another network/],
    ['a folder', folder, /is not a file/],
  ]
  const refused = (t: Test, daemon: DaemonProcess, why: RegExp, what: string): void => {
    t.equal(daemon.ended?.code, 1, `${what}: exit code`)
    t.equal(daemon.stdout, '', `${what}: no outcome`)
    t.equal(daemon.errors.length, 1, `${what}: one sentence`)
    t.match(daemon.errors[0], why)
    t.notMatch(daemon.stderr, /^\s+at /m, `${what}: no stack`)
  }
  for (const [i, [what, path, why]] of damaged.entries()) {
    // What a failed import leaves behind would fill the gaps of the next one.
    const repo = /^no /.test(what) ? join(folder, `repo${i}`) : join(folder, 'repo')
    refused(t, await runDaemon(t, { repo, chain, args: ['--halt-after-import', '--import-snapshot', path] }), why, what)
  }
  // The same checks stand before an execution.
  refused(
    t,
    await runDaemon(t, { repo, chain, args: ['--halt-after-import', '--import-chain', join(folder, 'middle.car')] }),
    /do not match its CID/,
    'an execution',
  )
  const missing = await runDaemon(t, { repo, chain, args: ['--import-snapshot', join(folder, 'none.car')] })
  t.equal(missing.ended?.code, 2)
  t.match(missing.errors, [/there is no such file/])

  const url = await serve(t, packed)
  refused(
    t,
    await runDaemon(t, { repo, chain, args: ['--halt-after-import', '--import-snapshot', `${url}/none`] }),
    /404/,
    'a URL without a file',
  )

  const right = await runDaemon(t, {
    repo,
    chain,
    args: ['--halt-after-import', '--import-snapshot', `${url}/snapshot.car.zst`],
  })
  t.same(right.ended, { code: 0, signal: null }, right.stderr)
  t.match(right.lastLine, new RegExp(`^imported in .* s, head 787 ${HEAD}$`), 'the repo takes the right file, from a URL')
})

t.test('a chain without some messages is refused when it is executed', async (t) => {
  const chain = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (chain === undefined) return
  const folder = temporaryFolder(t)
  const car = zstdDecompressSync(readFileSync(join(chain, 'chain.car.zst')))
  const sections = carSections(car)
  const roots = sections.flatMap(({ data }) => {
    try {
      const { height, messages } = decodeBlock(data)
      return [{ height, root: messages.toString() }]
    } catch {
      return []
    }
  })
  // Most blocks have no messages, and all of those the same root.
  const [first] = roots
    .filter(({ root }) => roots.filter((r) => r.root === root).length === 1)
    .sort((a, b) => a.height - b.height)
  const messages = sections.find((s) => s.cid.toString() === first?.root)
  if (first === undefined || messages === undefined) throw new Error('the chain is not what it was')
  // Messages are not needed to follow the headers: only the execution misses them.
  const cut = join(folder, 'cut.car')
  writeFileSync(cut, Buffer.concat([car.subarray(0, messages.start), car.subarray(messages.end)]))
  const daemon = await runDaemon(t, { repo: join(folder, 'repo'), chain, args: ['--halt-after-import', '--import-chain', cut] })
  t.equal(daemon.ended?.code, 1)
  t.equal(daemon.errors.length, 1)
  t.match(daemon.errors[0], new RegExp(first.root))
})

/** Serves one file at /snapshot.car.zst. */
async function serve(t: Test, body: Uint8Array): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url !== '/snapshot.car.zst') {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'Content-Length': body.length }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
