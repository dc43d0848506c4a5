// Keys in a real node: what a restart, a kill and a look into its memory and its log bring to light.

import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Keystore } from '../../src/store/keystore.ts'
import { Repo } from '../../src/store/repo.ts'
import { Key } from '../../src/wallet/key.ts'
import { runCli } from '../kit/cli.ts'
import { startDaemon, temporaryFolder } from '../kit/daemon.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(180_000)

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Whether a heap snapshot is written to its last bracket. */
function isWhole(path: string): boolean {
  const { size } = statSync(path)
  const end = Buffer.alloc(2)
  const file = openSync(path, 'r')
  readSync(file, end, 0, 2, Math.max(0, size - 2))
  closeSync(file)
  return end.toString().trim().endsWith('}')
}

t.test('keys stay where they are', async (t) => {
  const chain = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (chain === undefined) return
  const folder = temporaryFolder(t)
  const repo = join(folder, 'repo')
  const dumps = join(folder, 'dumps')
  mkdirSync(dumps)
  await Repo.open(repo, { create: true, defaultConfig: '[Chainstore]\nEnableSplitstore = false\n' })
  // Keys that this test knows without the node ever having been asked for them.
  const keystore = new Keystore(join(repo, 'keystore'), repo)
  const secrets = [randomBytes(32), randomBytes(32)]
  const keys = secrets.map((privateKey) => Key.from({ type: 'secp256k1', privateKey }))
  const [inUse, deleted] = keys.map(({ address }) => address.toString('t')) as [string, string]
  for (const key of keys) await keystore.put(`wallet-${key.address.toString('t')}`, key.info())
  const options = {
    repo,
    chain,
    args: ['--genesis', join(chain, 'genesis.car.zst')],
    env: { NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${dumps}` },
  }
  const start = () => startDaemon(t, options)
  const forms = (secret: Buffer) => [secret.toString('base64'), secret.toString('hex'), secret.toString('latin1')]

  let daemon = await start()
  const data = base64('some bytes')
  const { result: signature } = await daemon.call('WalletSign', [inUse, data])
  t.match(signature, { Type: 1 })
  await daemon.call('WalletSign', [deleted, data])
  await daemon.call('WalletDelete', [deleted])
  t.match(await daemon.call('WalletExport', [inUse], { token: null }), { error: { message: /need 'admin'/ } })
  daemon.process.signal('SIGUSR2')
  const heap = await daemon.process.until(() => {
    const [file] = readdirSync(dumps)
    return file !== undefined && isWhole(join(dumps, file)) ? readFileSync(join(dumps, file)) : undefined
  }, 'a heap snapshot')
  t.ok(heap.includes('Filecoin.WalletSign'), 'the memory of the thread that signs')
  for (const secret of secrets) for (const form of forms(secret)) t.notOk(heap.includes(form), 'the key is not')

  t.match(await daemon.call('SetPassword', [base64('correct horse')]), { result: null })
  await daemon.process.kill9()
  const files = readdirSync(join(repo, 'keystore')).map((file) => readFileSync(join(repo, 'keystore', file)))
  for (const secret of secrets)
    for (const form of forms(secret))
      t.notOk(
        files.some((file) => file.includes(form)),
        'no file holds it in the clear',
      )

  daemon = await start()
  t.match(await daemon.call('WalletSign', [inUse, data]), { error: { message: /the wallet is locked/ } })
  const env = { FULLNODE_API_INFO: `${daemon.token}:${daemon.multiaddr}` }
  t.match(await runCli(['wallet', 'unlock'], { env, input: 'battery staple' }), {
    code: 1,
    stderr: 'ERROR: the passphrase is wrong\n',
  })
  t.match(await runCli(['wallet', 'unlock'], { env, input: 'correct horse\n' }), { code: 0, stderr: '' })
  t.same((await daemon.call('WalletSign', [inUse, data])).result, signature)
  t.match(daemon.process.stderr, /the wallet is locked: nothing is signed until nelumbo wallet unlock/)
  const log = daemon.process.stderr + daemon.process.stdout
  for (const secret of secrets) for (const form of forms(secret)) t.notOk(log.includes(form), 'nor does the log')
  for (const word of ['correct horse', base64('correct horse'), 'battery', daemon.token])
    t.notOk(log.includes(word), 'nor a passphrase or a token')
  await daemon.process.stop()
})
