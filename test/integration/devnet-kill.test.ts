// The making of a devnet, and its running, ended by kill -9: the next start makes what is missing or goes on.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { temporaryFolder } from '../kit/daemon.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(900_000)

const launcher = fileURLToPath(new URL('../../bin/nelumbo', import.meta.url))

class DevnetProcess {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  output = ''
  #look: () => void = () => {}

  constructor(t: Test, home: string, bundles: string) {
    const { PATH = '' } = process.env
    const args = ['devnet', '--fake-proofs', '--block-delay', '1', '--api', '0', '--bundles', bundles]
    this.child = spawn(launcher, args, { env: { PATH, HOME: home, TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data) => {
        this.output += data
        this.#look()
      })
    }
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        resolve({ code, signal })
        this.#look()
      })
    })
    t.teardown(() => this.child.kill('SIGKILL'))
  }

  /** Settles when the text was printed. */
  printed(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (this.output.includes(text)) resolve()
        else if (this.child.exitCode !== null) reject(new Error(`ended without printing "${text}": ${this.output}`))
      }
      this.#look()
    })
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }
}

t.test('killed while it is made, while it begins, and while it runs', async (t) => {
  const bundles = sharedData(t, 'actors')
  if (bundles === undefined) return
  const home = temporaryFolder(t)
  const description = join(home, '.nelumbo-devnet', 'devnet.json')
  const begin = () => new DevnetProcess(t, home, bundles)

  for (const point of ['sealing sectors, 0 of 2', 'sealing sectors, 2 of 2', 'making the genesis block']) {
    const devnet = begin()
    await devnet.printed(point)
    t.match(devnet.output, /^making a new devnet in /)
    await devnet.kill()
    t.notOk(existsSync(description), 'what is unfinished is no devnet')
  }

  const first = begin()
  await first.printed('is running')
  t.match(first.output, /^making a new devnet in /)
  const made = JSON.parse(await readFile(description, 'utf8')) as { name: string }
  await first.printed('Ctrl-C stops it')
  await first.kill()

  const second = begin()
  await second.printed('Ctrl-C stops it')
  t.match(second.output, /^going on with the devnet in /)
  t.match(second.output, new RegExp(`the devnet ${made.name} is running`))

  const third = begin()
  t.match(await third.ended, { code: 1 })
  t.match(third.output, new RegExp(`in use by the process with pid ${second.child.pid}`))

  second.child.kill('SIGTERM')
  t.same(await second.ended, { code: 0, signal: null })
})
