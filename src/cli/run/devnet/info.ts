import { readDescription } from '../../../node/devnet/description.ts'
import type { devnetFolderFlag } from '../../commands/devnet.ts'
import type { Context } from '../../context.ts'
import { devnetText as text } from '../../en-devnet.ts'
import { CliError } from '../../errors.ts'
import { devnetApi, environmentOf, layoutOf } from './folder.ts'

/** What the devnet is, where it stands, and how to use it. */
export async function info(context: Context<typeof devnetFolderFlag>): Promise<void> {
  const { out, signal } = context
  const layout = layoutOf(context)
  const d = await readDescription(layout)
  const node = devnetApi(layout, signal)
  let height: number | undefined
  try {
    height = (await node.call<{ Height: number }>('ChainHead')).Height
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'CLI_NO_DAEMON') throw error
  } finally {
    await node.close()
  }
  const value = {
    Name: d.name,
    Folder: layout.folder,
    Running: height !== undefined,
    Head: height ?? null,
    Proofs: d.proofs,
    BlockDelaySecs: d.blockDelaySecs,
    Miners: d.miners,
    SectorsPerMiner: d.sectorsPerMiner,
    Faucet: d.faucet,
    NetworkFile: layout.network,
  }
  out.answer(value, () => {
    out.line(`Name:         ${d.name}`)
    out.line(`Folder:       ${layout.folder}`)
    out.line(`Running:      ${height === undefined ? 'no' : `yes, at epoch ${height}`}`)
    out.line(`Proofs:       ${d.proofs}`)
    out.line(`Block delay:  ${d.blockDelaySecs} s`)
    out.line(`Miners:       ${d.miners.join(', ')} with ${d.sectorsPerMiner} sectors each`)
    out.line(`Faucet:       ${d.faucet}`)
    out.line(`Network file: ${layout.network}`)
    out.line()
    out.line(environmentOf(layout))
    out.line(text.join(layout.network))
  })
}
