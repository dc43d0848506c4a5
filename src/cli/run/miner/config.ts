import { defaultConfigText, updatedConfigText } from '../../../node/config-text.ts'
import { storageMinerConfig } from '../../../node/miner-config.ts'
import type { Context } from '../../context.ts'
import { expandHome } from '../../environment.ts'

type ConfigFlags = { readonly 'no-comment': { readonly kind: 'bool' }; readonly 'miner-repo': { readonly kind: 'text' } }

export async function defaultConfig({ flags, out }: Context<ConfigFlags>): Promise<void> {
  out.line(defaultConfigText({ comments: !flags['no-comment'] }, storageMinerConfig))
}

export async function updatedConfig({ flags, env, out }: Context<ConfigFlags>): Promise<void> {
  const repo = flags['miner-repo'] === undefined ? env.minerRepo : expandHome(flags['miner-repo'])
  out.text(await updatedConfigText(repo, { comments: !flags['no-comment'] }, storageMinerConfig))
}
