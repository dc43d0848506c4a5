import t from 'tap'
import { executeAndAsk } from '../kit/lotus-node.ts'

t.setTimeout(290_000)

t.test('lotus-devnet-proofs: executed again from genesis, then asked what Lotus was asked', (t) =>
  executeAndAsk(t, {
    name: 'lotus-devnet-proofs',
    tipsets: 355,
    height: 787,
    head: 'bafy2bzacedsm6mfbexsnpsw6djb4tw5jarg5w7g4aajdnalqe3ugqyzfgit6e',
    halt: false,
  }),
)
