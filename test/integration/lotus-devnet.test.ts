import t from 'tap'
import { executeAndAsk } from '../kit/lotus-node.ts'

t.setTimeout(290_000)

t.test('lotus-devnet: executed again from genesis, then asked what Lotus was asked', (t) =>
  executeAndAsk(t, {
    name: 'lotus-devnet',
    tipsets: 2695,
    height: 3001,
    head: 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke',
    halt: true,
  }),
)
