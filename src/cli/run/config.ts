import { defaultConfigText, updatedConfigText } from '../../node/config-text.ts'
import type { Context } from '../context.ts'

type ConfigFlags = { readonly 'no-comment': { readonly kind: 'bool' } }

export async function defaultConfig({ flags, out }: Context<ConfigFlags>): Promise<void> {
  out.line(defaultConfigText({ comments: !flags['no-comment'] }))
}

export async function updatedConfig({ flags, global, env, out }: Context<ConfigFlags>): Promise<void> {
  out.text(await updatedConfigText(global.repo ?? env.repo, { comments: !flags['no-comment'] }))
}
