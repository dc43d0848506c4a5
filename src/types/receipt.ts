import type { Codec } from '../codec/codec.ts'
import { jsonObject, list, optional, type Shape, tuple } from '../codec/combinators.ts'
import type { Json } from '../codec/json.ts'
import { bytes, int64, safeInt, text, uint64 } from '../codec/primitives.ts'
import { type CID, cid } from './cid.ts'
import { actorId } from './scalars.ts'

/** What a message's execution left behind. `eventsRoot` is undefined in receipts of before nv18, which have three fields. */
export interface MessageReceipt {
  readonly exitCode: number
  readonly return: Uint8Array
  readonly gasUsed: bigint
  readonly eventsRoot?: CID | null
}

const nullableCid = optional(cid)

/** Three fields before nv18, four from then on (FIP-0049); Lotus chain/types/message_receipt_cbor.go. */
export const messageReceipt: Codec<MessageReceipt> = {
  name: 'MessageReceipt',
  write(w, v) {
    w.array(v.eventsRoot === undefined ? 3 : 4)
    safeInt.write(w, v.exitCode)
    bytes.write(w, v.return)
    int64.write(w, v.gasUsed)
    if (v.eventsRoot !== undefined) nullableCid.write(w, v.eventsRoot)
  },
  read(r) {
    const n = r.array()
    if (n !== 3 && n !== 4) r.fail(`MessageReceipt has 3 or 4 fields, found ${n}`)
    const base = { exitCode: safeInt.read(r), return: r.bytes().slice(), gasUsed: int64.read(r) }
    return n === 3 ? base : { ...base, eventsRoot: nullableCid.read(r) }
  },
  toJson(v, ctx) {
    const out: { [k: string]: Json } = {
      ExitCode: v.exitCode,
      Return: bytes.toJson(v.return, ctx),
      GasUsed: int64.toJson(v.gasUsed, ctx),
      EventsRoot: v.eventsRoot === undefined ? null : nullableCid.toJson(v.eventsRoot, ctx),
    }
    return out
  },
  fromJson(json, path) {
    const o = jsonObject(json, path, 'MessageReceipt')
    return {
      exitCode: safeInt.fromJson(o.ExitCode, `${path}.ExitCode`),
      return: bytes.fromJson(o.Return, `${path}.Return`),
      gasUsed: int64.fromJson(o.GasUsed, `${path}.GasUsed`),
      eventsRoot: nullableCid.fromJson(o.EventsRoot, `${path}.EventsRoot`),
    }
  },
  schema: {
    title: 'MessageReceipt',
    type: 'object',
    properties: { ExitCode: { type: 'number' }, Return: { type: 'string' }, GasUsed: { type: 'number' }, EventsRoot: cid.schema },
  },
}

/** One key of an event with how its value is encoded (FIP-0049). */
export const eventEntry = tuple('EventEntry', { flags: uint64, key: text, codec: uint64, value: bytes })
/** An event and the id of the actor that emitted it. */
export const stampedEvent = tuple('Event', { emitter: actorId, entries: list(eventEntry) })
export type StampedEvent = Shape<typeof stampedEvent.fields>
