import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { contract, endpoints, lookupMethod } from '../../../src/api/contract.ts'
import { type AnyMethod, decodeParams, encodeResult, method, param } from '../../../src/api/method.ts'
import { jsonInteger, parseJson } from '../../../src/codec/json.ts'
import { uint64 } from '../../../src/codec/primitives.ts'
import type { NodeError } from '../../../src/lib/errors.ts'
import { openRpcDocument } from '../../../src/rpc/openrpc.ts'
import { sharedFile } from '../../kit/shared-data.ts'

interface OpenRpcMethod {
  name: string
  params: { schema: { examples?: unknown[] } }[]
  result: { schema: { examples?: unknown[] } }
}

const json = { addressPrefix: 'f' } as const
const text = (value: unknown): string => JSON.stringify(value, (_k, v) => (typeof v === 'bigint' ? jsonInteger(v) : v))

/** Permissions other than read in Lotus (api/api_full.go, api/api_common.go), methods of this contract. */
const notRead: Readonly<Record<string, string>> = {
  'Filecoin.MinerCreateBlock': 'write',
  'Filecoin.F3GetOrRenewParticipationTicket': 'sign',
  'Filecoin.WalletNew': 'write',
  'Filecoin.WalletHas': 'write',
  'Filecoin.WalletList': 'write',
  'Filecoin.WalletDefaultAddress': 'write',
  'Filecoin.WalletSetDefault': 'write',
  'Filecoin.WalletSign': 'sign',
  'Filecoin.WalletSignMessage': 'sign',
  'Filecoin.WalletExport': 'admin',
  'Filecoin.WalletImport': 'admin',
  'Filecoin.WalletDelete': 'admin',
  'Filecoin.WalletState': 'admin',
  'Filecoin.HasPassword': 'admin',
  'Filecoin.SetPassword': 'admin',
  'Filecoin.LockWallet': 'admin',
  'Filecoin.UnLockWallet': 'admin',
  'Filecoin.ChainDeleteObj': 'admin',
  'Filecoin.ChainPutObj': 'admin',
  'Filecoin.ChainSetHead': 'admin',
  'Filecoin.ChainCheckBlockstore': 'admin',
  'Filecoin.AuthNew': 'admin',
  'Filecoin.LogList': 'write',
  'Filecoin.LogSetLevel': 'write',
  'Filecoin.LogAlerts': 'admin',
  'Filecoin.Shutdown': 'admin',
  'Filecoin.SyncSubmitBlock': 'write',
  'Filecoin.SyncCheckpoint': 'admin',
  'Filecoin.SyncMarkBad': 'admin',
  'Filecoin.SyncUnmarkBad': 'admin',
  'Filecoin.SyncUnmarkAllBad': 'admin',
  'Filecoin.MarketAddBalance': 'sign',
  'Filecoin.MarketGetReserved': 'sign',
  'Filecoin.MarketReserveFunds': 'sign',
  'Filecoin.MarketReleaseFunds': 'sign',
  'Filecoin.MarketWithdraw': 'sign',
  'Filecoin.MpoolPush': 'write',
  'Filecoin.MpoolPushUntrusted': 'write',
  'Filecoin.MpoolPushMessage': 'sign',
  'Filecoin.MpoolBatchPush': 'write',
  'Filecoin.MpoolBatchPushUntrusted': 'write',
  'Filecoin.MpoolBatchPushMessage': 'sign',
  'Filecoin.MpoolClear': 'write',
  'Filecoin.MpoolSetConfig': 'admin',
  'Filecoin.NetConnect': 'write',
  'Filecoin.NetDisconnect': 'write',
  'Filecoin.NetBlockAdd': 'admin',
  'Filecoin.NetBlockRemove': 'admin',
  'Filecoin.NetProtectAdd': 'admin',
  'Filecoin.NetProtectRemove': 'admin',
  'Filecoin.NetSetLimit': 'admin',
}

/** Methods that Lotus's document leaves out: channels, and the group that it shares with other programs. */
const undocumented = new Set([
  'ChainNotify',
  'ChainExport',
  'SyncIncomingBlocks',
  'MpoolSub',
  'Closing',
  'Version',
  'ID',
  'Session',
  'StartTime',
  'Shutdown',
  'Discover',
  'AuthVerify',
  'AuthNew',
  'LogList',
  'LogSetLevel',
  'LogAlerts',
])

/** Methods that Lotus does not have. */
const beyond = new Set([
  'MpoolSelects',
  'GasBatchEstimateMessageGas',
  'MiningParams',
  'WalletState',
  'HasPassword',
  'SetPassword',
  'LockWallet',
  'UnLockWallet',
])

/** Chain and State methods of Lotus v1 that come with the parts of the node that they belong to. */
const later = new Set(['ChainPrune', 'ChainHotGC', 'ChainValidateIndex', 'ChainExportRangeInternal'])

/** Results whose example is filler that no node would answer: one byte of randomness, an unknown kind of head change. */
const filler = /Randomness|ChainGetPath$/

function lotusMethods(t: Test, file: string): Map<string, OpenRpcMethod> | undefined {
  const bytes = sharedFile(t, 'openrpc', file)
  if (bytes === undefined) return undefined
  const { methods } = parseJson(bytes.toString('utf8')) as { methods: OpenRpcMethod[] }
  return new Map(methods.map((m) => [m.name, m]))
}

for (const [version, file] of [
  ['v1', 'lotus-v1-full.json'],
  ['v2', 'lotus-v2-full.json'],
] as const) {
  t.test(`${version}: names, parameter counts and examples agree with Lotus's document`, (t) => {
    const lotus = lotusMethods(t, file)
    if (lotus === undefined) {
      t.end()
      return
    }
    let compared = 0
    for (const def of new Set(endpoints.get(version)?.values())) {
      const theirs = lotus.get(def.name)
      const bare = def.name.slice('Filecoin.'.length)
      if (theirs === undefined) {
        t.ok(undocumented.has(bare) || beyond.has(bare) || bare.startsWith('Net'), `${def.name} is in Lotus's document`)
        continue
      }
      compared++
      t.equal(def.params.length, theirs.params.length, `${def.name}: number of parameters`)
      // Lotus cannot read its own example of a block ({}); bytes take its place here.
      if (bare === 'ChainPutObj') continue
      const examples = theirs.params.map((p) => p.schema.examples?.[0])
      t.doesNotThrow(() => decodeParams(def, examples), `${def.name}: the example parameters are read`)
      const example = theirs.result.schema.examples?.[0]
      if (example !== undefined) checkExample(t, def, example)
    }
    t.ok(compared >= (version === 'v1' ? 90 : 3), `${compared} methods were compared`)
    for (const name of lotus.keys()) {
      if (!/^Filecoin\.(Chain|State|Sync|Mpool|Gas|Wallet)/.test(name) || lookupMethod(version, name) !== undefined) continue
      t.ok(later.has(name.slice('Filecoin.'.length)), `${name} is declared`)
    }
    t.end()
  })
}

function checkExample(t: Test, def: AnyMethod, example: unknown): void {
  if (filler.test(def.name)) return
  let out: unknown
  try {
    out = parseJson(JSON.stringify(encodeResult(def, def.result.fromJson(example, 'example'), json)))
  } catch (e) {
    t.fail(`${def.name}: ${(e as Error).message}`)
    return
  }
  // Examples are filled in by reflection: an address in a map may carry the other letter, a CID the hash of nothing.
  const names = (v: unknown): unknown =>
    Array.isArray(v) ? v.map(names) : typeof v === 'object' && v !== null ? Object.entries(v).map(([k, x]) => [k, names(x)]) : 0
  t.equal(text(names(out)), text(names(example)), `${def.name}: the example result has the same fields`)
}

t.test('permissions are those of Lotus', (t) => {
  for (const def of contract.values()) t.equal(def.perm, notRead[def.name] ?? 'read', def.name)
  t.end()
})

t.test('endpoints hold what their version has', (t) => {
  t.equal(lookupMethod('v1', 'rpc.discover'), lookupMethod('v1', 'Filecoin.Discover'))
  t.not(lookupMethod('v0', 'Filecoin.StateSearchMsg'), lookupMethod('v1', 'Filecoin.StateSearchMsg'))
  t.equal(lookupMethod('v0', 'Filecoin.StateSearchMsg')?.params.length, 1)
  t.equal(lookupMethod('v0', 'Filecoin.ChainGetTipSetAfterHeight'), undefined)
  t.equal(lookupMethod('v2', 'Filecoin.ChainHead'), undefined)
  t.equal(lookupMethod('v1', 'constructor'), undefined)
  for (const def of contract.values()) {
    const successor = def.forward?.to
    if (successor === undefined) continue
    t.ok(contract.get(successor.id), `${def.id} is answered by a declared method`)
    t.equal(def.forward?.params(def.params.map(() => 0)).length, successor.params.length, def.id)
  }
  t.end()
})

t.test('parameters are refused with the numbers of go-jsonrpc', (t) => {
  const def = method({
    name: 'Test.M',
    perm: 'read',
    params: [param('a', uint64), { name: 'b', codec: uint64, optional: true }],
    result: uint64,
    doc: '',
    versions: ['v1'],
    where: 'main',
  })
  const code = (given: unknown): number => {
    try {
      decodeParams(def, given)
      return 0
    } catch (e) {
      return (e as NodeError).rpcCode
    }
  }
  t.equal(code([1]), 0)
  t.equal(code([1, 2]), 0)
  t.same(decodeParams(def, [1]), [1n, undefined])
  t.equal(code([]), -32602)
  t.equal(code(undefined), -32602)
  t.equal(code([1, 2, 3]), -32602)
  t.equal(code({ a: 1 }), -32700)
  t.equal(code(['1']), -32700)
  t.equal(code([-1]), -32700)
  t.throws(() => decodeParams(def, ['1']), {
    message: "unmarshaling params for 'Test.M': a: expected an integer, found a string",
  })
  t.throws(() => decodeParams(def, []), { message: "wrong param count (method 'Test.M'): 0 != 2" })
  t.end()
})

t.test('docs/openrpc*.json are what the contract gives', (t) => {
  const root = new URL('../../../', import.meta.url)
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  for (const [endpoint, file] of [
    ['v0', 'openrpc-v0.json'],
    ['v1', 'openrpc.json'],
    ['v2', 'openrpc-v2.json'],
  ] as const) {
    const written = readFileSync(new URL(`docs/${file}`, root), 'utf8')
    t.equal(
      written,
      `${JSON.stringify(openRpcDocument(endpoints, endpoint, version), null, 2)}\n`,
      `${file}: run scripts/gen-openrpc.ts`,
    )
  }
  t.end()
})
