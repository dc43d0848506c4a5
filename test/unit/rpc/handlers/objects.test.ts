import { createHash } from 'node:crypto'
import t from 'tap'
import { MinerView } from '../../../../src/actors/miner/view.ts'
import { actor as actorCodec } from '../../../../src/actors/state-tree.ts'
import { methods } from '../../../../src/api/contract.ts'
import { encode } from '../../../../src/codec/codec.ts'
import { cidFromString, cidOf } from '../../../../src/types/cid.ts'
import { lotusQueries } from '../../../kit/lotus-queries.ts'
import { sharedData } from '../../../kit/shared-data.ts'

const folder = sharedData(t, 'chains', 'lotus-devnet')
if (folder !== undefined) {
  const { lotus, store, chain, head, state, ask } = await lotusQueries(folder)
  const root = lotus.head.parentStateRoot.toString()
  const node = (path: string): Promise<{ Cid: { '/': string }; Obj: unknown }> => ask(methods.chainGetNode, path)
  const link = (cid: string): object => ({ '/': cid })

  t.test('paths through the state', async (t) => {
    const top = await node(root)
    t.same(top.Cid, link(root))
    const [version, actors] = top.Obj as [number, { '/': string }]
    t.equal(version, 5)
    for (const path of [`/ipfs/${root}/1`, `/ipld/${root}/1/`, `${root}//1`, `${root}/./1`, `${root}/0/../1`])
      t.same((await node(path)).Cid, link(actors['/']), path)

    const actor = await node(`${root}/1/@Ha:t01000`)
    const [code, stateRoot, nonce, balance] = actor.Obj as [{ '/': string }, { '/': string }, number, string]
    const held = state.stateTree(lotus.head.parentStateRoot).mustGetActor(1000n)
    t.same(code, link(held.code.toString()))
    t.same(stateRoot, link(held.head.toString()))
    t.equal(nonce, Number(held.nonce))
    t.equal(
      BigInt(`0x${Buffer.from(balance, 'base64').toString('hex')}`),
      held.balance,
      'bytes of a value inside print as base64',
    )
    t.same((await node(`${root}/1/@Ha:t01000/1`)).Cid, stateRoot, 'and on through the value')
    // The bytes of a stored object are those of DAG-JSON, as `lotus chain get` prints them.
    const [bits] = (await node(lotus.head.parentMessageReceipts.toString())).Obj as [unknown]
    const block = (await node(`/ipfs/${head.cids[0]}`)).Obj as unknown[]
    const address = Buffer.from(lotus.head.miner.bytes).toString('base64').replace(/=+$/, '')
    t.same(block[0], { '/': { bytes: address } })
    t.match(bits, 0, 'numbers stay what they are')
    // Inside the miner: its information, by the list's index; the sectors, an AMT.
    const info = (await node(`${held.head}/0`)).Obj as unknown[]
    t.match(info[0], { '/': { bytes: /^[A-Za-z0-9+/]+$/ } })
    const [proven] = MinerView.load(store, lotus.registry(), held).sectors()
    const sector = (await node(`${held.head}/9/@A:${proven?.sectorNumber}`)).Obj as unknown[]
    t.equal(sector[0], Number(proven?.sectorNumber))
    const shown = (await node(`${root}/1/@Ha:t01000/@state`)).Obj as { Info: object; Sectors: object }
    t.same(shown.Info, ((await node(held.head.toString())).Obj as unknown[])[0])

    // A value inside a HAMT is an object of its own, under its sha2-256.
    const hash = createHash('sha256').update(encode(actorCodec, held)).digest()
    t.same(Buffer.from(cidFromString(actor.Cid['/']).multihash.digest), hash)
  })

  t.test('paths that lead nowhere', async (t) => {
    const bad = { code: 'API_BAD_PATH' }
    for (const path of [
      '',
      '/',
      'nonsense',
      `/${root}`,
      `/ipns/${root}`,
      `${root}/7`,
      `${root}/0`,
      `${root}/name`,
      `${root}/0/0`,
      `${root}/1/@Ha:t099999999`,
      `${root}/1/@Hi:x`,
      `${root}/1/@Hu:-1`,
      `${root}/1/@nothing`,
      `${root}/1/@B:1`,
      `${root}/${'1/'.repeat(300)}`,
      `${root}/${'x'.repeat(5000)}`,
    ])
      await t.rejects(node(path), bad, path.slice(0, 90))
    await t.rejects(node(`${root}/1/@Ha:nobody`), { name: /Error/ }, 'an address that is none')
    const absent = cidOf(Uint8Array.of(1, 2, 3)).toString()
    await t.rejects(node(absent), { code: 'STORE_BLOCK_MISSING' })
    await t.rejects(node(lotus.head.messages.toString().replace(/^bafy2/, 'bafk2')), { name: /Error/ })
  })

  t.test('reading, having and measuring', async (t) => {
    const data = store.get(lotus.head.parentStateRoot) as Uint8Array
    t.equal(await ask(methods.chainReadObj, link(root)), Buffer.from(data).toString('base64'))
    t.equal(await ask(methods.chainHasObj, link(root)), true)
    const absent = link(cidOf(Uint8Array.of(9)).toString())
    t.equal(await ask(methods.chainHasObj, absent), false)
    await t.rejects(ask(methods.chainReadObj, absent), { code: 'STORE_BLOCK_MISSING' })

    const meta = link(lotus.head.messages.toString())
    const stat = await ask(methods.chainStatObj, meta, null)
    const { blsCids, secpCids } = chain.messageCids(lotus.head)
    t.ok(stat.Links >= 2 + blsCids.length + secpCids.length, `${stat.Links} objects`)
    t.same(await ask(methods.chainStatObj, meta, meta), { Size: 0, Links: 0 }, 'all of it is shared')
    const parent = chain.tipset(head.parents)
    const whole = await ask(methods.chainStatObj, link(root), null)
    const added = await ask(methods.chainStatObj, link(root), link(parent.parentStateRoot.toString()))
    t.ok(added.Links > 0 && added.Links < whole.Links / 10, `${added.Links} of ${whole.Links} are new`)
    t.ok(added.Size < whole.Size)
  })
}
