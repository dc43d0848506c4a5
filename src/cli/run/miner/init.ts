import { configureLogging, parseLogLevel } from '../../../lib/log.ts'
import { initMiner, type MessageInit, type NewActor } from '../../../node/miner-init.ts'
import { RpcClient } from '../../../rpc/client.ts'
import { Address } from '../../../types/address.ts'
import { SECTOR_SIZES } from '../../../types/proof-types.ts'
import type { MinerFlags } from '../../commands/miner/flags.ts'
import type { initFlags } from '../../commands/miner/index.ts'
import type { Context } from '../../context.ts'
import { minerErrors, minerWords } from '../../en-miner.ts'
import { expandHome } from '../../environment.ts'
import { usage } from '../../errors.ts'
import { parseAddress, parseSize, shorten } from '../../parse.ts'

type InitContext = Context<typeof initFlags & MinerFlags>
type InitFlags = InitContext['flags']

export async function init({ flags, env, node, out, signal }: InitContext): Promise<void> {
  const messages = messageInit(flags)
  const actor = flags.actor === undefined ? newActor(flags, messages) : existingActor(flags, flags.actor)
  const metadata = flags['pre-sealed-metadata']
  const level = parseLogLevel(env.logLevel ?? 'info')
  configureLogging({ level, format: process.stderr.isTTY ? 'pretty' : 'plain', write: (text) => process.stderr.write(text) })
  const repoPath = flags['miner-repo'] === undefined ? env.minerRepo : expandHome(flags['miner-repo'])
  const client = new RpcClient(node.info())
  try {
    const result = await initMiner(client.api, {
      repoPath,
      actor,
      // The only miner of a network that is being set up cannot wait for a message: nobody else makes the block for it.
      ...(flags['genesis-miner'] ? {} : { publish: messages }),
      preSealedSectors: flags['pre-sealed-sectors'].map((path) => expandHome(path)),
      ...(metadata === undefined ? {} : { preSealedMetadata: expandHome(metadata) }),
      localStorage: !flags['no-local-storage'],
      noSync: flags.nosync || flags['genesis-miner'],
      signal,
    })
    const name =
      flags.actor ?? result.actor.toString((await client.api.miningParams([], { signal }).catch(() => undefined))?.addressPrefix)
    out.answer({ Actor: name, Repo: repoPath, Added: result.added }, () =>
      out.line(result.added ? minerWords.initialised(name, repoPath) : minerWords.known(name, repoPath)),
    )
  } finally {
    await client.close()
  }
}

function messageInit(flags: InitFlags): MessageInit {
  const premium = flags['gas-premium']
  if (!/^\d{1,30}$/.test(premium)) throw usage(minerErrors.badPremium(shorten(premium)))
  return { gasPremium: BigInt(premium), confidence: flags.confidence }
}

const onlyNew = ['owner', 'worker', 'create-worker-key', 'sector-size', 'from'] as const

function existingActor(flags: InitFlags, text: string): Address {
  // Lotus's guides give --sector-size beside --actor; it says nothing then.
  const given = onlyNew.filter((name) => name !== 'sector-size' && flags[name] !== undefined && flags[name] !== false)
  if (given.length > 0) throw usage(minerErrors.actorOrNew(given.map((name) => `--${name}`)))
  return address(text, '--actor')
}

function newActor(flags: InitFlags, messages: MessageInit): NewActor {
  if (flags['pre-sealed-metadata'] !== undefined || flags['genesis-miner']) throw usage(minerErrors.preSealedNeedsActor())
  const optional = (name: 'owner' | 'worker' | 'from'): Address | undefined => {
    const text = flags[name]
    return text === undefined ? undefined : address(text, `--${name}`)
  }
  return {
    owner: optional('owner'),
    worker: optional('worker'),
    createWorkerKey: flags['create-worker-key'],
    from: optional('from'),
    sectorSize: sectorSize(flags['sector-size']),
    depositPercent: depositPercent(flags['deposit-margin-factor']),
    ...messages,
  }
}

function address(text: string, flag: string): Address {
  return Address.parse(parseAddress(text, flag))
}

function sectorSize(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  const size = parseSize(text, '--sector-size')
  if (!SECTOR_SIZES.includes(size)) throw usage(minerErrors.noSectorSize(shorten(text)))
  return size
}

/** Hundredths, cut off as Lotus cuts them. */
function depositPercent(text: string): bigint {
  const factor = /^\d{1,3}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
  if (!(factor >= 1 && factor <= 100)) throw usage(minerErrors.badMargin(shorten(text)))
  return BigInt(Math.trunc(factor * 100))
}
