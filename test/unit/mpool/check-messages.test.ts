// What Lotus said of messages (v1.36.2-dev, at epoch 699 of chains/lotus-devnet-proofs): every check, in its order, with its hints.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { mpoolCheckMessages } from '../../../src/api/methods/mpool.ts'
import { fromJson, toJson } from '../../../src/codec/codec.ts'
import { messageFault } from '../../../src/consensus/rules/message-form.ts'
import { onChainMessageCharge } from '../../../src/consensus/rules/on-chain-gas.ts'
import { MessageChecker } from '../../../src/mpool/check-messages.ts'
import { devnet } from '../../../src/networks/devnet.ts'
import { stringify } from '../../../src/rpc/client.ts'

interface Recorded {
  readonly params: readonly [unknown]
  readonly result: unknown
}

const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/lotus-mpool-checks.json', import.meta.url), 'utf8'),
) as readonly Recorded[]

t.test("messages are checked in Lotus's words and numbers", async (t) => {
  t.equal(recorded.length, 2)
  const facts = { nonce: 9n, after: { nonce: 9n, balance: 49974999999526727871470285n, canSend: true } }
  const checker = new MessageChecker({
    pool: {
      head: { first: { parentBaseFee: 100n } },
      atHead: async () => {},
      queue: () => undefined,
      resolve: async (senders: readonly unknown[]) => senders,
      sender: async () => facts,
      messageCharge: (length: number) => onChainMessageCharge(devnet, 699, length),
      formFault: (message: Parameters<typeof messageFault>[0]) => messageFault(message, 0n, 28),
    } as never,
  })
  const [messages] = mpoolCheckMessages.params
  for (const { params, result } of recorded) {
    const got = await checker.prototypes(fromJson(messages.codec, params[0] as never))
    const json = JSON.parse(stringify(toJson(mpoolCheckMessages.result, got, { addressPrefix: 't' })))
    t.same(json, result)
  }
})
