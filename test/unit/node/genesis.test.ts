import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { calibnet } from '../../../src/networks/calibnet.ts'
import { devnet } from '../../../src/networks/devnet.ts'
import type { Network } from '../../../src/networks/types.ts'
import { ensureGenesis } from '../../../src/node/genesis.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { MetadataStore } from '../../../src/store/metadata.ts'
import { temporaryFolder } from '../../kit/daemon.ts'
import { sharedData } from '../../kit/shared-data.ts'

async function emptyChain(t: Test) {
  const path = temporaryFolder(t)
  const store = new MemoryBlockstore()
  const metadata = await MetadataStore.open(join(path, 'metadata'))
  const chain = await ChainStore.open({ store, metadata, reader: new ChainReader(store) })
  t.teardown(async () => {
    await chain.close()
    await metadata.close()
  })
  return { store, chain, repo: { path } }
}

/** A network whose genesis is fetched from a server that has these files. */
async function served(t: Test, files: Readonly<Record<string, Uint8Array>>, names: readonly string[]): Promise<Network> {
  const server = createServer((request, response) => {
    const body = files[(request.url ?? '').slice(1)]
    if (body === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'Content-Length': body.length }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { ...calibnet, genesisUrls: names.map((name) => `http://127.0.0.1:${port}/${name}`) }
}

t.test("a public network's genesis is fetched and checked", async (t) => {
  const right = sharedData(t, 'genesis', 'calibnet.car.zst')
  const other = sharedData(t, 'genesis', 'mainnet.car.zst')
  if (right === undefined || other === undefined) return
  const files = { right: readFileSync(right), other: readFileSync(other), broken: Buffer.from('broken') }

  const c = await emptyChain(t)
  await ensureGenesis(c, await served(t, files, ['missing', 'right']), { download: true })
  t.equal(c.chain.genesis?.cids[0]?.toString(), calibnet.genesisCid?.toString(), 'the second address has it')
  t.equal(c.chain.head?.height, 0)
  t.notOk(
    readdirSync(c.repo.path).some((name) => name.includes('genesis')),
    'no file stays behind',
  )
  await ensureGenesis(c, { ...calibnet, genesisUrls: [] }, { download: true })
  const elsewhere = { ...devnet, genesisCid: c.chain.genesis?.first.parentStateRoot } as Network
  await t.rejects(ensureGenesis(c, elsewhere, { download: false }), { code: 'NODE_GENESIS', message: /the repo holds a chain/ })

  const none = await emptyChain(t)
  await ensureGenesis(none, await served(t, files, ['missing']), { download: true })
  t.equal(none.chain.genesis, undefined, 'without an answer the chain stays empty')
  await ensureGenesis(none, await served(t, files, ['right']), { download: false })
  t.equal(none.chain.genesis, undefined, 'nothing is fetched where an import follows')
  for (const name of ['other', 'broken']) {
    await t.rejects(ensureGenesis(none, await served(t, files, [name]), { download: true }), { code: 'NODE_GENESIS' })
    t.equal(none.chain.genesis, undefined, name)
  }
})

t.test('a file that is no genesis is refused', async (t) => {
  const snapshot = sharedData(t, 'chains', 'lotus-devnet-proofs', 'chain.car.zst')
  if (snapshot === undefined) return
  const c = await emptyChain(t)
  const file = join(c.repo.path, 'damaged.car.zst')
  writeFileSync(file, readFileSync(snapshot).subarray(0, 1000))
  const refused = (path: string, message: RegExp) =>
    t.rejects(ensureGenesis(c, devnet, { path, download: false }), { code: 'NODE_GENESIS', message })
  await refused(snapshot, /its block has height 787; use --import-chain/)
  await refused(file, /cannot be decompressed/)
  await refused(join(c.repo.path, 'none.car'), /cannot be read/)
  t.equal(c.chain.genesis, undefined)
})
