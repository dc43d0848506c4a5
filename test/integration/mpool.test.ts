// The message pool of a node over its API, on a chain that Lotus made: estimates, pushes, selection, and what is left after a
// restart. Two nodes hand messages to each other.

import { join } from 'node:path'
import t from 'tap'
import { fromJson, toJson } from '../../src/codec/codec.ts'
import { blsSign } from '../../src/native/crypto.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { type Message, messageCid, message as messageCodec, type SignedMessage, signedMessage } from '../../src/types/message.ts'
import { SignatureType } from '../../src/types/signature.ts'
import { temporaryFolder } from '../kit/daemon.ts'
import { connect, until } from '../kit/net-pair.ts'
import { call, netOf } from '../kit/node-call.ts'
import { readKeyFile } from '../kit/resign.ts'
import { sharedData } from '../kit/shared-data.ts'
import { startTestNode } from '../kit/test-node.ts'

t.setTimeout(300_000)

t.test('messages over the API of a node', async (t) => {
  const chain = sharedData(t, 'chains', 'lotus-devnet-proofs')
  const actors = sharedData(t, 'actors')
  if (chain === undefined || actors === undefined) return
  const network = await loadNetworkFile(join(chain, 'network.json'))
  const key = readKeyFile(join(chain, 'miners', 't01000', 'pre-seal-t01000.key'))
  const json = { addressPrefix: network.addressPrefix }
  const start = (repoPath: string, imported: boolean): Promise<FullNode> =>
    startTestNode(t, {
      network,
      bundlesDir: actors,
      repoPath,
      ...(imported ? { import: { location: join(chain, 'snapshot.car.zst'), mode: 'trust' } } : {}),
    })
  const repo = join(temporaryFolder(t), 'repo')
  let node = await start(repo, true)
  const other = await start(join(temporaryFolder(t), 'repo'), true)
  await connect(netOf(other), netOf(node))
  for (const n of [node, other]) netOf(n).pubsub.joinMessages()
  const { pubsub } = netOf(node)
  await until(() => pubsub.subscribers(pubsub.messagesTopic).length === 1, 10_000, 'the subscription')

  const from = key.address.toString(network.addressPrefix)
  const ask = (method: string, ...params: unknown[]): Promise<any> => call(node, method, params)
  const nonce = (await ask('MpoolGetNonce', from)) as number
  const bare: Message = {
    version: 0n,
    to: key.address,
    from: key.address,
    nonce: BigInt(nonce),
    value: 5n,
    gasLimit: 0n,
    gasFeeCap: 0n,
    gasPremium: 0n,
    method: 0n,
    params: new Uint8Array(0),
  }
  const unsigned = toJson(messageCodec, bare, json)
  const estimated = fromJson(messageCodec, await ask('GasEstimateMessageGas', unsigned, { MaxFee: '0' }, []))
  const limit = (await ask('GasEstimateGasLimit', unsigned, [])) as number
  t.equal(Number(estimated.gasLimit), Math.floor(limit * 1.25))
  t.ok(limit > 400_000 && limit < 2_000_000, `${limit} gas for a transfer`)
  // The tipset says where the sender must be; the message itself is run on the head.
  const older = node.chain.reader.parent(node.chain.requireHead()).key.cids.map((c) => ({ '/': String(c) }))
  t.equal(await ask('GasEstimateGasLimit', unsigned, older), limit)
  const nowhere = [{ '/': messageCid(bare).toString() }]
  await t.rejects(ask('GasEstimateGasLimit', unsigned, nowhere), { message: /./ })
  const nobody = { ...(unsigned as object), From: 't0999999999' }
  await t.rejects(ask('GasEstimateGasLimit', nobody, older), {
    message: /^gas estimation failed: resolving sender t0999999999: .*: sender validation failed$/,
  })
  const keyless = { ...(unsigned as object), From: (await ask('WalletNew', 'secp256k1')) as string }
  await t.rejects(ask('GasEstimateGasLimit', keyless, []), {
    message: /^gas estimation failed: CallWithGas failed: sender t1.* not found on chain: sender validation failed$/,
  })
  // A miner actor has a nonce on chain, and sends nothing.
  await t.rejects(ask('MpoolGetNonce', 't01000'), { message: /ID address not found in lookback state/ })
  await t.rejects(ask('MpoolGetNonce', 't0999999999'), { message: /actor not found/ })
  await t.rejects(ask('MpoolCheckPendingMessages', 't01000'), { message: /ID address not found in lookback state/ })
  // Only the look-up of an id has Lotus's own number for an actor that is not there.
  await t.rejects(ask('StateLookupID', keyless.From, []), { message: 'actor not found', rpcCode: 11 })
  for (const method of ['StateGetActor', 'StateReadState', 'StateMinerInfo'])
    await t.rejects(ask(method, 't0999999999', []), { message: /actor not found/, rpcCode: 1 })
  await t.rejects(ask('StateAccountKey', 't0999999999', []), { message: 'failed to find actor: t0999999999', rpcCode: 1 })
  t.ok(estimated.gasPremium > 98_000n && estimated.gasPremium < 102_000n, 'the least premium and some noise')
  const baseFee = node.chain.requireHead().first.parentBaseFee
  t.equal(estimated.gasFeeCap, (baseFee * 2699n) / 256n + estimated.gasPremium, 'the base fee after 20 full epochs')

  const sign = (m: Message): SignedMessage => ({
    message: m,
    signature: { type: SignatureType.bls, data: blsSign(key.secret, messageCid(m).bytes) },
  })
  const push = (m: SignedMessage): Promise<any> => ask('MpoolPush', toJson(signedMessage, m, json))
  const first = sign(estimated)
  t.same(await push(first), { '/': messageCid(estimated).toString() })
  t.equal(await ask('MpoolGetNonce', from), nonce + 1)
  const second = sign({ ...estimated, nonce: estimated.nonce + 1n })
  await push(second)
  const pendingAt = async (n: FullNode): Promise<number[]> =>
    ((await call(n, 'MpoolPending', [[]])) as { Message: { Nonce: number } }[]).map((m) => m.Message.Nonce)
  t.same(await pendingAt(node), [nonce, nonce + 1])
  let seen: number[] = []
  await until(
    () => {
      void pendingAt(other).then((p) => {
        seen = p
      })
      return seen.length === 2
    },
    20_000,
    'the messages at the other node',
  )
  t.same(seen, [nonce, nonce + 1], 'they come by gossip')

  for (const quality of [1, 0.5]) {
    const chosen = (await ask('MpoolSelect', [], quality)) as { Message: { Nonce: number } }[]
    t.same(
      chosen.map((m) => m.Message.Nonce),
      [nonce, nonce + 1],
      `chosen for a block at quality ${quality}`,
    )
  }
  const disjoint = (await ask('MpoolSelects', [], [1, 0.5])) as unknown[][]
  t.same(
    disjoint.map((d) => d.length),
    [2, 0],
  )
  await t.rejects(push(sign({ ...estimated, nonce: 0n })), /message nonce too low/)
  await t.rejects(push(first), /already exists/)
  const checks = (await ask('MpoolCheckPendingMessages', from)) as { Code: number; OK: boolean; Err: string }[][]
  t.equal(checks.length, 2)
  t.ok(checks.flat().every((c) => c.OK))
  t.same(
    checks[0]?.map((c) => c.Code),
    [9, 11, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12],
  )
  const batch = (await ask(
    'GasBatchEstimateMessageGas',
    [{ Msg: unsigned }, { Msg: { ...(unsigned as object), Method: 77 } }, { Msg: unsigned }],
    nonce + 2,
    [],
  )) as { Msg: { Nonce: number; GasLimit: number } | null; Err: string }[]
  t.same(
    batch.map((b) => b.Msg?.Nonce),
    [nonce + 2, undefined, nonce + 3],
    'the bad message takes no nonce',
  )
  t.match(batch[1]?.Err, /message execution failed \(exit=\[ErrUnhandledMessage\(22\)\]/)
  await t.rejects(
    ask('GasEstimateGasLimit', { ...(unsigned as object), Value: '1000000000000000000000000000' }, []),
    /exit=\[SysErrInsufficientFunds\(6\)\]/,
  )

  await t.rejects(ask('MpoolPushMessage', { ...(unsigned as object), Nonce: 0 }, null), /./, 'the node has no such key')
  await ask('WalletImport', { Type: 'bls', PrivateKey: Buffer.from(key.secret).toString('base64') })
  const free = { ...(unsigned as object), Nonce: 0 }
  const uuid = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'
  const own = (await ask('MpoolPushMessage', free, { MaxFee: '100000000000', MsgUuid: uuid })) as {
    Message: { Nonce: number; GasLimit: number; GasFeeCap: string }
    CID: { '/': string }
  }
  t.equal(own.Message.Nonce, nonce + 2, 'after what was signed elsewhere')
  t.ok(BigInt(own.Message.GasLimit) * BigInt(own.Message.GasFeeCap) <= 100_000_000_000n, 'within the fee')
  t.same((await ask('MpoolPushMessage', free, { MaxFee: '0', MsgUuid: uuid })).CID, own.CID, 'the same id is sent once')
  await t.rejects(ask('MpoolPushMessage', { ...free, Nonce: 9 }, null), /expects message nonce to be 0, was 9/)
  await t.rejects(ask('MpoolPushMessage', { ...free, Value: '1000000000000000000000000000' }, null), /SysErrInsufficientFunds/)
  const byId = (await ask('StateLookupID', from, [])) as string
  const viaId = (await ask('MpoolPushMessage', { ...free, From: byId }, null)) as { Message: { From: string; Nonce: number } }
  t.same([viaId.Message.From, viaId.Message.Nonce], [from, nonce + 3], 'a sender by its id')
  t.equal((await ask('MpoolBatchPushMessage', [free, free], null)).length, 2)

  await node.close()
  node = await start(repo, false)
  const all = [0, 1, 2, 3, 4, 5].map((n) => nonce + n)
  t.same(await pendingAt(node), all, 'local messages are back after a restart')
  await ask('MpoolClear', true)
  t.same(await pendingAt(node), [])
  await node.close()
  node = await start(repo, false)
  t.same(await pendingAt(node), [], 'cleared for good')
})
