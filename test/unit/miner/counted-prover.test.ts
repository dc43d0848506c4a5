import t from 'tap'
import { CountedProver, postTasks } from '../../../src/miner/counted-prover.ts'
import type { Prover } from '../../../src/miner/proving.ts'

t.test('what runs is counted, and what failed is over too', async (t) => {
  const gates: { done: () => void; fail: (why: Error) => void }[] = []
  const waits = (): Promise<never> =>
    new Promise<never>((resolve, reject) => gates.push({ done: () => resolve([] as never), fail: reject }))
  const bad = new Map([[3n, 'gone']])
  const inner: Prover = { winningPost: waits, windowPost: waits, checkProvable: async () => bad }
  const prover = new CountedProver(inner)
  const running = () => [prover.running.get(postTasks.window) ?? 0, prover.running.get(postTasks.winning) ?? 0]
  t.same(running(), [0, 0])
  const random = new Uint8Array(32)
  const first = prover.windowPost(1000n, 10, [], random)
  const second = prover.windowPost(1000n, 10, [], random)
  const third = prover.winningPost(1000n, [], random)
  t.same(running(), [2, 1])
  gates[0]?.done()
  gates[1]?.fail(new Error('no'))
  await first
  await t.rejects(second, { message: 'no' })
  t.same(running(), [0, 1])
  gates[2]?.done()
  await third
  t.same(running(), [0, 0])
  t.equal(await prover.checkProvable(1000n, 10, []), bad)
})
