import t from 'tap'
import { clockBehind } from '../../../../src/lib/clock.ts'
import { devnet } from '../../../../src/networks/devnet.ts'
import { headHeight, pauseAfter } from '../../../../src/node/devnet/pause.ts'
import { expectedHeight } from '../../../../src/node/health.ts'
import { temporaryFolder } from '../../../kit/daemon.ts'

const genesis = 1_700_000_000
const at = (seconds: number): number => (genesis + seconds) * 1000

t.test('a short stop is made up for, a long one stops the clock', async (t) => {
  const network = { blockDelaySecs: 10 }
  t.equal(pauseAfter(network, genesis, 100, at(1000)), 0)
  t.equal(pauseAfter(network, genesis, 100, at(1209)), 0, 'twenty epochs')
  t.equal(pauseAfter(network, genesis, 100, at(1210)), 200, 'twenty-one')
  t.equal(pauseAfter(network, genesis, 100, at(100_000)), 98_990, 'the next epoch is due at once')
  const paused = { ...network, pausedSecs: 98_990 }
  t.equal(pauseAfter(paused, genesis, 100, at(100_009)), 98_990, 'and stays so')
  t.equal(pauseAfter(paused, genesis, 101, at(200_000)), 98_990 + 99_990, 'pauses add up')
  t.equal(pauseAfter(network, genesis, 0, at(-5)), 0, 'before the genesis')
})

t.test('whoever looks at the clock sees the pause', async (t) => {
  const before = Date.now()
  const clock = clockBehind(100_000)
  t.ok(clock.now() >= before - 100_000 && clock.now() <= Date.now() - 100_000)
  t.ok(clockBehind(0).now() >= before)
  const chain = { genesis: { minTimestamp: BigInt(genesis) } } as never
  t.equal(expectedHeight(chain, devnet, at(400)), 100)
  t.equal(expectedHeight(chain, devnet, at(400) - 40_000), 90)
})

t.test('a node that never ran is at 0', async (t) => {
  t.equal(await headHeight(temporaryFolder(t)), 0)
})
