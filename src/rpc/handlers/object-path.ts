import { posix } from 'node:path'
import { Amt } from '../../actors/amt.ts'
import { Hamt } from '../../actors/hamt.ts'
import { intKey, uintKey } from '../../actors/keys.ts'
import { readActorState } from '../../actors/read-state.ts'
import { actor } from '../../actors/state-tree.ts'
import { CborReader } from '../../codec/cbor-reader.ts'
import { decode, encode } from '../../codec/codec.ts'
import { deferred } from '../../codec/combinators.ts'
import { type Json, jsonInteger } from '../../codec/json.ts'
import { errorMessage } from '../../lib/errors.ts'
import { type BlockReader, mustGet } from '../../store/blockstore.ts'
import { Address } from '../../types/address.ts'
import { CID, cidFromString, DAG_CBOR, RAW, sha256Cid } from '../../types/cid.ts'
import { type IpldValue, ipldValue } from '../../types/ipld.ts'
import type { QueryEnv } from './env.ts'
import { QueryError } from './errors.ts'

/** Longest path and most steps that are followed: a state is not as deep. */
const MAX_PATH = 4096
const MAX_STEPS = 256
/** State objects may be lists of many sectors. */
const limits = { maxBytes: 32 << 20, maxItems: 1 << 22, maxDepth: 128 }

/** An object, stored or made on the way: a value inside a HAMT or an AMT counts as an object of its own. */
export interface ObjectNode {
  readonly cid: CID
  readonly data: Uint8Array
  readonly value: IpldValue
  /** Whether it was made on the way. */
  readonly made: boolean
}

function bad(message: string, cause?: unknown): QueryError {
  return new QueryError('API_BAD_PATH', message, cause === undefined ? {} : { cause })
}

/** `/ipfs/<cid>/…`, `/ipld/<cid>/…` or `<cid>/…`, cleaned as Go's path.Clean does. */
function parsePath(path: string): { root: CID; steps: string[] } {
  if (path.length > MAX_PATH) throw bad(`a path of ${path.length} characters is longer than the limit of ${MAX_PATH}`)
  const named = /^\/(ipfs|ipld)\//.exec(path)?.[0]
  if (named === undefined && path.startsWith('/')) throw bad(`the path "${path}" must begin with a CID, /ipfs/ or /ipld/`)
  const clean = posix.normalize(path.slice(named?.length ?? 0)).replace(/\/$/, '')
  const [root, ...steps] = clean.split('/')
  if (root === undefined || root === '') throw bad(`the path "${path}" names no object`)
  if (steps.length > MAX_STEPS) throw bad(`a path of ${steps.length} steps is longer than the limit of ${MAX_STEPS}`)
  try {
    return { root: cidFromString(root), steps }
  } catch (e) {
    throw bad(`invalid path "${path}": ${errorMessage(e)}`, e)
  }
}

function load(store: BlockReader, cid: CID): ObjectNode {
  const data = mustGet(store, cid)
  if (cid.code === RAW) return { cid, data, value: data, made: false }
  if (cid.code !== DAG_CBOR)
    throw bad(`object ${cid} is of codec 0x${cid.code.toString(16)}; only DAG-CBOR and raw ones can be shown`)
  return { cid, data, value: decode(ipldValue, data, limits), made: false }
}

function made(value: IpldValue): ObjectNode {
  const data = encode(ipldValue, value)
  return { cid: sha256Cid(data), data, value, made: true }
}

/**
 * Follows a path of ChainGetNode: names and indices lead through maps and lists, links are followed; `@Ha:address`,
 * `@Hi:int`, `@Hu:uint` and `@H:key` look into a HAMT, `@A:index` into an AMT, `@state` shows an actor's state
 * (Lotus node/impl/full/chain.go, resolveOnce).
 * @throws QueryError API_BAD_PATH, MissingBlockError
 */
export function resolveObject(env: QueryEnv, path: string): ObjectNode {
  const { root, steps } = parsePath(path)
  const { store } = env.state
  let node = load(store, root)
  let at = 0
  while (at < steps.length) {
    const step = steps[at] as string
    if (step.startsWith('@')) {
      const value = special(env, node, step)
      node = value instanceof CID ? load(store, value) : made(value)
      at++
      continue
    }
    const { link, next } = walk(node, steps, at)
    node = load(store, link)
    at = next
  }
  return node
}

/** Goes by names until a link is met. An object's inside is no object: a path that ends there is refused, as in Lotus. */
function walk(node: ObjectNode, steps: readonly string[], from: number): { link: CID; next: number } {
  let value: IpldValue = node.value
  for (let at = from; at < steps.length; at++) {
    const step = steps[at] as string
    let next: IpldValue | undefined
    if (value instanceof Map) next = value.get(step)
    else if (Array.isArray(value)) next = /^\d{1,9}$/.test(step) ? value[Number(step)] : undefined
    else throw bad(`nothing lies below the value at "${step}" in object ${node.cid}`)
    if (next === undefined) throw bad(`object ${node.cid} has no "${step}"`)
    if (next instanceof CID) return { link: next, next: at + 1 }
    value = next
  }
  throw bad(`the path ends inside object ${node.cid}, not at a link`)
}

function special(env: QueryEnv, node: ObjectNode, step: string): IpldValue {
  const { store } = env.state
  if (step === '@state') {
    const { addressPrefix } = env.state.network
    const state = readActorState(store, env.state.registry, decode(actor, node.data), { addressPrefix })
    return ipldValue.fromJson(JSON.parse(JSON.stringify(state)), '')
  }
  const colon = step.indexOf(':')
  const kind = colon < 0 ? step : step.slice(0, colon)
  const text = step.slice(colon + 1)
  let raw: Uint8Array | undefined
  try {
    switch (kind) {
      case '@Ha':
        raw = fromHamt(store, node, Address.parse(text).bytes)
        break
      case '@Hi':
        raw = fromHamt(store, node, intKey.toBytes(BigInt(text)))
        break
      case '@Hu':
        raw = fromHamt(store, node, uintKey.toBytes(BigInt(text)))
        break
      case '@H':
        raw = fromHamt(store, node, Buffer.from(text, 'utf8'))
        break
      case '@A':
        raw = fromAmt(store, node, BigInt(text))
        break
      default:
        throw bad(`"${step}" is no step of a path; @Ha:, @Hi:, @Hu:, @H:, @A: and @state are`)
    }
  } catch (e) {
    if (e instanceof SyntaxError || e instanceof RangeError) throw bad(`"${step}" has no number after the colon`, e)
    throw e
  }
  if (raw === undefined) throw bad(`object ${node.cid} holds nothing at "${step}"`)
  return decode(ipldValue, raw, limits)
}

function fromHamt(store: BlockReader, node: ObjectNode, key: Uint8Array): Uint8Array | undefined {
  return new Hamt(store, node.cid, { value: deferred, legacy: isLegacyHamt(node.value) }).getRaw(key)
}

/** Before go-hamt-ipld v3 a slot was a map of one entry, since then it is a link or a list. */
function isLegacyHamt(value: IpldValue): boolean {
  const slots = Array.isArray(value) ? value[1] : undefined
  return Array.isArray(slots) && slots[0] instanceof Map
}

function fromAmt(store: BlockReader, node: ObjectNode, index: bigint): Uint8Array | undefined {
  if (!Array.isArray(node.value)) throw bad(`object ${node.cid} is no AMT`)
  const legacy = node.value.length === 3
  const r = new CborReader(node.data, limits)
  r.array()
  return new Amt(store, node.cid, { value: deferred, legacy, ...(legacy ? {} : { bitWidth: r.safeInt() }) }).get(index)
}

/**
 * An object as Lotus prints it: a stored one in DAG-JSON (bytes as {"/": {"bytes": base64 without padding}}), one made on the
 * way in the JSON of go-ipld-cbor (bytes as plain base64). Links are {"/": cid} in both.
 */
export function objectJson({ value, made }: Pick<ObjectNode, 'value' | 'made'>): Json {
  const bytes = (v: Uint8Array): Json => {
    const base64 = Buffer.from(v.buffer, v.byteOffset, v.length).toString('base64')
    return made ? base64 : { '/': { bytes: base64.replace(/=+$/, '') } }
  }
  const json = (v: IpldValue): Json => {
    if (typeof v === 'bigint') return jsonInteger(v)
    if (v instanceof Uint8Array) return bytes(v)
    if (Array.isArray(v)) return v.map(json)
    if (v instanceof Map) return Object.fromEntries([...v].map(([k, item]) => [k, json(item)]))
    if (v instanceof CID) return { '/': v.toString() }
    return v
  }
  return json(value)
}
