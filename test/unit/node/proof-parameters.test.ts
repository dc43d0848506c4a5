import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatParameterList } from '../../../src/miner/parameters/list.ts'
import { publishedParameters } from '../../../src/miner/parameters/published.ts'
import { checkParametersAtStart } from '../../../src/miner/parameters/startup.ts'
import { parameterDigest, parameterNames } from '../../../src/native/parameters.ts'
import { calibnet } from '../../../src/networks/calibnet.ts'
import { devnet } from '../../../src/networks/devnet.ts'
import { useVerifyingKeys } from '../../../src/node/proof-parameters.ts'
import { useProvingParameters } from '../../../src/node/proving-parameters.ts'

const size = 2048
const { signal } = new AbortController()

/** A folder with files of the right names and made-up bytes, and the list that they agree with. */
async function madeUp(folder: string): Promise<void> {
  const files = []
  for (const circuit of ['winning', 'window'] as const) {
    const { params, vk } = parameterNames(circuit, size)
    for (const name of [params, vk]) {
      writeFileSync(join(folder, name), createHash('sha256').update(name).digest())
      files.push({ name, cid: '', digest: await parameterDigest(join(folder, name)), sectorSize: size })
    }
  }
  writeFileSync(join(folder, 'parameters.json'), formatParameterList(files))
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[7] = (bytes[7] as number) ^ 1
  writeFileSync(path, bytes)
}

t.test("a folder's own list is what its files are compared with", async (t) => {
  const folder = t.testdir()
  await madeUp(folder)
  const check = (args = {}) => checkParametersAtStart({ folder, published: false, sectorSizes: [size], ...args })
  t.same(await check(), [])
  t.same(await check({ published: true }), [], 'whatever the network')
  const { params, vk } = parameterNames('window', size)
  flip(join(folder, params))
  await t.rejects(check(), { code: 'PARAMETER_DIGEST', fields: { name: params }, message: /are damaged/ })
  t.same(await check({ trust: true }), [])
  t.same(await check({ sectorSizes: [] }), [], 'nothing is proven here')
  flip(join(folder, params))
  flip(join(folder, vk))
  await t.rejects(check({ trust: true }), { code: 'PARAMETER_DIGEST', fields: { name: vk } })
  await t.rejects(check({ sectorSizes: [8 << 20] }), { code: 'PARAMETER_DIGEST' })
  flip(join(folder, vk))
  await t.rejects(check({ sectorSizes: [8 << 20] }), { code: 'PARAMETER_MISSING' })
  writeFileSync(join(folder, 'parameters.json'), 'x')
  await t.rejects(check(), { code: 'PARAMETER_ARGUMENT', message: /parameters\.json is no list/ })
})

t.test('published verifying keys: missing ones are counted, wrong ones refused by name', async (t) => {
  const folder = t.testdir()
  const keys = publishedParameters.filter(({ name }) => name.endsWith('.vk'))
  t.equal((await checkParametersAtStart({ folder, published: true })).length, keys.length)
  const name = keys[3]?.name as string
  writeFileSync(join(folder, name), 'some other key')
  t.same(await checkParametersAtStart({ folder, published: false }), [], 'a private network may have its own')
  await t.rejects(useVerifyingKeys(calibnet, folder, signal), { code: 'PARAMETER_DIGEST', message: new RegExp(name) })
  await useVerifyingKeys({ ...devnet, proofs: 'fake' }, folder, signal)
  await useVerifyingKeys(devnet, folder, signal)

  // A process has one folder, so the miner's part is tried with the same one.
  const miner = (sectorSizes: readonly number[]) =>
    useProvingParameters({ network: undefined, configured: folder, told: null }, sectorSizes, {
      trust: false,
      cacheDir: folder,
      published: [],
      signal,
    })
  await t.rejects(miner([size]), { code: 'PARAMETER_MISSING', message: /nobody publishes them/ })
  await t.rejects(miner([32 * 2 ** 30]), { code: 'PARAMETER_DIGEST' })
  await t.rejects(useVerifyingKeys(devnet, '/elsewhere', signal), { code: 'NATIVE_PROOF', message: /only one directory/ })
})
