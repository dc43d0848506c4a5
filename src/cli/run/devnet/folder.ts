import { type DevnetLayout, devnetLayout } from '../../../node/devnet/layout.ts'
import type { devnetFolderFlag } from '../../commands/devnet.ts'
import type { Context } from '../../context.ts'
import { expandHome } from '../../environment.ts'
import { type NodeApi, nodeApi } from '../../node-api.ts'

/** Where the devnet lies that a command is about. */
export function layoutOf({ flags, env }: Context<typeof devnetFolderFlag>): DevnetLayout {
  return devnetLayout(flags.folder === undefined ? env.devnet : expandHome(flags.folder))
}

/** The API of the devnet's node, wherever else commands go. */
export function devnetApi(layout: DevnetLayout, signal: AbortSignal): NodeApi {
  return nodeApi({ flag: undefined, repoFlag: layout.node, env: undefined, repo: layout.node }, signal)
}

/** What leads commands of a shell to the devnet. */
export function environmentOf(layout: DevnetLayout): string {
  return `export LOTUS_PATH=${quote(layout.node)} LOTUS_MINER_PATH=${quote(layout.miner)}`
}

function quote(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
