import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { StateTree } from '../../../../src/actors/state-tree.ts'
import { parseKeyFile, parsePreSeal, parseTemplate } from '../../../../src/genesis/template.ts'
import { loadNetworkFile } from '../../../../src/networks/network-file.ts'
import { readDescription } from '../../../../src/node/devnet/description.ts'
import { devnetLayout } from '../../../../src/node/devnet/layout.ts'
import { type DevnetOptions, makeDevnet } from '../../../../src/node/devnet/make.ts'
import { removeDevnet } from '../../../../src/node/devnet/remove.ts'
import { MemoryBlockstore } from '../../../../src/store/blockstore.ts'
import { readCarBytes } from '../../../../src/store/car/memory.ts'
import { decodeBlock } from '../../../../src/types/block.ts'
import { temporaryFolder } from '../../../kit/daemon.ts'
import { sharedData } from '../../../kit/shared-data.ts'

t.setTimeout(120_000)

function options(folder: string, change: Partial<DevnetOptions> = {}): DevnetOptions {
  return {
    folder,
    cacheDir: join(folder, '..', 'cache'),
    miners: 1,
    sectors: 2,
    blockDelaySecs: 3,
    proofs: 'fake',
    bundleFolders: [],
    signal: new AbortController().signal,
    onStep: () => {},
    ...change,
  }
}

t.test('a devnet of two miners, made again after an end in the middle, and removed', async (t) => {
  const bundles = sharedData(t, 'actors')
  if (bundles === undefined) return
  const folder = join(temporaryFolder(t), 'devnet')
  const layout = devnetLayout(folder)

  const stop = new AbortController()
  const steps: string[] = []
  const interrupted = makeDevnet(
    options(folder, {
      bundleFolders: [bundles],
      miners: 2,
      signal: stop.signal,
      onStep: (s) => {
        steps.push(s.step)
        if (s.step === 'sealing' && s.done === 3) stop.abort(new Error('enough'))
      },
    }),
  )
  await t.rejects(interrupted, /enough/)
  t.same([...new Set(steps)], ['sealing'])
  await t.rejects(readDescription(layout), { code: 'DEVNET_NONE' }, 'half a devnet is none')

  const made = await makeDevnet(options(folder, { bundleFolders: [bundles], miners: 2 }))
  t.same(await readDescription(layout), made)
  t.same(made.miners, ['t01000', 't01001'])
  const network = await loadNetworkFile(layout.network)
  t.match(network, { name: made.name, proofs: 'fake', bundle: 'testing-fake-proofs', blockDelaySecs: 3, propagationDelaySecs: 1 })
  t.equal(network.drand[0]?.info?.period, 3)
  t.equal(network.drand[0]?.info?.genesisTime, network.genesisTimestamp)

  const { roots, blocks } = readCarBytes(await readFile(layout.genesis))
  t.equal(roots[0]?.toString(), network.genesisCid?.toString())
  const store = new MemoryBlockstore()
  await store.putMany(blocks)
  const tree = StateTree.load(store, decodeBlock(store.get(roots[0] as never) as Uint8Array).parentStateRoot)
  t.equal(tree.mustGetActor(100n).balance, 500_000_000n * 10n ** 18n, 'the faucet is the first account')
  const template = parseTemplate(await readFile(layout.template, 'utf8'))
  for (const [i, name] of made.miners.entries()) {
    const sectors = layout.sectors(name)
    const described = parsePreSeal(await readFile(join(sectors, `pre-seal-${name}.json`), 'utf8')).get(name)
    t.same(described, template.miners[i])
    t.equal(described?.sectors.length, 2)
    t.same(
      parseKeyFile(await readFile(join(sectors, `pre-seal-${name}.key`), 'utf8'), 'key'),
      described?.sectors[0]?.dealClientKey,
    )
    for (const kind of ['sealed', 'cache']) t.same((await readdir(join(sectors, kind))).sort(), [`s-${name}-0`, `s-${name}-1`])
  }

  await removeDevnet(layout)
  t.notOk(existsSync(layout.network))
  await t.rejects(readDescription(layout), { code: 'DEVNET_NONE' })
  await rm(folder, { recursive: true })
  await t.rejects(removeDevnet(layout), { code: 'DEVNET_NONE' })
})

t.test('wishes and folders that are refused', async (t) => {
  const folder = temporaryFolder(t)
  for (const [change, message] of [
    [{ miners: 0 }, /number of miners must be 1 to 50, not 0/],
    [{ miners: 51 }, /1 to 50, not 51/],
    [{ sectors: 97 }, /number of sectors of a miner must be 1 to 96/],
    [{ blockDelaySecs: 3601 }, /block delay in seconds must be 1 to 3600/],
  ] as const) {
    await t.rejects(makeDevnet(options(folder, change)), { code: 'DEVNET_OPTIONS', message })
  }
  await writeFile(join(folder, 'thesis.txt'), 'precious')
  await t.rejects(makeDevnet(options(folder)), { code: 'DEVNET_FOLDER', message: /holds "thesis.txt", which is no part/ })
  await t.rejects(removeDevnet(devnetLayout(folder)), { code: 'DEVNET_FOLDER' })
  t.ok(existsSync(join(folder, 'thesis.txt')))
  await t.rejects(makeDevnet(options(join(folder, 'thesis.txt'))), { code: 'DEVNET_FOLDER', message: /cannot be made/ })
})

t.test('descriptions that are damaged', async (t) => {
  const layout = devnetLayout(temporaryFolder(t))
  const write = async (text: string) => {
    await writeFile(layout.description, text)
    return await readDescription(layout)
  }
  await t.rejects(write('{'), { code: 'DEVNET_FOLDER', message: /is not JSON/ })
  await t.rejects(write('null'), { message: /is no description/ })
  await t.rejects(write('{"version":2}'), { message: /has no right "version"/ })
  await rm(layout.description)
  await mkdir(layout.description)
  await t.rejects(readDescription(layout), { code: 'DEVNET_FOLDER', message: /cannot be read/ })
})
