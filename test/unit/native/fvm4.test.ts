import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import { CborWriter } from '../../../src/codec/cbor-writer.ts'
import { FvmMachine } from '../../../src/native/fvm.ts'
import { amtEntries, extractLinks, validateCbor } from '../../../src/native/ipld.ts'
import { type BlockHeader, decodeBlock } from '../../../src/types/block.ts'
import { recurse } from '../../kit/fvm-recursion.ts'
import { bundleBlocks, carBlocks } from '../../kit/fvm-vectors.ts'
import { sharedData, sharedDataRoot } from '../../kit/shared-data.ts'

t.setTimeout(300_000)

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

/** An implicit message from the system actor, as Lotus's compute_state.go builds it. */
function implicit(to: number, height: number, gasLimit: bigint, method: number, params: Uint8Array): Uint8Array {
  const w = new CborWriter()
  w.array(10)
  w.int(0)
  w.bytes(Uint8Array.of(0, to))
  w.bytes(Uint8Array.of(0, 0))
  w.int(height)
  w.bytes(new Uint8Array(0))
  w.int(gasLimit)
  w.bytes(new Uint8Array(0))
  w.bytes(new Uint8Array(0))
  w.int(method)
  w.bytes(params)
  return w.finish()
}

t.test('block rewards and cron of a Lotus chain on FVM 4 give its state roots', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  const bundle = sharedData(t, 'actors', 'v18.tar.zst')
  if (folder === undefined || bundle === undefined) return
  const blocks = new Map<string, Uint8Array>(bundleBlocks(bundle, 'devnet'))
  carBlocks(zstdDecompressSync(readFileSync(join(folder, 'snapshot.car.zst'))), blocks)
  const headers: { header: BlockHeader; miner: Uint8Array }[] = [...blocks.values()]
    .filter((d) => d[0] === 0x90 && (d[1] as number) >= 0x42 && (d[1] as number) <= 0x44 && d[2] === 0)
    .map((d) => ({ header: decodeBlock(d), miner: d.subarray(2, 2 + ((d[1] as number) & 0x1f)) }))
    .sort((a, b) => a.header.height - b.header.height)

  const getBlock = (cid: Uint8Array): Uint8Array | undefined => blocks.get(hex(cid))
  /** True for the CID of two empty message arrays. */
  const isEmpty = (messages: Uint8Array): boolean =>
    extractLinks(getBlock(messages) as Uint8Array, 0x71).every((root) => amtEntries(root, { version: 0 }, getBlock).size === 0)
  let proven = 0
  for (let height = 2; height < 60; height++) {
    const tipset = headers.filter(({ header }) => header.height === height)
    const first = tipset[0]?.header
    const child = headers.find(({ header }) => header.height === height + 1)
    const follows = headers.some(({ header }) => header.height === height - 1)
    // Null rounds and messages are the business of the state manager's tests.
    if (first === undefined || child === undefined || !follows) continue
    if (tipset.length !== child.header.parents.length || tipset.some(({ header }) => !isEmpty(header.messages.bytes))) continue
    const machine = new FvmMachine(
      {
        networkVersion: 28,
        chainId: 31415926n,
        epoch: height,
        timestamp: BigInt(first.timestamp),
        stateRoot: first.parentStateRoot.bytes,
        baseFee: BigInt(first.parentBaseFee),
        circulatingSupply: 0n,
        tracing: true,
      },
      {
        getBlock,
        chainRandomness: () => undefined,
        beaconRandomness: () => undefined,
        tipsetCid: () => undefined,
        verifyConsensusFault: () => undefined,
      },
    )
    for (const { header, miner } of tipset) {
      const params = new CborWriter()
      params.array(4)
      params.bytes(miner)
      params.bytes(new Uint8Array(0))
      params.bytes(new Uint8Array(0))
      params.int(Number(header.electionProof?.winCount ?? 0))
      const reward = machine.execute(implicit(2, height, 1n << 30n, 2, params.finish()), 'implicit', 0)
      t.equal(reward.exitCode, 0, reward.failureInfo ?? 'reward')
      t.doesNotThrow(() => validateCbor(reward.trace as Uint8Array))
    }
    const cron = machine.execute(implicit(3, height, 10_000_000_000n * 10_000n, 2, new Uint8Array(0)), 'implicit', 0)
    t.equal(cron.exitCode, 0, cron.failureInfo ?? 'cron')
    const flushed = machine.flush()
    machine.close()
    t.equal(hex(flushed.stateRoot), hex(child.header.parentStateRoot.bytes), `height ${height}`)
    proven++
  }
  t.ok(proven > 30, `${proven} tipsets`)
})

t.test('a contract may call itself to the limit of depth, whatever the stack of the calling thread', async (t) => {
  const contract = sharedData(t, 'eth', 'contracts', 'ExternalRecursiveCallSimple.hex')
  if (contract === undefined) return
  const kit = new URL('../../kit/fvm-recursion.ts', import.meta.url).href
  const code = `
    import { parentPort, workerData } from 'node:worker_threads'
    import { recurse } from ${JSON.stringify(kit)}
    const { exitCode, gasUsed } = recurse(workerData.data, workerData.depth)
    parentPort.postMessage({ exitCode, gasUsed })`
  const run = (stackSizeMb: number, depth: number) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
        resourceLimits: { stackSizeMb },
        workerData: { data: sharedDataRoot, depth },
      })
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  const shallow = recurse(sharedDataRoot, 100)
  t.equal(shallow.exitCode, 0)
  const deep = recurse(sharedDataRoot, 2000)
  // The call beyond the limit fails and every frame reverts: EVM_CONTRACT_REVERTED.
  t.equal(deep.exitCode, 33)
  // 64 MiB: on the worker's own stack; 4: on a thread of its own, as above.
  for (const stackSizeMb of [64, 4]) t.match(await run(stackSizeMb, 2000), { exitCode: 33, gasUsed: deep.gasUsed })
  t.match(await run(64, 100), { exitCode: 0, gasUsed: shallow.gasUsed })
})
