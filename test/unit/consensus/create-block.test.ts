// Blocks of a Lotus chain made again from what their miners decided: every byte of the header must be Lotus's, the signature too.

import t from 'tap'
import { encode } from '../../../src/codec/codec.ts'
import { createBlock } from '../../../src/consensus/create-block.ts'
import { blsSign } from '../../../src/native/crypto.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { type BlockHeader, blockCid, blockHeader, type ElectionProof, type Ticket } from '../../../src/types/block.ts'
import { cidKey } from '../../../src/types/cid.ts'
import { messageCid, type SignedMessage } from '../../../src/types/message.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { minerKeys, resign, type TestKey } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.setTimeout(180_000)

t.test('every block of lotus-devnet-proofs', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const { state, tipsets } = await snapshotChain(folder)
  // That execution gives these is tested with the chain's validation; here it would only take time.
  for (const { parents, first } of tipsets)
    state.remember(parents, { stateRoot: first.parentStateRoot, receiptsRoot: first.parentMessageReceipts })
  const keys = minerKeys(folder)
  const byAddress = new Map([...keys.values()].map((k) => [k.address.key, k]))
  let made = 0
  let withMessages = 0
  const templateOf = (header: BlockHeader, messages: readonly SignedMessage[]) => ({
    miner: header.miner,
    parents: new TipsetKey(header.parents),
    ticket: header.ticket as Ticket,
    electionProof: header.electionProof as ElectionProof,
    beaconEntries: header.beaconEntries,
    messages,
    epoch: header.height,
    timestamp: header.timestamp,
    winningPost: header.winPostProof,
  })
  for (const tipset of tipsets) {
    for (const header of tipset.blocks) {
      const { bls, secp } = state.chain.messages(header)
      const signers = bls.map((m) => byAddress.get(state.accountKey(state.parentState(tipset), m.from).key))
      // Of a sender whose key is not known the signature can only be had where it is the aggregate.
      const alone = bls.length === 1 ? header.blsAggregate?.data : undefined
      if (alone === undefined && signers.includes(undefined)) continue
      const signed: SignedMessage[] = [
        ...secp,
        ...bls.map((message, i) => ({
          message,
          signature: {
            type: SignatureType.bls,
            data: alone ?? blsSign((signers[i] as TestKey).secret, messageCid(message).bytes),
          },
        })),
      ]
      const sink = new MemoryBlockstore()
      const block = createBlock(state, sink, templateOf(header, signed))
      const key = keys.get(header.miner.id as bigint) as TestKey
      if (!block.worker.equals(key.address)) t.fail(`the worker of ${header.miner}`)
      const again = resign(block.header, key)
      if (Buffer.compare(encode(blockHeader, again), encode(blockHeader, header)) !== 0)
        t.same(blockHeader.toJson(again, { addressPrefix: 't' }), blockHeader.toJson(header, { addressPrefix: 't' }))
      if (!sink.has(header.messages)) t.fail('the messages’ root is not stored')
      made++
      if (signed.length > 0) withMessages++
    }
  }
  t.comment(`${made} blocks, ${withMessages} of them with messages`)
  const all = tipsets.reduce((sum, ts) => sum + ts.blocks.length, 0)
  t.ok(made > all * 0.9, `${made} of ${all} blocks: of the others some signatures cannot be had`)
  t.ok(withMessages > 10)

  const [first] = tipsets
  const header = first?.first as BlockHeader
  const template = templateOf(header, [])
  t.throws(() => createBlock(state, new MemoryBlockstore(), { ...template, parents: new TipsetKey([]) }))
  const bare = createBlock(state, new MemoryBlockstore(), { ...template, ticket: null, electionProof: null }).header
  t.same(
    encode(blockHeader, bare),
    encode(blockHeader, { ...createBlock(state, new MemoryBlockstore(), template).header, ticket: null, electionProof: null }),
    'a block without ticket and election proof is made, too',
  )
  t.not(
    cidKey(blockCid(createBlock(state, new MemoryBlockstore(), { ...template, timestamp: 1n }).header)),
    cidKey(blockCid({ ...header, blockSig: null })),
  )
})
