import { CborReader } from '../../codec/cbor-reader.ts'
import { encode } from '../../codec/codec.ts'
import { goEmpty } from '../../codec/go-forms.ts'
import type { Json, JsonContext } from '../../codec/json.ts'
import type { ActorKind } from '../manifest.ts'
import { datacapMethods } from './datacap.ts'
import { MethodError } from './errors.ts'
import { eamMethods, evmMethods } from './evm.ts'
import { marketMethods } from './market.ts'
import type { MethodDef, MethodRow } from './method-def.ts'
import { minerMethods } from './miner.ts'
import { multisigMethods } from './multisig.ts'
import { paychMethods } from './paych.ts'
import { powerMethods } from './power.ts'
import {
  accountMethods,
  cronMethods,
  ethaccountMethods,
  initMethods,
  placeholderMethods,
  rewardMethods,
  systemMethods,
} from './system-actors.ts'
import { verifregMethods } from './verifreg.ts'

/** Kinds of built-in actors by their names in the bundle's manifest. */
const tables: Readonly<Record<ActorKind, readonly MethodRow[]>> = {
  system: systemMethods,
  init: initMethods,
  account: accountMethods,
  cron: cronMethods,
  reward: rewardMethods,
  storagepower: powerMethods,
  storageminer: minerMethods,
  storagemarket: marketMethods,
  multisig: multisigMethods,
  paymentchannel: paychMethods,
  verifiedregistry: verifregMethods,
  datacap: datacapMethods,
  evm: evmMethods,
  eam: eamMethods,
  ethaccount: ethaccountMethods,
  placeholder: placeholderMethods,
}

/** First version whose methods are known. */
export const FIRST_ACTORS_VERSION = 8

/** A plain transfer: every actor has it. What parameters it carries is nobody's but the receiver's. */
export const sendMethod: MethodDef = { number: 0n, name: 'Send', params: goEmpty, returns: goEmpty }

const byVersion = new Map<string, ReadonlyMap<bigint, MethodDef>>()

/** All methods of an actor by number, the plain send first; empty for a kind or version that is not known. */
export function methodsOf(kind: string, actorsVersion: number): ReadonlyMap<bigint, MethodDef> {
  const key = `${kind} ${actorsVersion}`
  let found = byVersion.get(key)
  if (found === undefined) {
    found = build(kind, actorsVersion)
    // Only what is known is kept: kinds may come from outside.
    if (found.size > 0) byVersion.set(key, found)
  }
  return found
}

function build(kind: string, actorsVersion: number): ReadonlyMap<bigint, MethodDef> {
  const out = new Map<bigint, MethodDef>()
  if (!Object.hasOwn(tables, kind) || actorsVersion < FIRST_ACTORS_VERSION) return out
  out.set(0n, sendMethod)
  for (const { since, until, number, name, params, returns } of tables[kind as ActorKind])
    if (actorsVersion >= since && actorsVersion <= until) out.set(number, { number, name, params, returns })
  return out
}

/** A method by number; undefined when the actor has none of that number. */
export function methodOf(kind: string, actorsVersion: number, method: bigint | number): MethodDef | undefined {
  return methodsOf(kind, actorsVersion).get(BigInt(method))
}

/** @throws MethodError METHOD_UNKNOWN */
export function mustMethodOf(kind: string, actorsVersion: number, method: bigint | number): MethodDef {
  const def = methodOf(kind, actorsVersion, method)
  if (def === undefined)
    throw new MethodError('METHOD_UNKNOWN', `the ${kind} actor (actors v${actorsVersion}) has no method ${method}`, {
      fields: { kind, actorsVersion, method },
    })
  return def
}

/** The method of this name (Lotus's, `Send` for 0); undefined when there is none. */
export function methodByName(kind: string, actorsVersion: number, name: string): MethodDef | undefined {
  for (const def of methodsOf(kind, actorsVersion).values()) if (def.name === name) return def
  return undefined
}

function read(def: MethodDef, what: 'params' | 'returns', bytes: Uint8Array): unknown {
  try {
    const r = new CborReader(bytes)
    const value = def[what].read(r) as unknown
    r.end()
    return value
  } catch (e) {
    throw new MethodError(
      'METHOD_PARAMS',
      `the bytes are not ${what === 'params' ? 'the parameters' : 'a return value'} of ${def.name}`,
      {
        cause: e,
        fields: { method: def.name },
      },
    )
  }
}

/**
 * Decodes a message's parameters; trailing bytes are refused.
 * @throws MethodError METHOD_PARAMS
 */
export function decodeParams(def: MethodDef, params: Uint8Array): unknown {
  return read(def, 'params', params)
}

/**
 * Decodes a receipt's return value.
 * @throws MethodError METHOD_PARAMS
 */
export function decodeReturn(def: MethodDef, bytes: Uint8Array): unknown {
  return read(def, 'returns', bytes)
}

/** Parameters as Lotus's StateDecodeParams prints them. @throws MethodError METHOD_PARAMS */
export function paramsToJson(def: MethodDef, params: Uint8Array, ctx: JsonContext): Json {
  return def.params.toJson(read(def, 'params', params), ctx)
}

/** A return value as Lotus prints it. @throws MethodError METHOD_PARAMS */
export function returnToJson(def: MethodDef, bytes: Uint8Array, ctx: JsonContext): Json {
  return def.returns.toJson(read(def, 'returns', bytes), ctx)
}

/** What StateEncodeParams does: the CBOR of parameters given as JSON. @throws CodecError CODEC_JSON, CODEC_VALUE */
export function paramsFromJson(def: MethodDef, json: unknown): Uint8Array {
  return encode(def.params, def.params.fromJson(json, '') as unknown)
}
