import { readFileSync } from 'node:fs'
import t from 'tap'
import type { ActorKind } from '../../../src/actors/manifest.ts'
import {
  decodeParams,
  decodeReturn,
  frc42Number,
  type MethodDef,
  methodByName,
  methodOf,
  methodsOf,
  mustMethodOf,
  paramsFromJson,
  paramsToJson,
} from '../../../src/actors/methods/index.ts'
import { stateCodec } from '../../../src/actors/read-state.ts'
import { type Codec, decode, encode } from '../../../src/codec/codec.ts'
import { goEmpty, goRawBytes } from '../../../src/codec/go-forms.ts'
import { parseJson } from '../../../src/codec/json.ts'

type Value = [actor: string, version: number, method: number, what: 'params' | 'return' | 'state', hex: string, json: unknown]
interface Fixture {
  /** By actor: number, name, first and last version. */
  methods: Record<string, [number, string, number, number][]>
  values: Value[]
}
const fixture = parseJson(
  readFileSync(new URL('../../fixtures/actor-methods.json', import.meta.url), 'utf8'),
) as unknown as Fixture

const kinds: Record<string, string> = {
  power: 'storagepower',
  miner: 'storageminer',
  market: 'storagemarket',
  paych: 'paymentchannel',
  verifreg: 'verifiedregistry',
}
const kindOf = (actor: string): string => kinds[actor] ?? actor
const json = { addressPrefix: 'f' } as const

t.test('every method of go-state-types is there, by number and name, in its versions and no others', async (t) => {
  for (const [actor, rows] of Object.entries(fixture.methods)) {
    for (let version = 8; version <= 18; version++) {
      const wanted = rows.filter(([, , since, until]) => version >= since && version <= until)
      const found = [...methodsOf(kindOf(actor), version).values()].filter(
        // The one method that go-state-types lacks.
        (d) => d.number !== 0n && d.name !== 'MinerPowerExported',
      )
      t.strictSame(
        found.map((d) => `${d.number} ${d.name}`).sort(),
        wanted.map(([number, name]) => `${number} ${name}`).sort(),
        `${actor} v${version}`,
      )
    }
  }
})

/** Where the actors themselves have another form than go-state-types; its values are of no use there. */
const otherForm = new Set([
  'market 5 params 12',
  'market 6 params 12',
  'miner 1332909407 return',
  'miner 1726876304 return 16',
  'miner 1726876304 return 18',
  'verifreg 9 return 12',
  'verifreg 9 return 18',
  // Padded in go-state-types, without leading zeros in the actor.
  'evm 5 params',
  // Printed as {} by Lotus, by accident.
  'market 8 return',
])
for (let v = 13; v <= 18; v++) otherForm.add(`market 7 params ${v}`)

/** Numbers that the actors read as unsigned; go-state-types' CborInt holds negative ones too. */
const isNegativeInteger = (hex: string): boolean => /^[23]/.test(hex)

t.test('values of go-state-types decode, print as in Lotus, and come back byte for byte', async (t) => {
  let compared = 0
  for (const [actor, version, number, what, hex, wanted] of fixture.values) {
    const id = `${actor} ${number} ${what}`
    if (otherForm.has(id) || otherForm.has(`${id} ${version}`)) continue
    const def = what === 'state' ? undefined : mustMethodOf(kindOf(actor), version, number)
    const codec: Codec<unknown> | null | undefined =
      def === undefined ? stateCodec(kindOf(actor) as ActorKind, version) : what === 'params' ? def.params : def.returns
    if (codec === undefined || codec === null) {
      t.fail(`${id}: no codec`)
      continue
    }
    if (codec.name === 'uint64' && isNegativeInteger(hex)) continue
    const value = decode(codec, Buffer.from(hex, 'hex'))
    const printed = JSON.stringify(codec.toJson(value, json))
    if (printed !== JSON.stringify(wanted)) t.equal(printed, JSON.stringify(wanted), `${id} v${version}`)
    if (Buffer.from(encode(codec, value)).toString('hex') !== hex) t.fail(`${id} v${version}: other bytes`)
    // Labels that are bytes are lost in JSON, in Lotus as here.
    if (!printed.includes('"Label":""') && printed !== '""') {
      const again = encode(codec, codec.fromJson(parseJson(printed), ''))
      if (Buffer.from(again).toString('hex') !== hex) t.fail(`${id} v${version}: other bytes from JSON`)
    }
    compared++
  }
  t.ok(compared > 450, `${compared} values`)
})

t.test('every value is refused when it is cut short, too long, or has another number of fields', async (t) => {
  let broken = 0
  for (const [actor, version, number, what, hex] of fixture.values) {
    const id = `${actor} ${number} ${what}`
    if (what === 'state' || otherForm.has(id) || otherForm.has(`${id} ${version}`)) continue
    const def = mustMethodOf(kindOf(actor), version, number)
    const codec = what === 'params' ? def.params : def.returns
    // These take any bytes.
    if (codec === goEmpty || codec === goRawBytes) continue
    if (codec.name === 'uint64' && isNegativeInteger(hex)) continue
    const bytes = Buffer.from(hex, 'hex')
    const bad = [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.of(0)])]
    const fields = bytes[0] as number
    // Tuples of fewer than 23 fields: one more is announced and given, one is left out.
    if (!codec.name.startsWith('list') && fields > 0x80 && fields < 0x97) {
      bad.push(Buffer.concat([Buffer.of(fields + 1), bytes.subarray(1), Buffer.of(0)]))
      bad.push(Buffer.concat([Buffer.of(fields - 1), bytes.subarray(1)]))
    }
    for (const b of bad) {
      let refused = false
      try {
        decode(codec, b)
      } catch (e) {
        refused = (e as { code?: string }).code === 'CODEC_CBOR'
      }
      if (!refused) t.fail(`${id} v${version}: ${b.toString('hex')}`)
      broken++
    }
  }
  t.ok(broken > 1500, `${broken} values`)
})

t.test('numbers made of names (FRC-0042)', async (t) => {
  // From the FRC and from go-state-types.
  t.equal(frc42Number('Constructor'), 1n)
  t.equal(frc42Number('Receive'), 3726118371n)
  t.equal(frc42Number('InvokeEVM'), 3844450837n)
  t.equal(frc42Number('AuthenticateMessage'), 2643134072n)
  t.equal(frc42Number('Transfer'), 80475954n)
  for (const bad of ['', 'receive', '1Receive', 'Re ceive', 'Récéive'])
    t.throws(() => frc42Number(bad), { code: 'METHOD_NAME' }, `"${bad}"`)
})

t.test('a method that an actor lacks', async (t) => {
  t.equal(methodOf('paymentchannel', 18, 7), undefined)
  t.equal(methodOf('datacap', 8, 1), undefined, 'an actor that came later')
  t.equal(methodOf('storageminer', 18, 33), undefined, 'a number that was given up')
  t.equal(methodOf('nothing', 18, 0), undefined)
  t.throws(() => mustMethodOf('paymentchannel', 18, 7), {
    code: 'METHOD_UNKNOWN',
    message: 'the paymentchannel actor (actors v18) has no method 7',
  })
  t.equal(methodOf('storagemarket', 11, 6)?.name, 'ActivateDeals')
  t.equal(methodOf('storagemarket', 12, 6)?.name, 'BatchActivateDeals')
  t.equal(methodByName('multisig', 18, 'Send')?.number, 0n)
  t.equal(methodByName('multisig', 8, 'ProposeExported'), undefined)
})

const swap = Buffer.from('82420064420065', 'hex')
const swapSigner = mustMethodOf('multisig', 18, 7)

t.test('bytes that are not the parameters', async (t) => {
  t.strictSame(paramsToJson(swapSigner, swap, json), { From: 'f0100', To: 'f0101' })
  const refused = (def: MethodDef, hex: string, why: RegExp): void => {
    t.throws(() => decodeParams(def, Buffer.from(hex, 'hex')), { code: 'METHOD_PARAMS', cause: { message: why } }, hex)
  }
  refused(swapSigner, '81420064', /SwapSignerParams has 2 fields, found 1/)
  refused(swapSigner, '83420064420065420066', /SwapSignerParams has 2 fields, found 3/)
  refused(swapSigner, '8242006442006500', /1 bytes follow/)
  refused(swapSigner, '824200644200', /ends inside a value/)
  refused(swapSigner, '', /ends where a value should begin/)
  refused(swapSigner, '8242006443ff0065', /./)
  refused(swapSigner, '9802420064420065', /shortest form/)
  t.throws(() => decodeReturn(mustMethodOf('multisig', 18, 2), Buffer.from('80', 'hex')), { code: 'METHOD_PARAMS' })
  t.throws(() => decodeParams(mustMethodOf('evm', 18, 5), Buffer.from(`815821${'11'.repeat(33)}`, 'hex')), {
    code: 'METHOD_PARAMS',
  })
})

t.test('a method without parameters passes over what was sent, as the actor does', async (t) => {
  const settle = mustMethodOf('paymentchannel', 18, 3)
  t.strictSame(paramsToJson(settle, new Uint8Array(0), json), {})
  t.strictSame(paramsToJson(settle, Buffer.from('ffff', 'hex'), json), {})
  t.strictSame(paramsToJson(mustMethodOf('account', 18, 0), Buffer.from('ffff', 'hex'), json), {})
})

t.test('JSON that is not the parameters', async (t) => {
  t.strictSame(Buffer.from(paramsFromJson(swapSigner, { from: 'f0100', TO: 't0101' })), swap)
  t.throws(() => paramsFromJson(swapSigner, { From: 'f0100' }), { code: 'CODEC_JSON', message: /^To: / })
  t.throws(() => paramsFromJson(swapSigner, []), { code: 'CODEC_JSON' })
  t.throws(() => paramsFromJson(mustMethodOf('evm', 18, 1), { Creator: [1, 2], Initcode: null }), {
    code: 'CODEC_JSON',
    message: /^Creator: /,
  })
})

t.test('forms of the actors that go-state-types does not have', async (t) => {
  const print = (kind: string, version: number, method: number | bigint, what: 'params' | 'returns', hex: string): unknown => {
    const def = mustMethodOf(kind, version, method)
    const value = decode(def[what], Buffer.from(hex, 'hex'))
    t.equal(Buffer.from(encode(def[what], value)).toString('hex'), hex)
    return def[what].toJson(value, json)
  }
  t.strictSame(print('storagemarket', 12, 7, 'params', '82058101'), { Epoch: 5, DealIDs: [1] })
  t.strictSame(print('storagemarket', 13, 7, 'params', '82054118'), { Epoch: 5, Sectors: [1, 1] }, 'sectors, not deals')
  t.strictSame(print('verifiedregistry', 12, 9, 'returns', '828201808142000a'), {
    SectorResults: { SuccessCount: 1, FailCodes: null },
    SectorClaims: ['10'],
  })
  t.strictSame(print('storageminer', 14, 36, 'returns', '82018182030d'), {
    SuccessCount: 1,
    FailCodes: [{ Idx: 3, Code: 13 }],
  })
  t.strictSame(print('storageminer', 16, frc42Number('GetVestingFunds'), 'returns', '818182054200ff'), {
    Funds: [{ Epoch: 5, Amount: '255' }],
  })
  t.strictSame(print('storageminer', 18, frc42Number('GetMultiaddrs'), 'returns', '818241014102'), {
    MultiAddrs: ['AQ==', 'Ag=='],
  })
  t.strictSame(print('storagepower', 16, frc42Number('MinerPower'), 'returns', '8242000140'), {
    RawBytePower: '1',
    QualityAdjPower: '0',
  })
  t.strictSame(print('reward', 18, 4, 'params', 'f6'), null)
  t.strictSame(print('evm', 18, 5, 'params', '8141ff'), { StorageKey: [...new Uint8Array(31), 255] }, 'no leading zeros')
})
