import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { blake2b } from '../../../src/native/crypto.ts'
import { runCli } from '../../kit/cli.ts'
import { temporaryFolder } from '../../kit/daemon.ts'

t.setTimeout(120_000)

const contents: Readonly<Record<string, Buffer>> = { QmKey: Buffer.from('a verifying key'), QmParams: Buffer.alloc(100_000, 7) }
const digest = (cid: string) => Buffer.from(blake2b(contents[cid] as Buffer, 64).subarray(0, 16)).toString('hex')
const list = JSON.stringify({
  'v28-a.vk': { cid: 'QmKey', digest: digest('QmKey'), sector_size: 2048 },
  'v28-a.params': { cid: 'QmParams', digest: digest('QmParams'), sector_size: 2048 },
  'v28-b.params': { cid: 'QmOther', digest: digest('QmParams'), sector_size: 8388608 },
})

t.test('fetch-params fetches, checks, mends and says what is wrong', async (t) => {
  const folder = temporaryFolder(t)
  const cache = join(folder, 'parameters')
  const listPath = join(folder, 'list.json')
  writeFileSync(listPath, list)
  let flip = false
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close')
    const bytes = contents[request.url?.slice('/ipfs/'.length) ?? '']
    if (bytes === undefined) response.writeHead(404).end()
    else response.end(flip ? Buffer.concat([Buffer.from([1]), bytes.subarray(1)]) : bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const env = {
    IPFS_GATEWAY: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ipfs/`,
    FIL_PROOFS_PARAMETER_CACHE: cache,
  }
  const run = (...args: string[]) => runCli(['fetch-params', ...args, '--list', listPath], { env })

  t.match(await run('2KiB', '--check'), { code: 1, stderr: /v28-a\.vk are missing.*fetch-params/s })
  const fetched = await run('2KiB')
  t.match(fetched, { code: 0, stdout: `fetched 2 files into ${cache}\n` }, fetched.stderr)
  t.match(fetched.stderr, /fetching v28-a\.params: 97\.66 KiB of 97\.66 KiB/)
  t.match(await run('2048'), { code: 0, stdout: `all proof parameters are in ${cache}\n` })
  t.match(await run('2KiB', '--check'), { code: 0, stdout: `2 files in ${cache} have the right digests\n` })

  const path = join(cache, 'v28-a.params')
  const damaged = readFileSync(path)
  damaged[50_000] = 8
  writeFileSync(path, damaged)
  t.match(await run('2KiB', '--check'), { code: 1, stderr: /v28-a\.params are damaged/ })
  flip = true
  t.match(await run('2KiB'), { code: 1, stderr: /^.*v28-a\.params could not be fetched\. .*sent other bytes/s })
  flip = false
  t.match(await run('2KiB'), { code: 0, stdout: `fetched 1 files into ${cache}\n` })

  t.match(await run('3KiB'), { code: 2, stderr: /there are no sectors of "3KiB"/ })
  t.match(await run('many'), { code: 2, stderr: /is not a size/ })
  t.match(await runCli(['fetch-params', '0', '--list', join(folder, 'none')], { env }), { code: 2, stderr: /no such file/i })
})
