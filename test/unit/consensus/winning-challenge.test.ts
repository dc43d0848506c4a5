import t from 'tap'
import { challengedIndex } from '../../../src/consensus/rules/winning-challenge.ts'
import { blake2b256 } from '../../../src/native/crypto.ts'
import { winningPostChallenge } from '../../../src/native/proofs.ts'

t.test("the library's own answer", async (t) => {
  let seed = 0
  for (const proofType of [0, 3, 4])
    for (const miner of [0n, 1n, 127n, 128n, 1000n, 2n ** 32n, 2n ** 63n - 1n])
      for (const eligible of [1n, 2n, 3n, 1000n, 2n ** 40n + 1n]) {
        const randomness = blake2b256(Uint8Array.of(seed++))
        const found = [challengedIndex(randomness, miner, eligible)]
        t.same(
          found,
          await winningPostChallenge({ proofType, randomness, miner, eligible }),
          `type ${proofType}, f0${miner}, ${eligible}`,
        )
      }
  t.equal(seed, 105)
})
