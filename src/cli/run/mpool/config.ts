import { parseJson } from '../../../codec/json.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { usage } from '../../errors.ts'
import { goJson } from '../../print.ts'

export async function config({ node, args, out }: Context): Promise<void> {
  const [given] = args
  if (given === undefined) {
    const current = await node.call<unknown>('MpoolGetConfig')
    out.answer(current, () => out.line(goJson(current, 0)))
    return
  }
  let wanted: unknown
  try {
    wanted = parseJson(given)
  } catch {
    throw usage(en.errors.notJson('[new-config]'))
  }
  await node.call('MpoolSetConfig', wanted)
}
