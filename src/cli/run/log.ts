import type { Context } from '../context.ts'
import { en } from '../en.ts'
import { usage } from '../errors.ts'
import { shorten } from '../parse.ts'
import { goJson } from '../print.ts'
import type { AlertJson } from '../wire.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const

export async function listSystems({ node, out }: Context): Promise<void> {
  const systems = await node.call<readonly string[]>('LogList')
  out.answer(systems, () => {
    for (const system of systems) out.line(system)
  })
}

export async function setLevel({ node, args, flags }: Context<{ system: { kind: 'list' } }>): Promise<void> {
  const [level = ''] = args
  if (!levels.some((each) => each === level)) throw usage(en.errors.levelUnknown(shorten(level)))
  const systems = flags.system.length > 0 ? flags.system : await node.call<readonly string[]>('LogList')
  for (const system of systems) await node.call('LogSetLevel', system, level)
}

export async function alerts({ node, flags, out }: Context<{ all: { kind: 'bool' } }>): Promise<void> {
  const all = (await node.call<readonly AlertJson[] | null>('LogAlerts')) ?? []
  const shown = all.filter(({ Active }) => flags.all || Active)
  out.answer(shown, () => {
    for (const { Type, Active, LastActive, LastResolved } of shown) {
      const active = Active ? out.paint('red', 'active  ') : out.paint('green', 'inactive')
      out.line(`${active} ${Type.System}:${Type.Subsystem}`)
      if (LastResolved !== null)
        out.line(`         last resolved at ${LastResolved.Time}; reason: ${goJson(LastResolved.Message, 0)}`)
      if (LastActive !== null)
        out.line(`         ${out.paint('yellow', 'last raised at')} ${LastActive.Time}; reason: ${goJson(LastActive.Message, 0)}`)
    }
  })
}
