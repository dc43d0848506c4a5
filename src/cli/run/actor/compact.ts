import { compactSectorNumbersParams } from '../../../actors/methods/miner-sectors.ts'
import { encode } from '../../../codec/codec.ts'
import { BitField, bitfield } from '../../../types/bitfield.ts'
import { actorErrors } from '../../en-actor.ts'
import { failed, usage } from '../../errors.ts'
import { MESSAGE_CONFIDENCE, type MinerContext, minerActor, minerInfo, pushToActor, waitExecuted } from '../../miner-actor.ts'

const METHOD_COMPACT_SECTOR_NUMBERS = 20
/** Masking up to such a number would leave the miner none for new sectors. */
const HIGHEST = 1n << 60n

type Int = { readonly kind: 'int' }

/** Marks sector numbers as used, so that the list of them takes less room (Lotus cli/spcli/actor.go, ActorCompactAllocatedCmd). */
export async function compactAllocated(
  context: MinerContext<{
    readonly 'mask-last-offset': Int
    readonly 'mask-upto-n': Int
    readonly 'really-do-it': { readonly kind: 'bool' }
  }>,
): Promise<void> {
  const { node, flags, out } = context
  const { 'mask-last-offset': offset, 'mask-upto-n': upTo } = flags
  if ((offset === undefined) === (upTo === undefined)) throw usage(actorErrors.oneMask())
  if (!flags['really-do-it']) {
    out.answer({ Message: null }, () => out.line('Pass --really-do-it to actually execute this action'))
    return
  }
  const actor = await minerActor(context)
  let length = BigInt(upTo ?? 0)
  if (offset !== undefined) {
    const allocated = bitfield.fromJson((await node.call<never>('StateMinerAllocated', actor, [])) ?? [0], '')
    const last = allocated.runs.at(-1)
    const highest = last === undefined ? 0n : last.start + last.length - 1n
    if (highest <= BigInt(offset) + 1n) throw failed(actorErrors.maskAboveAll(highest, offset))
    if (highest > HIGHEST) throw failed(actorErrors.veryHighSector(highest))
    length = highest - BigInt(offset)
  }
  const maskSectorNumbers = BitField.fromRuns(length === 0n ? [] : [{ start: 0n, length }])
  const { Worker } = await minerInfo(context, actor)
  const params = encode(compactSectorNumbersParams, { maskSectorNumbers })
  const message = await pushToActor(context, actor, { from: Worker, method: METHOD_COMPACT_SECTOR_NUMBERS, params })
  if (!out.wantsJson) out.line(`CompactSectorNumbers Message CID: ${message['/']}`)
  await waitExecuted(context, message, MESSAGE_CONFIDENCE)
  if (out.wantsJson) out.json({ Message: message })
}
