import { readFileSync } from 'node:fs'
import type { Context } from '../context.ts'

interface VersionJson {
  readonly Version: string
  /** Major, minor and patch of the API, one byte each. */
  readonly APIVersion: number
}

export async function version({ node, out }: Pick<Context, 'node' | 'out'>): Promise<void> {
  const daemon = await node.call<VersionJson>('Version')
  const local = (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version
  const api = [16, 8, 0].map((shift) => (daemon.APIVersion >> shift) & 255).join('.')
  out.answer({ Daemon: daemon, Local: local }, () => {
    out.line(`Daemon:  ${daemon.Version}+api${api}`)
    out.line(`Local: nelumbo version ${local}`)
  })
}
