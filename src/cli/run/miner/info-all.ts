import { errorMessage } from '../../../lib/errors.ts'
import { type MinerContext, minerActor } from '../../miner-actor.ts'
import { Output } from '../../print.ts'
import { deadlines, faults, info as provingInfo } from '../proving/deadlines.ts'
import { workers } from '../proving/workers.ts'
import { version } from '../version.ts'
import { info } from './info.ts'
import { find } from './storage/find.ts'
import { list } from './storage/list.ts'
import type { StorageListJson } from './storage/wire.ts'

type Section = readonly [heading: string, run: (context: MinerContext) => Promise<void>]

/** Flags that the sections' own commands have, at what they are when nobody gives them. */
const plainFlags = { 'hide-sectors-info': false, blocks: undefined, all: false }
type PlainFlags = {
  readonly 'hide-sectors-info': { readonly kind: 'bool' }
  readonly blocks: { readonly kind: 'int' }
  readonly all: { readonly kind: 'bool' }
}

const isPlain = (flag: string): flag is keyof PlainFlags => Object.hasOwn(plainFlags, flag)

const plain = (context: MinerContext): MinerContext<PlainFlags> => ({
  ...context,
  flags: { ...context.flags, ...plainFlags },
  isSet: (flag) => !isPlain(flag) && context.isSet(flag),
})

/** Lotus's sections in its order (cli/miner/info_all.go), of what a miner has here. */
const sections: readonly Section[] = [
  ['Version', ({ miner, out }) => version({ node: miner, out })],
  ['Miner Info', (context) => info(plain(context))],
  ['Storage List', list],
  ['Proving Worker List', workers],
  ['Proving Info', provingInfo],
  ['Proving Deadlines', (context) => deadlines(plain(context))],
  ['Proving Faults', faults],
]

/** Keeps what a command answers with `--json`. */
class Kept extends Output {
  value: unknown = null

  override json(value: unknown): void {
    this.value = value
  }
}

/**
 * All that the commands about a miner tell, one after the other, each sector's files last. What one of them cannot tell stands
 * there as an error, and the others follow.
 * @throws CliError when the miner or its node cannot be asked at all
 */
export async function infoAll(context: MinerContext): Promise<void> {
  const { node, out, signal } = context
  const actor = await minerActor(context)
  await node.call('Version')
  const answers: Record<string, unknown> = {}

  const show = async (mark: string, heading: string, run: (context: MinerContext) => Promise<void>): Promise<void> => {
    const kept = new Kept(process.stdout, process.stderr, { color: false, json: true })
    if (!out.wantsJson) out.line(`${heading === sections[0]?.[0] ? '' : '\n'}${mark} ${heading}`)
    try {
      await run(out.wantsJson ? { ...context, out: kept } : context)
      answers[heading] = kept.value
    } catch (error) {
      signal.throwIfAborted()
      answers[heading] = { Error: errorMessage(error) }
      if (!out.wantsJson) out.line(`ERROR:  ${errorMessage(error)}`)
    }
  }

  for (const [heading, run] of sections) await show('#:', heading, run)
  let sectors: bigint[] = []
  await show('#:', 'Per Sector Info', async (c) => {
    sectors = await storedSectors(c, actor)
    c.out.answer(sectors, () => {})
  })
  for (const sector of sectors)
    await show('##:', `Sector ${sector} Storage Location`, (c) => find({ ...c, args: [String(sector)] }))
  if (out.wantsJson) out.json(answers)
}

/** The sectors of an actor of which there are files, in order. */
async function storedSectors({ miner }: MinerContext, actor: string): Promise<bigint[]> {
  const id = BigInt(actor.slice(2))
  const declared = await miner.call<StorageListJson>('StorageList')
  const found = Object.values(declared).flatMap((sectors) => (sectors ?? []).filter(({ Miner }) => BigInt(Miner) === id))
  return [...new Set(found.map(({ Number: number }) => BigInt(number)))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
