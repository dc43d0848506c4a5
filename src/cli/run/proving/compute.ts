import { bitfield } from '../../../types/bitfield.ts'
import type { Context } from '../../context.ts'
import { provingErrors } from '../../en-proving.ts'
import { failed, usage } from '../../errors.ts'
import { goDurationText } from '../../go-duration.ts'
import { type MinerContext, waitExecuted } from '../../miner-actor.ts'
import { parseInteger } from '../../parse.ts'
import type { Link } from '../../wire.ts'
import { parseDeadline } from './deadlines.ts'

interface PostParamsJson {
  readonly Partitions: readonly { readonly Index: number; readonly Skipped: unknown }[] | null
}

export async function windowedPost({ miner, args, out }: Context): Promise<void> {
  const index = parseDeadline(args[0])
  const started = process.hrtime.bigint()
  let proofs: readonly PostParamsJson[] | null
  try {
    proofs = await miner.call<readonly PostParamsJson[] | null>('ComputeWindowPoSt', index, [])
  } finally {
    if (!out.wantsJson) out.line(`Took ${goDurationText(process.hrtime.bigint() - started)}`)
  }
  const readable = proofs?.map(({ Partitions, ...rest }) => {
    const partitions = (Partitions ?? []).map(({ Index, Skipped }) => ({
      Index,
      Skipped: [...bitfield.fromJson(Skipped ?? [], 'Skipped')],
    }))
    // The order in which Lotus prints them.
    const { Deadline, ...after } = rest as { readonly Deadline?: unknown }
    return { Deadline, Partitions: partitions, ...after }
  })
  out.json(readable ?? null)
}

export async function recoverFaults(
  context: MinerContext<{ readonly confidence: { kind: 'int'; default: number } }>,
): Promise<void> {
  const { miner, args, flags, out } = context
  if (args.length === 0) throw usage(provingErrors.noSectors())
  const sectors = args.map((text) => parseInteger(text, '<faulty sectors>'))
  const messages = (await miner.call<readonly Link[] | null>('RecoverFault', sectors)) ?? []
  if (!out.wantsJson) for (const message of messages) out.line(`Declared in message ${message['/']}`)
  const outcomes = await Promise.allSettled(messages.map((message) => waitExecuted(context, message, flags.confidence)))
  if (out.wantsJson) out.json({ Messages: messages })
  const broken = outcomes.filter((outcome) => outcome.status === 'rejected')
  if (broken.length > 0) throw failed(broken.map(({ reason }) => (reason as Error).message).join('; '))
}
