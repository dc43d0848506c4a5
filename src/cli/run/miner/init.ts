import { configureLogging, parseLogLevel } from '../../../lib/log.ts'
import { initMiner } from '../../../node/miner-init.ts'
import { RpcClient } from '../../../rpc/client.ts'
import { Address } from '../../../types/address.ts'
import type { MinerFlags } from '../../commands/miner/flags.ts'
import type { initFlags } from '../../commands/miner/index.ts'
import type { Context } from '../../context.ts'
import { minerErrors, minerWords } from '../../en-miner.ts'
import { expandHome } from '../../environment.ts'
import { usage } from '../../errors.ts'
import { parseAddress } from '../../parse.ts'

type InitContext = Context<typeof initFlags & MinerFlags>

export async function init({ flags, env, node, out, signal }: InitContext): Promise<void> {
  if (flags.actor === undefined) throw usage(minerErrors.actorMissing())
  const actor = Address.parse(parseAddress(flags.actor, '--actor'))
  const metadata = flags['pre-sealed-metadata']
  const level = parseLogLevel(env.logLevel ?? 'warn')
  configureLogging({ level, format: process.stderr.isTTY ? 'pretty' : 'plain', write: (text) => process.stderr.write(text) })
  const repoPath = flags['miner-repo'] === undefined ? env.minerRepo : expandHome(flags['miner-repo'])
  const client = new RpcClient(node.info())
  try {
    const added = await initMiner(client.api, {
      repoPath,
      actor,
      preSealedSectors: flags['pre-sealed-sectors'].map((path) => expandHome(path)),
      ...(metadata === undefined ? {} : { preSealedMetadata: expandHome(metadata) }),
      localStorage: !flags['no-local-storage'],
      // A network whose only miner is being set up has nothing to be in sync with.
      noSync: flags.nosync || flags['genesis-miner'],
      signal,
    })
    out.answer({ Actor: flags.actor, Repo: repoPath, Added: added }, () =>
      out.line(added ? minerWords.initialised(flags.actor ?? '', repoPath) : minerWords.known(flags.actor ?? '', repoPath)),
    )
  } finally {
    await client.close()
  }
}
