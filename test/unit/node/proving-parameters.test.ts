// How a miner gets the parameters it proves with: it fetches published ones, a cut transfer going on where it was, finds those of a
// private network where the full node says they are, and says what to do where they cannot be had.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { paramsOf } from '../../../src/miner/mining-params.ts'
import { devnetParameterSeed } from '../../../src/miner/parameters/insecure.ts'
import { formatParameterList, type ParameterFile } from '../../../src/miner/parameters/list.ts'
import { parameterDigest, parameterNames } from '../../../src/native/parameters.ts'
import { devnet } from '../../../src/networks/devnet.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import { useProvingParameters } from '../../../src/node/proving-parameters.ts'
import { temporaryFolder } from '../../kit/daemon.ts'

configureLogging({ level: 'fatal', format: 'plain', write: () => {} })

const size = 2048
const { signal } = new AbortController()
const names = (['winning', 'window'] as const).flatMap((circuit) => {
  const { params, vk } = parameterNames(circuit, size)
  return [params, vk]
})
const bytesOf = (name: string): Buffer => createHash('sha512').update(name).digest()

t.test('published parameters are fetched, and compared with their digests', async (t) => {
  const root = temporaryFolder(t)
  const folder = join(root, 'cache')
  const made = join(root, 'made')
  mkdirSync(made)
  mkdirSync(folder)
  const published: ParameterFile[] = []
  for (const name of [...names, 'stacked-of-a-seal.params']) {
    writeFileSync(join(made, name), bytesOf(name))
    published.push({ name, cid: `cid${published.length}`, digest: await parameterDigest(join(made, name)), sectorSize: size })
  }
  const asked: string[] = []
  let refuse = true
  const server = createServer((request, response) => {
    const file = published.find(({ cid }) => request.url === `/ipfs/${cid}`)
    asked.push(`${file?.name} ${request.headers.range ?? ''}`)
    if (file === undefined || refuse) return void response.writeHead(404).end()
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const whole = bytesOf(file.name)
    const headers = { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` }
    response.writeHead(from === 0 ? 200 : 206, from === 0 ? {} : headers).end(whole.subarray(from))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const gateways = [`http://127.0.0.1:${(server.address() as AddressInfo).port}/ipfs/`]
  const use = () =>
    useProvingParameters({ network: undefined, configured: folder, told: null }, [size], {
      trust: false,
      cacheDir: root,
      gateways,
      published,
      signal,
    })

  await t.rejects(use(), {
    code: 'PARAMETER_DOWNLOAD',
    message: /^Nothing can be proven without the proof parameters: .* could not be fetched/,
    hint: /copy the files into .*cache, name another gateway in IPFS_GATEWAY, or switch proving off/,
  })
  refuse = false
  // The first file was half here when the last process ended.
  writeFileSync(join(folder, `${names[0]}.part`), bytesOf(names[0] as string).subarray(0, 20))
  // The published list of this program would be what a folder without its own is compared with.
  writeFileSync(join(folder, 'parameters.json'), formatParameterList(published.filter((f) => names.includes(f.name))))
  asked.length = 0
  await use()
  t.same(asked.sort(), names.map((name) => `${name} ${name === names[0] ? 'bytes=20-' : ''}`).sort(), 'none of a seal')
  for (const name of names) t.same(readFileSync(join(folder, name)), bytesOf(name))
  asked.length = 0
  await use()
  t.same(asked, [], 'they are there')
  const told = { network: undefined, configured: undefined, told: { folder, seed: '' } }
  await useProvingParameters(told, [size], { trust: false, cacheDir: root, gateways, published, signal })
  t.same(asked, [], 'as they are for a miner that the full node tells of the folder')
  writeFileSync(join(folder, names[0] as string), 'damaged')
  await t.rejects(use(), { code: 'PARAMETER_DIGEST', fields: { name: names[0] } })
})

t.test('the full node tells of the parameters of its network', async (t) => {
  const root = temporaryFolder(t)
  t.equal(paramsOf(mainnet, 0n).parameters, null)
  t.equal(paramsOf({ ...devnet, proofs: 'fake', proofParameters: root }, 0n).parameters, null)
  t.same(paramsOf({ ...devnet, proofParameters: root }, 0n).parameters, { folder: root, seed: '' })
  writeFileSync(join(root, 'INSECURE'), '')
  t.same(paramsOf({ ...devnet, proofParameters: root }, 0n).parameters, {
    folder: root,
    seed: Buffer.from(devnetParameterSeed).toString('hex'),
  })
  const told = { folder: join(root, 'elsewhere'), seed: '' }
  const use = useProvingParameters({ network: undefined, configured: undefined, told }, [size], {
    trust: false,
    cacheDir: root,
    signal,
  })
  await t.rejects(use, {
    code: 'PARAMETER_MISSING',
    message: /in .*elsewhere on the full node's host, which is not here/,
    hint: /set FIL_PROOFS_PARAMETER_CACHE to it, or start with --network-file/,
  })
  t.notOk(existsSync(told.folder))
})
