import type { Codec } from '../../codec/codec.ts'
import { as, jsonObject, list, optional, record } from '../../codec/combinators.ts'
import { jsonFail } from '../../codec/json.ts'
import { uint64 } from '../../codec/primitives.ts'
import { type BlockHeader, blockHeader } from '../../types/block.ts'
import { type CID, cid } from '../../types/cid.ts'
import { type Message, message, type SignedMessage, signedMessage } from '../../types/message.ts'
import { type ChainEpoch, epoch } from '../../types/scalars.ts'
import { type TipsetKey, tipsetKey } from '../../types/tipset.ts'
import { anyJson, jsonOnly, oneOf } from './shape.ts'

/**
 * An expanded tipset as the API shows it. A `Tipset` fits; what a client reads is this plain value, whose CIDs are the
 * node's word (nothing is hashed again).
 */
export interface TipsetView {
  readonly cids: readonly CID[]
  readonly blocks: readonly BlockHeader[]
  readonly height: ChainEpoch
}

const tipsetFields = record('TipSet', { cids: list(cid), blocks: list(blockHeader as Codec<BlockHeader>), height: epoch })
export const tipset: Codec<TipsetView> = tipsetFields as unknown as Codec<TipsetView>

/** A step of the chain's head (Lotus api.HeadChange). */
export interface HeadChange {
  readonly type: 'current' | 'revert' | 'apply'
  readonly val: TipsetView
}
export const headChange: Codec<HeadChange> = record('HeadChange', {
  type: oneOf('head change', ['current', 'revert', 'apply']),
  val: tipset,
})

/** The messages of a block; `cids` are those of both lists in order, each signed message by its own CID. */
export const blockMessages = record('BlockMessages', {
  blsMessages: list(message),
  secpkMessages: list(signedMessage),
  cids: list(cid),
}) as Codec<{ readonly blsMessages: Message[]; readonly secpkMessages: SignedMessage[]; readonly cids: CID[] }>

/** A message beside the CID by which the chain knows it. */
export const apiMessage = record('Message', { cid, message }) as Codec<{ readonly cid: CID; readonly message: Message }>

export const objStat = record('ObjStat', { size: uint64, links: uint64 })
/** `obj` is the object in Lotus's JSON. */
export const ipldObject = record('IpldObject', { cid, obj: anyJson })

export type TipsetTag = 'latest' | 'finalized' | 'safe'
/** Where the search by height begins; neither key nor tag means the finalized tipset. */
export interface TipsetAnchor {
  readonly key?: TipsetKey
  readonly tag?: TipsetTag
}
/** Exactly one of the three (Lotus chain/types/tipset_selector.go). */
export type TipsetSelector =
  | { readonly key: TipsetKey }
  | { readonly tag: TipsetTag }
  | { readonly height: { readonly at: ChainEpoch; readonly previous: boolean; readonly anchor?: TipsetAnchor } }

const tag = oneOf('tipset tag', ['latest', 'finalized', 'safe'])
const given = (v: unknown): boolean => v !== undefined && v !== null

function readAnchor(json: unknown, path: string): TipsetAnchor | undefined {
  if (!given(json)) return undefined
  const o = jsonObject(json, path, 'TipSetAnchor')
  if (given(o.key) && given(o.tag)) jsonFail(path, 'an anchor takes a key or a tag, not both')
  if (given(o.key)) return { key: tipsetKey.fromJson(o.key, `${path}.key`) }
  return given(o.tag) ? { tag: tag.fromJson(o.tag, `${path}.tag`) } : {}
}

export const tipsetSelector: Codec<TipsetSelector> = {
  ...jsonOnly('TipSetSelector'),
  toJson(v, ctx) {
    if ('key' in v) return { key: tipsetKey.toJson(v.key, ctx) }
    if ('tag' in v) return { tag: v.tag }
    const { at, previous, anchor } = v.height
    return {
      height: {
        at,
        ...(previous ? { previous } : {}),
        ...(anchor === undefined
          ? {}
          : {
              anchor: {
                ...(anchor.key === undefined ? {} : { key: tipsetKey.toJson(anchor.key, ctx) }),
                ...(anchor.tag === undefined ? {} : { tag: anchor.tag }),
              },
            }),
      },
    }
  },
  fromJson(json, path) {
    const o = jsonObject(json, path, 'TipSetSelector')
    const count = [o.key, o.height, o.tag].filter(given).length
    if (count !== 1) jsonFail(path, `exactly one tipset selection criteria must be specified, found: ${count}`)
    if (given(o.key)) return { key: tipsetKey.fromJson(o.key, `${path}.key`) }
    if (given(o.tag)) return { tag: tag.fromJson(o.tag, `${path}.tag`) }
    const h = jsonObject(o.height, `${path}.height`, 'TipSetHeight')
    if (!given(h.at)) jsonFail(`${path}.height`, 'the epoch (at) must be given')
    const at = epoch.fromJson(h.at, `${path}.height.at`)
    if (at < 0) jsonFail(`${path}.height.at`, 'the epoch cannot be below zero')
    if (given(h.previous) && typeof h.previous !== 'boolean') jsonFail(`${path}.height.previous`, 'expected true or false')
    const anchor = readAnchor(h.anchor, `${path}.height.anchor`)
    return { height: { at, previous: h.previous === true, ...(anchor === undefined ? {} : { anchor }) } }
  },
  schema: {
    title: 'TipSetSelector',
    type: 'object',
    properties: { key: tipsetKey.schema, height: { type: 'object' }, tag: tag.schema },
  },
}

/** How final the chain is (Lotus chain/types/finality.go). */
export const finalityStatus = record('FinalityStatus', {
  /** Epochs; -1 where the chain is too thin, or too short, for a depth. */
  ecFinalityThresholdDepth: as('ecFinalityThresholdDepth', epoch),
  ecFinalizedTipSet: as('ecFinalizedTipSet', optional(tipset)),
  /** Null while F3 has finalized nothing. */
  f3FinalizedTipSet: as('f3FinalizedTipSet', optional(tipset)),
  /** The newest of the two; 900 epochs below the head where there is neither. */
  finalizedTipSet: as('finalizedTipSet', tipset),
  head: as('head', tipset),
})
