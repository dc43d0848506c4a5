import t from 'tap'
import { systemClock } from '../../../src/lib/clock.ts'
import type { NetService } from '../../../src/net/service.ts'
import { networkByName } from '../../../src/networks/index.ts'
import { epochsBehind, Health } from '../../../src/node/health.ts'
import type { ChainStore } from '../../../src/store/chain-store.ts'

/** A chain of which only the clock and the head's height matter. */
function fakeChain(height: number) {
  const listeners = new Set<() => void>()
  return {
    genesis: { minTimestamp: 1_000_000n },
    head: { height },
    onHeadChange(listener: () => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    move() {
      for (const l of listeners) l()
    },
    listeners,
  }
}

const network = { ...networkByName('devnet'), blockDelaySecs: 30 }
const at = (epoch: number): number => (1_000_000 + epoch * 30) * 1000

t.test('live until the head has not moved for five minutes', async (t) => {
  let now = at(100)
  const chain = fakeChain(100)
  const health = new Health({
    chain: chain as unknown as ChainStore,
    network,
    net: undefined,
    clock: { ...systemClock, now: () => now },
  })
  t.equal(health.live(), true, 'a node that has just started')
  now += 299_999
  t.equal(health.live(), true)
  now += 1
  t.equal(health.live(), false)
  chain.move()
  t.equal(health.live(), true)
  health.close()
  t.equal(chain.listeners.size, 0)
})

t.test('ready less than five epochs behind the clock, with a peer', async (t) => {
  const chain = fakeChain(100) as unknown as ChainStore
  let now = at(104)
  const alone = new Health({ chain, network, net: undefined, clock: { ...systemClock, now: () => now } })
  t.equal(alone.ready(), true)
  t.equal(epochsBehind(chain, network, now), 4)
  const peers = new Set<string>()
  const joined = new Health({
    chain,
    network,
    net: { peers: { peers } } as unknown as NetService,
    clock: { ...systemClock, now: () => now },
  })
  t.equal(joined.ready(), false, 'no peer on the chain')
  peers.add('somebody')
  t.equal(joined.ready(), true)
  now = at(105)
  t.equal(alone.ready(), false)
  t.equal(joined.ready(), false)
  t.equal(epochsBehind({ ...fakeChain(100), genesis: undefined } as unknown as ChainStore, network, now), undefined)
})
