import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { blake2b256 } from '../../../src/native/crypto.ts'
import type { Externs, MachineConfig } from '../../../src/native/fvm.ts'
import { cacheStats, configureEngine, FvmMachine, preloadActors, setBlockCacheBytes } from '../../../src/native/fvm.ts'
import { bundleBlocks, checkVector, readVector, runVector, vectorExterns } from '../../kit/fvm-vectors.ts'
import { sharedData } from '../../kit/shared-data.ts'

t.setTimeout(300_000)

const NOTHING: Externs = {
  getBlock: () => undefined,
  chainRandomness: () => undefined,
  beaconRandomness: () => undefined,
  tipsetCid: () => undefined,
  verifyConsensusFault: () => undefined,
}

const cidOf = (data: Uint8Array): Uint8Array => Buffer.concat([Buffer.from('0171a0e40220', 'hex'), blake2b256(data)])

const config = (networkVersion: number, stateRoot: Uint8Array): MachineConfig => ({
  networkVersion,
  chainId: 314n,
  epoch: 10,
  timestamp: 300n,
  stateRoot,
  baseFee: 100n,
  circulatingSupply: 0n,
})

t.test('a machine without its state says which block is missing', (t) => {
  const root = cidOf(Uint8Array.of(0x80))
  for (const version of [16, 17, 18, 20, 21, 28, 29]) {
    t.throws(() => new FvmMachine(config(version, root), NOTHING), { name: 'NativeError', code: /^NATIVE_FVM/ })
  }
  for (const version of [0, 15, 30, 1000]) {
    t.throws(() => new FvmMachine(config(version, root), NOTHING), { code: 'NATIVE_FVM', message: /network version/ })
  }
  t.end()
})

t.test('arguments are checked', (t) => {
  const root = cidOf(Uint8Array.of(0x80))
  const make = (change: Partial<MachineConfig>, externs: unknown = NOTHING) => {
    return () => new FvmMachine({ ...config(28, root), ...change }, externs as Externs)
  }
  t.throws(make({ stateRoot: Uint8Array.of(1, 2, 3) }), { code: 'NATIVE_ARGUMENT' })
  t.throws(make({ baseFee: -1n }), { code: 'NATIVE_ARGUMENT' })
  t.throws(make({ baseFee: 1n << 128n }), { code: 'NATIVE_ARGUMENT' })
  t.throws(make({ chainId: 1n << 64n }), { code: 'NATIVE_ARGUMENT' })
  t.throws(make({ circulatingSupply: 5 as unknown as bigint }), { code: 'NATIVE_ARGUMENT' })
  t.throws(make({}, { getBlock: () => undefined }), { code: 'NATIVE_ARGUMENT', message: /chainRandomness/ })
  t.throws(() => configureEngine({ concurrency: 0 }), { code: 'NATIVE_ARGUMENT' })
  t.throws(() => configureEngine({ concurrency: 257 }), { code: 'NATIVE_ARGUMENT' })
  t.throws(() => setBlockCacheBytes(-1), { code: 'NATIVE_ARGUMENT' })
  t.throws(() => setBlockCacheBytes(Number.NaN), { code: 'NATIVE_ARGUMENT' })
  t.end()
})

t.test('an exception in a callback ends the machine and keeps its text', (t) => {
  const root = cidOf(Uint8Array.of(0x81, 0x01))
  const externs = {
    ...NOTHING,
    getBlock: () => {
      throw new Error('the disk is on fire')
    },
  }
  t.throws(() => new FvmMachine(config(28, root), externs), { code: 'NATIVE_FVM_EXTERN', message: /the disk is on fire/ })
  for (const thrown of [
    'text',
    undefined,
    Object.create(null),
    {
      get message() {
        throw new Error('twice')
      },
    },
  ]) {
    const nasty = {
      ...NOTHING,
      getBlock: () => {
        throw thrown
      },
    }
    t.throws(() => new FvmMachine(config(28, root), nasty), { code: 'NATIVE_FVM_EXTERN' })
  }
  const wrong = { ...NOTHING, getBlock: () => 'not bytes' as unknown as Uint8Array }
  t.throws(() => new FvmMachine(config(28, root), wrong), { code: 'NATIVE_FVM_EXTERN', message: /Uint8Array/ })
  t.end()
})

t.test('randomness callbacks, broken messages, and life after death', async (t) => {
  const path = sharedData(t, 'fvm-vectors', 'nv18-actors-v10')
  const bundle = sharedData(t, 'actors', 'v10.tar.zst')
  if (path === undefined || bundle === undefined) return
  const actors = bundleBlocks(bundle)
  const vector = readVector(join(path, 'ext-0002-fil_10_storageminer-DisputeWindowedPoSt-Ok-1.json'))
  const normal = vectorExterns(vector, actors)

  await preloadActors(18, [], () => undefined)
  await t.rejects(
    preloadActors(18, [cidOf(Uint8Array.of(1))], () => undefined),
    { code: 'NATIVE_FVM_STORE_MISSING' },
  )
  await t.rejects(
    preloadActors(18, [cidOf(Uint8Array.of(1))], () => Uint8Array.of(1)),
    { code: 'NATIVE_FVM' },
  )

  checkVector(vector, runVector(vector, normal))
  // This message draws beacon randomness: without it the actor fails, with an exception the machine does.
  const unknown = runVector(vector, { ...normal, beaconRandomness: () => undefined })
  t.not(unknown.receipts[0]?.exitCode, 0)
  t.throws(
    () =>
      runVector(vector, {
        ...normal,
        beaconRandomness: () => {
          throw new Error('no such round')
        },
      }),
    { code: 'NATIVE_FVM_EXTERN', message: /no such round/ },
  )
  t.throws(() => runVector(vector, { ...normal, beaconRandomness: () => new Uint8Array(31) }), { code: 'NATIVE_FVM_EXTERN' })

  const make = (externs: Externs = normal) =>
    new FvmMachine({ ...config(18, vector.preRoot), epoch: vector.epoch, tracing: true }, externs)
  const broken = make()
  t.throws(() => broken.execute(Uint8Array.of(0x8a), 'explicit', 1), { code: 'NATIVE_FVM' })
  t.throws(() => broken.flush(), { code: 'NATIVE_FVM_CLOSED' })
  const closed = make()
  closed.close()
  closed.close()
  t.throws(() => closed.execute(vector.messages[0] as Uint8Array, 'explicit', 1), { code: 'NATIVE_FVM_CLOSED' })
  t.throws(() => make().execute(vector.messages[0] as Uint8Array, 'explicit', -1), { code: 'NATIVE_ARGUMENT' })

  // A callback that turns to its own machine is refused, and that refusal is what the caller sees.
  const machine: FvmMachine = make({ ...normal, beaconRandomness: () => machine.flush().stateRoot })
  t.throws(() => machine.execute(vector.messages[0] as Uint8Array, 'explicit', 100), {
    code: 'NATIVE_FVM_EXTERN',
    message: /already running/,
  })

  // So is one that makes another machine: both would wait for each other's slot in the engine.
  const nested = make({ ...normal, beaconRandomness: () => make().flush().stateRoot })
  t.throws(() => nested.execute(vector.messages[0] as Uint8Array, 'explicit', 100), {
    code: 'NATIVE_FVM_EXTERN',
    message: /already running/,
  })

  const traced = make()
  const result = traced.execute(vector.messages[0] as Uint8Array, 'implicit', 100)
  t.equal(result.trace?.[0], 0x87, 'a trace is a tuple of seven')
  const flushed = traced.flush()
  t.ok(flushed.blocks.length > 0)
  for (const { cid, data } of flushed.blocks) {
    if (cid[2] === 0xa0) t.same(Buffer.from(cid.subarray(6)).toString('hex'), Buffer.from(blake2b256(data)).toString('hex'))
  }
  t.equal(traced.flush().blocks.length, 0, 'blocks are handed over once')
})

t.test('the block cache answers before the store and keeps to its limit', async (t) => {
  const path = sharedData(t, 'fvm-vectors', 'nv18-actors-v10')
  const bundle = sharedData(t, 'actors', 'v10.tar.zst')
  if (path === undefined || bundle === undefined) return
  const actors = bundleBlocks(bundle)
  const vector = readVector(join(path, 'ext-0002-fil_10_storageminer-DisputeWindowedPoSt-Ok-1.json'))
  const normal = vectorExterns(vector, actors)
  let reads = 0
  const counting: Externs = {
    ...normal,
    getBlock: (cid) => {
      reads++
      return normal.getBlock(cid)
    },
  }
  setBlockCacheBytes(64 << 20)
  runVector(vector, counting)
  reads = 0
  runVector(vector, counting)
  t.equal(reads, 0)
  t.ok(cacheStats().hits > 0)
  setBlockCacheBytes(0)
  t.match(cacheStats(), { bytes: 0, blocks: 0, limitBytes: 0 })
  checkVector(vector, runVector(vector, counting))
  t.ok(reads > 0)
  setBlockCacheBytes(256 << 20)
})

t.test('a worker with a large stack runs the machine on its own thread', async (t) => {
  const path = sharedData(t, 'fvm-vectors', 'nv18-actors-v10')
  const bundle = sharedData(t, 'actors', 'v10.tar.zst')
  if (path === undefined || bundle === undefined) return
  const kit = new URL('../../kit/fvm-vectors.ts', import.meta.url).href
  const file = join(path, 'ext-0002-fil_10_storageminer-DisputeWindowedPoSt-Ok-1.json')
  const code = `
    import { parentPort } from 'node:worker_threads'
    import * as kit from ${JSON.stringify(kit)}
    const vector = kit.readVector(${JSON.stringify(file)})
    const externs = kit.vectorExterns(vector, kit.bundleBlocks(${JSON.stringify(bundle)}))
    kit.checkVector(vector, kit.runVector(vector, externs))
    let text = ''
    try {
      kit.runVector(vector, { ...externs, beaconRandomness: () => { throw new Error('no such round') } })
    } catch (error) { text = error.code }
    parentPort.postMessage(text)`
  const run = (stackSizeMb: number) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { resourceLimits: { stackSizeMb } })
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  t.same(await Promise.all([run(64), run(64), run(4)]), Array(3).fill('NATIVE_FVM_EXTERN'))
})
