import t from 'tap'
import type { HeadChange, TipsetView } from '../../../src/api/types/chain.ts'
import { HeadFollower } from '../../../src/miner/head-follower.ts'

const at = (height: number) => ({ height, cids: [], blocks: [] }) as TipsetView
const change = (type: HeadChange['type'], height: number): HeadChange => ({ type, val: at(height) })

t.test('heads are told, over lost subscriptions too', async (t) => {
  const slept: number[] = []
  let subscriptions = 0
  const seen: number[] = []
  let done = (): void => undefined
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const api = {
    async *chainNotify(_params: [], { signal }: { signal: AbortSignal }) {
      subscriptions++
      if (subscriptions === 1) {
        yield [change('current', 10)]
        yield [change('apply', 11)]
        yield [change('revert', 11), change('revert', 10), change('apply', 12), change('apply', 13)]
        yield [change('revert', 13)]
        throw new Error('the connection broke')
      }
      yield [change('current', 14)]
      if (subscriptions === 2) return
      done()
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    },
  }
  const clock = {
    now: () => 0,
    sleep: async (ms: number) => {
      slept.push(ms)
    },
  }
  const follower = new HeadFollower({ api: api as never, clock })
  follower.onHead((head) => seen.push(head.height))
  follower.start()
  follower.start()
  await all
  await follower.close()
  t.same(seen, [10, 11, 13, 14, 14])
  t.equal(subscriptions, 3)
  t.same(slept.slice(0, 2), [1000, 1000])
})
