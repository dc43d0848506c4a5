// The window PoSts of a chain that Lotus made: from the states before them, and with the proofs that Lotus made, this program
// sends the same parameters, byte for byte, in the same deadlines.

import t from 'tap'
import { submitWindowedPoStParams } from '../../../src/actors/methods/miner-sectors.ts'
import { decode, encode } from '../../../src/codec/codec.ts'
import type { Prover } from '../../../src/miner/proving.ts'
import { proveDeadline } from '../../../src/miner/wdpost/prove-deadline.ts'
import { verifyWindowPost } from '../../../src/native/proofs.ts'
import { BitField } from '../../../src/types/bitfield.ts'
import type { Message } from '../../../src/types/message.ts'
import type { Tipset } from '../../../src/types/tipset.ts'
import { executedChain } from '../../kit/executed-chain.ts'
import { queryApi } from '../../kit/query-api.ts'
import { sharedData } from '../../kit/shared-data.ts'

t.setTimeout(300_000)

const data = sharedData(t, '.')
if (data !== undefined) {
  const chain = await executedChain(data, 'lotus-devnet-proofs')
  const sent: { readonly at: Tipset; readonly message: Message }[] = []
  for (const at of chain.tipsets)
    for (const block of at.blocks)
      for (const message of chain.state.chain.messages(block).bls)
        if (message.method === 5n && String(message.to).startsWith('f0')) sent.push({ at, message })

  t.test('parameters are those that Lotus sent', async (t) => {
    const seen = new Set<string>()
    let compared = 0
    for (const { at, message } of sent) {
      const theirs = decode(submitWindowedPoStParams, message.params)
      t.same(encode(submitWindowedPoStParams, theirs), message.params, 'their bytes are what the codec writes')
      const key = `${message.to.key}/${theirs.deadline}/${theirs.chainCommitEpoch}`
      if (seen.has(key)) continue
      seen.add(key)
      const before = chain.state.chain.parent(at)
      const api = queryApi(chain, () => before)
      const deadline = await api.stateMinerProvingDeadline([message.to, before.key])
      t.equal(deadline.index, theirs.deadline)
      t.equal(deadline.challenge, theirs.chainCommitEpoch)
      const lotus: Prover = {
        winningPost: async () => [],
        windowPost: async () => ({
          proofs: theirs.proofs.map((p) => ({ proofType: p.poStProof, proof: p.proofBytes })),
          skipped: [],
        }),
        checkProvable: async () => new Map(),
      }
      const c = { api, prover: lotus, verify: verifyWindowPost }
      const init = {
        miner: message.to,
        disablePreChecks: false,
        maxPartitionsPerPostMessage: 0,
        singleRecoveringPartitionPerPostMessage: false,
      }
      const request = { deadline, tipset: before.key, manual: false, done: BitField.empty }
      const { messages } = await proveDeadline(c, init, request, new AbortController().signal)
      t.equal(messages.length, 1, 'and the proof verifies under our challenge')
      const commit = await api.stateGetRandomnessFromTickets([9, deadline.challenge, new Uint8Array(0), before.key])
      const ours = { ...messages[0], chainCommitEpoch: deadline.challenge, chainCommitRand: commit } as typeof theirs
      t.same(Buffer.from(encode(submitWindowedPoStParams, ours)).toString('hex'), Buffer.from(message.params).toString('hex'))
      compared++
    }
    t.equal(compared, 3)
  })
}
