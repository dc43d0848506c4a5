import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Journal } from '../../../src/node/journal.ts'
import { recordWindowPosts } from '../../../src/node/window-post.ts'
import { Address } from '../../../src/types/address.ts'
import { SignatureType } from '../../../src/types/signature.ts'

const deadline = {
  currentEpoch: 787,
  periodStart: 658,
  index: 2n,
  open: 778,
  close: 838,
  challenge: 758,
  faultCutoff: 708,
  wPoStPeriodDeadlines: 48n,
  wPoStProvingPeriod: 2880,
  wPoStChallengeWindow: 60,
  wPoStChallengeLookback: 20,
  faultDeclarationCutoff: 70,
}

t.test('window PoSts in the journal, as Lotus names them', async (t) => {
  const folder = t.testdir({})
  const journal = await Journal.open(folder)
  const record = recordWindowPosts(journal, 't')
  const miner = Address.fromId(1000n)
  const message = {
    version: 0n,
    to: miner,
    from: miner,
    nonce: 0n,
    value: 0n,
    gasLimit: 0n,
    gasFeeCap: 0n,
    gasPremium: 0n,
    method: 11n,
    params: new Uint8Array(0),
  }
  const signed = (nonce: bigint) => ({
    message: { ...message, nonce },
    signature: { type: SignatureType.bls, data: new Uint8Array(96) },
  })
  record(miner, { type: 'scheduler', state: 'faulted', deadline, height: 790, error: 'the chain refused the proofs' })
  record(miner, { type: 'recoveries_processed', state: 'succeeded', deadline, height: 791, messages: [signed(1n), signed(2n)] })
  await journal.close()
  const lines = readFileSync(join(folder, 'lotus-journal.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l))
  t.same(
    lines.map(({ Event }) => Event),
    ['wdpost:scheduler', 'wdpost:recoveries_processed', 'wdpost:recoveries_processed'],
  )
  t.match(lines[0].Data, {
    Miner: 't01000',
    Deadline: { Index: 2, Open: 778, Challenge: 758 },
    Height: 790,
    Error: 'the chain refused the proofs',
    State: 'faulted',
  })
  t.match(lines[1].Data.MessageCID['/'], /^bafy/)
  t.not(lines[1].Data.MessageCID['/'], lines[2].Data.MessageCID['/'], 'one line for each message')
})
