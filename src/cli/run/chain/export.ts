import { open, rename, rm } from 'node:fs/promises'
import { chainExport } from '../../../api/methods/chain.ts'
import { tipsetKey } from '../../../types/tipset.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { expandHome } from '../../environment.ts'
import { CliError, failed, usage } from '../../errors.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { TipsetJson } from '../../wire.ts'
import { FINALITY } from '../status.ts'

type ExportFlags = {
  readonly tipset: { readonly kind: 'text'; readonly default: string }
  readonly 'recent-stateroots': { readonly kind: 'int' }
  readonly 'skip-old-msgs': { readonly kind: 'bool' }
}

/** Writes beside the target and renames at the end, so that the target is a whole snapshot or not there. */
export async function exportChain({ node, args, flags, out }: Context<ExportFlags>): Promise<void> {
  const recent = flags['recent-stateroots']
  const skipOld = flags['skip-old-msgs']
  if (recent !== undefined && recent < FINALITY) throw usage(en.errors.stateRoots(FINALITY))
  if (recent === undefined && skipOld) throw usage(en.errors.skipNeedsRoots())
  const path = expandHome(args[0] ?? '')
  const tipset = await loadTipset(node, flags.tipset)
  const key = tipsetKey.fromJson(tipset.Cids, 'tipset')
  const partial = `${path}.partial`
  const file = await open(partial, 'w').catch((cause: NodeJS.ErrnoException) => {
    throw new CliError('CLI_FILE', en.errors.cannotWrite(path, cause.code ?? cause.message))
  })
  let bytes = 0
  let complete = false
  try {
    for await (const chunk of node.stream(chainExport, [recent ?? 0, skipOld, key])) {
      const data = chunk
      // An empty chunk is the node's word that nothing is missing.
      complete = data.length === 0
      bytes += data.length
      if (!complete) await file.writeFile(data)
    }
    if (!complete) throw failed(en.errors.exportIncomplete())
    await file.sync()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new CliError('CLI_FILE', en.errors.cannotWrite(path, 'ENOSPC'))
    throw error
  } finally {
    await file.close()
    if (!complete) await rm(partial, { force: true })
  }
  await rename(partial, path)
  if (out.wantsJson) out.json({ Path: path, Bytes: bytes, Height: tipset.Height, Cids: tipset.Cids })
}

type RangeFlags = {
  readonly head: { readonly kind: 'text'; readonly default: string }
  readonly tail: { readonly kind: 'text'; readonly default: string }
  readonly messages: { readonly kind: 'bool' }
  readonly receipts: { readonly kind: 'bool' }
  readonly stateroots: { readonly kind: 'bool' }
  readonly workers: { readonly kind: 'int'; readonly default: number }
  readonly 'write-buffer': { readonly kind: 'int'; readonly default: number }
}

/** The node writes the file into its own repository. */
export async function exportRange({ node, flags }: Context<RangeFlags>): Promise<void> {
  const head = await loadTipset(node, flags.head, '--head')
  const tail =
    flags.tail === '@tail' ? await node.call<TipsetJson>('ChainGetGenesis') : await loadTipset(node, flags.tail, '--tail')
  if (head.Height < tail.Height) throw usage(en.errors.rangeOrder())
  await node.call('ChainExportRangeInternal', head.Cids, tail.Cids, {
    WriteBufferSize: flags['write-buffer'],
    NumWorkers: flags.workers,
    IncludeMessages: flags.messages,
    IncludeReceipts: flags.receipts,
    IncludeStateRoots: flags.stateroots,
  })
}
