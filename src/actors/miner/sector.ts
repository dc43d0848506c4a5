import type { Codec } from '../../codec/codec.ts'
import { as, list, optional, record, type Shape, tuple } from '../../codec/combinators.ts'
import { bigInt, bool, safeInt, uint64 } from '../../codec/primitives.ts'
import { cid } from '../../types/cid.ts'
import { epoch, sectorNumber, tokenAmount } from '../../types/scalars.ts'

/** Power is counted by the rules of FIP-0045. */
export const SECTOR_SIMPLE_QA_POWER = 1n

const head = {
  sectorNumber,
  /** A registered seal proof type. */
  sealProof: safeInt,
  /** CommR */
  sealedCid: as('SealedCID', cid),
}
const span = {
  /** Epoch of the proof's acceptance. */
  activation: epoch,
  expiration: epoch,
  /** byte-epochs */
  dealWeight: bigInt,
  verifiedDealWeight: bigInt,
  /** attoFIL */
  initialPledge: tokenAmount,
}
const dealIds = list(uint64, { emptyJson: 'null' })

const v8 = tuple('SectorOnChainInfo', {
  ...head,
  dealIds,
  ...span,
  expectedDayReward: tokenAmount,
  expectedStoragePledge: tokenAmount,
  replacedSectorAge: epoch,
  replacedDayReward: tokenAmount,
  sectorKeyCid: optional(cid),
})
const v9 = tuple('SectorOnChainInfo', { ...v8.fields, simpleQaPower: bool })
const { replacedSectorAge: _age, simpleQaPower: _simple, ...v9Kept } = v9.fields
const v12 = tuple('SectorOnChainInfo', {
  ...head,
  dealIds,
  ...span,
  expectedDayReward: v9Kept.expectedDayReward,
  expectedStoragePledge: v9Kept.expectedStoragePledge,
  powerBaseEpoch: epoch,
  replacedDayReward: tokenAmount,
  sectorKeyCid: optional(cid),
  flags: uint64,
})
const v16Bare = tuple('SectorOnChainInfo', {
  ...head,
  dealIds,
  ...span,
  expectedDayReward: optional(tokenAmount),
  expectedStoragePledge: optional(tokenAmount),
  powerBaseEpoch: epoch,
  replacedDayReward: optional(tokenAmount),
  sectorKeyCid: optional(cid),
  flags: uint64,
})

/** A sector as all versions can be read. Amounts are attoFIL. */
export interface SectorOnChainInfo extends Readonly<Shape<typeof v16Bare.fields>> {
  /** Fee per day (FIP-0100); undefined for sectors from before, which pay none. */
  readonly dailyFee: bigint | undefined
  /** Age of the sector that this one replaced; only in actors v8 to v11, which have no `powerBaseEpoch`. */
  readonly replacedSectorAge?: number
}

/** Fifteen fields, and the fee as a sixteenth once it has been set. */
const v16: Codec<SectorOnChainInfo> = {
  ...v16Bare,
  write(w, v) {
    const entries = Object.entries(v16Bare.fields) as [keyof typeof v16Bare.fields, Codec<unknown>][]
    w.array(entries.length + (v.dailyFee === undefined ? 0 : 1))
    for (const [key, codec] of entries) codec.write(w, v[key])
    if (v.dailyFee !== undefined) tokenAmount.write(w, v.dailyFee)
  },
  read(r) {
    const entries = Object.entries(v16Bare.fields) as [string, Codec<unknown>][]
    const n = r.array()
    if (n !== entries.length && n !== entries.length + 1) r.fail(`SectorOnChainInfo has 15 or 16 fields, found ${n}`)
    const out: Record<string, unknown> = {}
    for (const [key, codec] of entries) out[key] = codec.read(r)
    out.dailyFee = n > entries.length ? tokenAmount.read(r) : undefined
    return out as unknown as SectorOnChainInfo
  },
  toJson: (v, ctx) => sectorJson.toJson({ ...v, dailyFee: v.dailyFee ?? 0n }, ctx),
  fromJson: (json, path) => ({ ...sectorJson.fromJson(json, path), dealIds: [] }),
}

/** Lotus prints sectors of every version in the newest form, without the deal ids. */
const { dealIds: _ids, ...shown } = v16Bare.fields
const sectorJson = record('SectorOnChainInfo', {
  ...shown,
  sectorKeyCid: as('SectorKeyCID', optional(cid)),
  dailyFee: tokenAmount,
})

/** Another form on the wire, shown as the newest. */
function upgraded<T>(
  old: Codec<T>,
  to: (value: T) => SectorOnChainInfo,
  from: (value: SectorOnChainInfo) => T,
  toJson: Codec<SectorOnChainInfo>['toJson'] = v16.toJson,
): Codec<SectorOnChainInfo> {
  return { ...v16, write: (w, v) => old.write(w, from(v)), read: (r) => to(old.read(r)), toJson }
}

/** Lotus does not show what v8 to v11 know of a replaced sector. */
const withoutReplaced: Codec<SectorOnChainInfo>['toJson'] = (v, ctx) => v16.toJson({ ...v, replacedDayReward: null }, ctx)

const codecV8 = upgraded(
  v8,
  (s) => ({ ...s, powerBaseEpoch: 0, flags: 0n, dailyFee: undefined }),
  (s) => ({ ...rewards(s), replacedSectorAge: s.replacedSectorAge ?? 0 }),
  withoutReplaced,
)
const codecV9 = upgraded(
  v9,
  ({ simpleQaPower, ...s }) => ({
    ...s,
    powerBaseEpoch: 0,
    flags: simpleQaPower ? SECTOR_SIMPLE_QA_POWER : 0n,
    dailyFee: undefined,
  }),
  (s) => ({
    ...rewards(s),
    replacedSectorAge: s.replacedSectorAge ?? 0,
    simpleQaPower: (s.flags & SECTOR_SIMPLE_QA_POWER) !== 0n,
  }),
  (v, ctx) => withoutReplaced({ ...v, flags: 0n }, ctx),
)
const codecV12 = upgraded(
  v12,
  (s) => ({ ...s, dailyFee: undefined }),
  (s) => rewards(s),
)

function rewards(s: SectorOnChainInfo) {
  return {
    ...s,
    expectedDayReward: s.expectedDayReward ?? 0n,
    expectedStoragePledge: s.expectedStoragePledge ?? 0n,
    replacedDayReward: s.replacedDayReward ?? 0n,
  }
}

/**
 * go-state-types builtin/v8, v9, v12 and v16 miner_state.go. In v8 to v11 `powerBaseEpoch` is 0 (as Lotus shows it) and a sector's
 * power counts from its activation.
 */
export function sectorOnChainInfo(version: number): Codec<SectorOnChainInfo> {
  if (version >= 16) return v16
  if (version >= 12) return codecV12
  return version >= 9 ? codecV9 : codecV8
}

const preCommitHead = {
  sealProof: safeInt,
  ...{ sectorNumber, sealedCid: head.sealedCid },
  sealRandEpoch: epoch,
  dealIds: as('DealIDs', dealIds),
  expiration: epoch,
}
const preCommitInfoV8 = tuple('SectorPreCommitInfo', {
  ...preCommitHead,
  replaceCapacity: bool,
  replaceSectorDeadline: uint64,
  replaceSectorPartition: uint64,
  replaceSectorNumber: sectorNumber,
})
/** What a pre-commitment promises. `unsealedCid` is null for a sector without data (from actors v9 on). */
export const sectorPreCommitInfo = tuple('SectorPreCommitInfo', { ...preCommitHead, unsealedCid: optional(cid) })
export type SectorPreCommitInfo = Readonly<Shape<typeof sectorPreCommitInfo.fields>>

const preCommitV8 = tuple('SectorPreCommitOnChainInfo', {
  info: preCommitInfoV8,
  preCommitDeposit: tokenAmount,
  preCommitEpoch: epoch,
  dealWeight: bigInt,
  verifiedDealWeight: bigInt,
})
const preCommitV9 = tuple('SectorPreCommitOnChainInfo', {
  info: sectorPreCommitInfo,
  preCommitDeposit: tokenAmount,
  preCommitEpoch: epoch,
})
export type SectorPreCommitOnChainInfo = Readonly<Shape<typeof preCommitV9.fields>>

const preCommitFromV8: Codec<SectorPreCommitOnChainInfo> = {
  ...preCommitV9,
  read(r) {
    const { info, preCommitDeposit, preCommitEpoch } = preCommitV8.read(r)
    const { sealProof, sectorNumber, sealedCid, sealRandEpoch, dealIds, expiration } = info
    return {
      info: { sealProof, sectorNumber, sealedCid, sealRandEpoch, dealIds, expiration, unsealedCid: null },
      preCommitDeposit,
      preCommitEpoch,
    }
  },
}

/** go-state-types builtin/v8 and v9 miner_state.go; those of v8 can only be read. */
export function sectorPreCommitOnChainInfo(version: number): Codec<SectorPreCommitOnChainInfo> {
  return version >= 9 ? preCommitV9 : preCommitFromV8
}
