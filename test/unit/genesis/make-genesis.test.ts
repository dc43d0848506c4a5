import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { test } from 'tap'
import { accountState } from '../../../src/actors/account/view.ts'
import { StateTree } from '../../../src/actors/state-tree.ts'
import { decode } from '../../../src/codec/codec.ts'
import { GenesisError } from '../../../src/genesis/errors.ts'
import { genesisCar, makeGenesis } from '../../../src/genesis/make-genesis.ts'
import { type GenesisTemplate, parseTemplate } from '../../../src/genesis/template.ts'
import { bundleCatalog } from '../../../src/networks/bundles.ts'
import { devnet } from '../../../src/networks/devnet.ts'
import { loadNetworkFile } from '../../../src/networks/network-file.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { BundleStore } from '../../../src/store/bundle-store.ts'
import { readCarBytes } from '../../../src/store/car/memory.ts'
import { Address } from '../../../src/types/address.ts'
import { decodeBlock } from '../../../src/types/block.ts'
import { temporaryFolder } from '../../kit/daemon.ts'
import { sharedData } from '../../kit/shared-data.ts'

const decompress = promisify(zstdDecompress)

const bundles = (folder: string, actors: string) =>
  new BundleStore({ catalog: bundleCatalog(devnet) }, { folder, localFolders: [actors], downloads: false })

test("Lotus's genesis of the same template, block by block", async (t) => {
  const actors = sharedData(t, 'actors')
  const shared = sharedData(t, 'chains/lotus-devnet-proofs')
  if (actors === undefined || shared === undefined) return
  const car = await decompress(await readFile(join(shared, 'genesis.car.zst')))
  const { roots, blocks } = readCarBytes(car)
  const store = new MemoryBlockstore()
  await store.putMany(blocks)
  const header = decodeBlock(store.get(roots[0] as never) as Uint8Array)
  // What Lotus drew at random stands in its genesis.
  const firstVerifier = StateTree.load(store, header.parentStateRoot).mustGetActor(81n)
  const verifier = decode(accountState, store.get(firstVerifier.head) as Uint8Array).address
  const network = await loadNetworkFile(join(shared, 'network.json'))
  const template = parseTemplate(await readFile(join(shared, 'genesis-template.json'), 'utf8'))
  const init = { network, timestamp: Number(header.timestamp), ticket: header.ticket?.vrfProof as Uint8Array, verifier }
  const bundle = await bundles(temporaryFolder(t), actors).load(18)

  const genesis = makeGenesis(template, bundle, init)
  t.equal(genesis.cid.toString(), 'bafy2bzacedwx25otgjzsjvwdmwxrprvklbyx3wrfmygqsx5bcqrdqg6rqqgoq')
  t.equal(Buffer.compare(await genesisCar(genesis), car), 0, 'the CAR file is the same, byte for byte')

  const again = makeGenesis({ ...template, timestamp: 1_700_000_000 }, bundle, init)
  t.equal(again.header.timestamp, 1_700_000_000n, "the template's time counts before the caller's")
  t.ok(again.header.parentStateRoot.equals(header.parentStateRoot))

  const refused = (change: Partial<GenesisTemplate>, message: RegExp): void => {
    t.throws(() => makeGenesis({ ...template, ...change }, bundle, init), { code: 'GENESIS_TEMPLATE', message } as never)
  }
  const [first, second] = template.miners as [(typeof template.miners)[0], (typeof template.miners)[0]]
  const sector = first.sectors[0] as (typeof first.sectors)[0]
  refused({ networkVersion: 21 }, /version 22 or later, not for 21/)
  refused({ networkVersion: 27 }, /version 27 runs actors v17, but the bundle holds v18/)
  refused({ networkVersion: 99 }, /network version 99 is unknown/)
  refused({ miners: [] }, /no miners/)
  refused({ miners: [second, first] }, /miner 0 is t01001, but it will be t01000/)
  refused(
    { miners: [{ ...first, sectors: [{ ...sector, deal: { ...sector.deal, provider: second.id } }] }] },
    /sector 0 of miner 0 has a deal of t01001, but the miner is t01000/,
  )
  refused(
    {
      miners: [
        { ...first, sectors: [{ ...sector, deal: { ...sector.deal, client: Address.fromSecp256k1(new Uint8Array(65)) } }] },
      ],
    },
    /client .* is not among the accounts/,
  )
  refused(
    { miners: [{ ...first, sectors: [{ ...sector, proofType: 8 }] }] },
    /has a seal proof of sectors of 34359738368 bytes, but its miner's have 2048/,
  )
  refused(
    { accounts: template.accounts.map((a) => ({ ...a, balance: 500_000_000n * 10n ** 18n })) },
    /get 100000000 FIL more than there is/,
  )
  const owner = template.accounts[0] as (typeof template.accounts)[0]
  refused({ remainderAccount: owner }, /declared among the accounts already and cannot have the id 90/)
  const wrongKey = { type: 'bls', privateKey: Uint8Array.from({ length: 32 }, (_, i) => (i < 8 ? 7 : 0)) }
  t.throws(
    () => makeGenesis({ ...template, miners: [{ ...first, sectors: [{ ...sector, dealClientKey: wrongKey }] }] }, bundle, init),
    GenesisError,
    'a deal that its client did not sign',
  )
})

test('a network of an earlier version, with vesting and a second kind of key', async (t) => {
  const actors = sharedData(t, 'actors')
  const shared = sharedData(t, 'chains/lotus-devnet-proofs')
  if (actors === undefined || shared === undefined) return
  const template = parseTemplate(await readFile(join(shared, 'genesis-template.json'), 'utf8'))
  const [miner] = template.miners as [(typeof template.miners)[0]]
  const other = Address.fromSecp256k1(new Uint8Array(65).fill(4))
  const third = Address.fromSecp256k1(new Uint8Array(65).fill(5))
  const balance = 7n * 10n ** 18n
  const vesting = { signers: [miner.owner, other], threshold: 2, vestingDuration: 1000, vestingStart: 5 }
  const bundle = await bundles(temporaryFolder(t), actors).load(13)
  const genesis = makeGenesis(
    {
      ...template,
      networkVersion: 22,
      miners: [{ ...miner, marketBalance: balance }],
      accounts: [...template.accounts, { type: 'multisig', balance, meta: vesting }],
      verifregRootKey: { type: 'account', balance: 0n, meta: { owner: third } },
    },
    bundle,
    { network: devnet, timestamp: 1, ticket: new Uint8Array(32), verifier: other },
  )
  const store = new MemoryBlockstore()
  await store.putMany(genesis.blocks)
  const tree = StateTree.load(store, genesis.header.parentStateRoot)
  t.equal(tree.lookupId(other), 102n)
  t.equal(tree.lookupId(third), 80n)
  t.equal(tree.mustGetActor(104n).balance, balance, 'the multisig comes after all keys, those of the reserve among them')
  let sum = 0n
  for (const [, a] of tree.actors()) sum += a.balance
  t.equal(sum, 2_000_000_000n * 10n ** 18n)
})

test('templates that cannot be read', async (t) => {
  t.throws(() => parseTemplate('{', 'x.json'), { code: 'GENESIS_TEMPLATE', message: /^x\.json is not JSON/ } as never)
  t.throws(() => parseTemplate('{"Accounts":[{"Type":"wallet"}]}'), {
    message: /Accounts\[0\]\.Type: must be "account" or "multisig"/,
  } as never)
  t.throws(() => parseTemplate('{"Miners":[{"ID":"f01000","PeerId":5}]}'), { code: 'GENESIS_TEMPLATE' } as never)
})
