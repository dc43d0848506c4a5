// A node that was started from a snapshot: its WebSocket streams, its command line, and the snapshots that it gives in turn.

import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { readCar } from '../kit/car.ts'
import { runCli } from '../kit/cli.ts'
import { type RunningDaemon, runDaemon, startDaemon, temporaryFolder } from '../kit/daemon.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(600_000)

const HEAD = 'bafy2bzacedsm6mfbexsnpsw6djb4tw5jarg5w7g4aajdnalqe3ugqyzfgit6e'
const HEIGHT = 787

interface Frame {
  readonly id?: number
  readonly method?: string
  readonly result?: unknown
  readonly params?: readonly [number, unknown?]
  readonly error?: { readonly code: number; readonly message: string }
}

/** A WebSocket whose messages are taken one by one. */
class Frames {
  readonly #socket: WebSocket
  readonly #queue: Frame[] = []
  #wake: (() => void) | undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => {
      this.#queue.push(JSON.parse(String(data)))
      this.#wake?.()
    })
  }

  static async open(daemon: RunningDaemon): Promise<Frames> {
    const socket = new WebSocket(`${daemon.url.replace('http', 'ws')}/rpc/v1`, {
      headers: { Authorization: `Bearer ${daemon.token}` },
    })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return new Frames(socket)
  }

  send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame))
  }

  async next(): Promise<Frame> {
    while (this.#queue.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.#queue.shift() as Frame
  }

  close(): void {
    this.#socket.terminate()
  }
}

function cidsOf(path: string): { roots: string[]; cids: string[] } {
  const { roots, store } = readCar(path)
  return { roots: roots.map(String), cids: Array.from(store.blocks(), (b) => b.cid.toString()).sort() }
}

t.test('a node from a snapshot', async (t) => {
  const chain = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (chain === undefined) return
  const folder = temporaryFolder(t)
  const daemon = await startDaemon(t, {
    repo: join(folder, 'repo'),
    chain,
    args: ['--import-snapshot', join(chain, 'snapshot.car.zst')],
  })
  const cli = (...args: string[]) => runCli(['--repo', daemon.process.repo, ...args])
  await daemon.process.until(() => (daemon.process.lastLine === '' ? undefined : true), 'its line about the import')
  t.match(daemon.process.lastLine, new RegExp(`^imported in \\d+\\.\\d s, head ${HEIGHT} ${HEAD}$`))

  await t.test('ChainNotify begins with the head and ends by xrpc.cancel', async (t) => {
    const frames = await Frames.open(daemon)
    frames.send({ jsonrpc: '2.0', id: 7, method: 'Filecoin.ChainNotify', params: [] })
    const { id, result: channel } = await frames.next()
    t.equal(id, 7)
    t.type(channel, 'number')
    const first = await frames.next()
    t.equal(first.method, 'xrpc.ch.val')
    t.match(first.params, [channel, [{ Type: 'current', Val: { Height: HEIGHT, Cids: [{ '/': HEAD }] } }]])
    frames.send({ jsonrpc: '2.0', method: 'xrpc.cancel', params: [7] })
    const last = await frames.next()
    t.match(last, { method: 'xrpc.ch.close', params: [channel] })
    frames.close()
  })

  await t.test('a new head reaches whoever listens', async (t) => {
    const parent = (await daemon.call('ChainHead')) as { result: { Blocks: { Parents: { '/': string }[] }[] } }
    const frames = await Frames.open(daemon)
    frames.send({ jsonrpc: '2.0', id: 1, method: 'Filecoin.ChainNotify', params: [] })
    await frames.next()
    await frames.next()
    const parents = parent.result.Blocks[0]?.Parents
    t.notOk((await daemon.call('ChainSetHead', [parents])).error)
    t.match((await frames.next()).params?.[1], [{ Type: 'revert', Val: { Height: HEIGHT, Cids: [{ '/': HEAD }] } }])
    t.notOk((await daemon.call('ChainSetHead', [[{ '/': HEAD }]])).error)
    t.match((await frames.next()).params?.[1], [{ Type: 'apply', Val: { Height: HEIGHT, Cids: [{ '/': HEAD }] } }])
    frames.close()
  })

  await t.test('rpc.discover describes every version of the API', async (t) => {
    for (const version of ['v0', 'v1', 'v2']) {
      const { result } = (await daemon.call('rpc.discover', [], { path: `/rpc/${version}` })) as {
        result: { openrpc: string; methods: { name: string }[] }
      }
      t.match(result.openrpc, /^1\./)
      t.ok(result.methods.some((m) => m.name === 'Filecoin.ChainHead' || m.name === 'Filecoin.ChainGetTipSet'))
    }
  })

  await t.test('bodies that are no calls are answered, not fatal', async (t) => {
    const parse = JSON.parse((await daemon.post('{')).text)
    t.equal(parse.error.code, -32700)
    t.equal((await daemon.call('NoSuchMethod')).error?.code, -32601)
    t.ok((await daemon.call('StateGetActor', ['nonsense', null])).error)
    t.ok((await daemon.call('ChainGetTipSetByHeight', [1e300, null])).error)
    t.ok((await daemon.call('ChainGetBlock', [{ '/': 'bafy2bzacea' }])).error)
    t.match(await daemon.call('ChainHead'), { result: { Height: HEIGHT } })
  })

  await t.test('the command line asks this node', async (t) => {
    t.equal((await cli('chain', 'head')).stdout.trim(), HEAD)
    t.match((await cli('state', 'list-miners')).stdout, /^t01000\nt01001\n$/)
    t.match((await cli('state', 'get-actor', 't01000')).stdout, /Balance:\s+988\.882722623145851378 FIL/)
    const wrong = await cli('state', 'get-actor', 't0999999')
    t.equal(wrong.code, 1)
    t.match(wrong.stderr, /^ERROR: [^\n]*actor not found[^\n]*\n$/i)
  })

  const whole = join(folder, 'whole.car')
  const old = join(folder, 'without-old-messages.car')
  const headers = join(folder, 'headers.car')
  await t.test('what it exports is what Lotus exports', async (t) => {
    for (const args of [
      ['--recent-stateroots', '900', whole],
      ['--recent-stateroots', '900', '--skip-old-msgs', old],
      [headers],
    ]) {
      t.same(await cli('chain', 'export', ...args), { code: 0, stdout: '', stderr: '' })
    }
    const lotus = cidsOf(join(chain, 'snapshot.car.zst'))
    t.same(lotus.roots, [HEAD])
    t.same(cidsOf(whole), lotus)
    t.same(cidsOf(old), lotus)
    t.same(cidsOf(headers), cidsOf(join(chain, 'chain.car.zst')), 'without states: the chain alone')
    t.match((await cli('chain', 'export', '--recent-stateroots', '899', old)).stderr, /^ERROR: [^\n]+\n$/)
    t.equal((await cli('chain', 'export', '--skip-old-msgs', old)).code, 2)
  })

  const asked: readonly (readonly [string, readonly unknown[]])[] = [
    ['ChainHead', []],
    ['ChainGetGenesis', []],
    ['StateMinerInfo', ['t01000', null]],
    ['StateReadState', ['t04', null]],
    ['StateVMCirculatingSupplyInternal', [null]],
    ['StateListActors', [null]],
  ]
  const answers = await Promise.all(asked.map(([method, params]) => daemon.call(method, params)))
  t.notOk(answers.find((a) => a.error !== undefined))
  t.equal((await cli('daemon', 'stop')).code, 0)
  t.same(await daemon.process.exited, { code: 0, signal: null }, 'a client can stop it')

  await t.test('its snapshot makes another node with the same head and state', async (t) => {
    const second = await startDaemon(t, { repo: join(folder, 'second'), chain, args: ['--import-snapshot', whole] })
    t.same(await Promise.all(asked.map(([method, params]) => second.call(method, params))), answers)
    await second.process.stop()
    const again = await startDaemon(t, { repo: join(folder, 'second'), chain })
    t.match(await again.call('ChainHead'), { result: { Height: HEIGHT, Cids: [{ '/': HEAD }] } }, 'a restart keeps the chain')
    await again.process.stop()
  })

  await t.test('a chain without states is no snapshot to trust', async (t) => {
    const refused = await runDaemon(t, { repo: join(folder, 'third'), chain, args: ['--import-snapshot', headers] })
    t.equal(refused.ended?.code, 1)
    t.match(refused.errors, [/lacks|not in the store/])
    t.equal(refused.errors.length, 1)
  })
})
