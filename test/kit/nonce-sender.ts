// A program that sends one message after the other until it is killed. On stdout it says what it does; the file
// `published` holds what the network has seen, written before it is said.
//
//     nonce-sender.ts <folder>

import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessagePool } from '../../src/mpool/message-pool.ts'
import { MessageSigner } from '../../src/mpool/message-signer.ts'
import { MetadataStore } from '../../src/store/metadata.ts'
import { signedMessageCid } from '../../src/types/message.ts'
import { testChain } from './fork-chain.ts'
import { FakePoolChain, secpKey, transfer } from './mpool.ts'

const folder = process.argv[2] as string
const say = (line: string): unknown => process.stdout.write(`${line}\n`)
const key = secpKey(1)
const metadata = await MetadataStore.open(join(folder, 'metadata'))
const chain = new FakePoolChain()
chain.set(key)
const pool = MessagePool.open(
  {
    chain,
    metadata,
    store: { putMany: async () => {} },
    publish: async (m) => {
      appendFileSync(join(folder, 'published'), `${m.message.nonce} ${signedMessageCid(m)}\n`)
      say('published')
    },
  },
  { head: testChain().genesis(), addressPrefix: 'f' },
)
await pool.loadLocal()
for (const m of pool.pending()) say(`back ${m.message.nonce} ${signedMessageCid(m)}`)
say('ready')
const signer = new MessageSigner(
  {
    pool,
    metadata,
    fill: async (m) => m,
    sign: async (m) => {
      const signed = key.sign(m)
      say('signed')
      // Where a kill is most wanted: signed, and nothing of it on the disk.
      await new Promise((resolve) => setImmediate(resolve))
      return signed
    },
  },
  { addressPrefix: 'f' },
)
// Each message differs from any that another run would send with the same nonce.
for (let i = 0; process.argv[3] !== 'look'; i++) {
  const { message } = transfer(key, 0, { value: BigInt(process.pid) * 1000n + BigInt(i) })
  const signed = await signer.send(message, null)
  say(`sent ${signed.message.nonce} ${signedMessageCid(signed)}`)
}
await metadata.close()
