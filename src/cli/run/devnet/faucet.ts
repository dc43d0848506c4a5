import { readDescription } from '../../../node/devnet/description.ts'
import type { devnetFolderFlag } from '../../commands/devnet.ts'
import type { Context } from '../../context.ts'
import { devnetText as text } from '../../en-devnet.ts'
import { CliError, failed, usage } from '../../errors.ts'
import { fil } from '../../format.ts'
import { parseAddress, parseFil } from '../../parse.ts'
import type { Link } from '../../wire.ts'
import { devnetApi, layoutOf } from './folder.ts'

const DEFAULT_AMOUNT = '100'
/** Epochs that must follow: a devnet of one miner has no forks. */
const CONFIDENCE = 0

/** Sends from the devnet's faucet and waits until the message is executed. */
export async function faucet(context: Context<typeof devnetFolderFlag>): Promise<void> {
  const { args, out, signal } = context
  const to = parseAddress(args[0] as string, 'the address')
  const amount = parseFil(args[1] ?? DEFAULT_AMOUNT, 'the amount')
  if (BigInt(amount) <= 0n) throw usage(text.notPositive())
  const layout = layoutOf(context)
  const { faucet: from } = await readDescription(layout)
  const node = devnetApi(layout, signal)
  try {
    const { CID } = await node.call<{ CID: Link }>(
      'MpoolPushMessage',
      {
        Version: 0,
        To: to,
        From: from,
        Nonce: 0,
        Value: amount,
        GasLimit: 0,
        GasFeeCap: '0',
        GasPremium: '0',
        Method: 0,
        Params: null,
      },
      null,
    )
    out.note(text.waiting(CID['/']))
    const { Height, Receipt } = await node.call<{ Height: number; Receipt: { ExitCode: number } }>(
      'StateWaitMsg',
      CID,
      CONFIDENCE,
      -1,
      true,
    )
    if (Receipt.ExitCode !== 0) throw failed(text.faucetFailed(Receipt.ExitCode))
    out.line(text.sent(fil(amount), to, Height, CID['/']))
  } catch (error) {
    if (error instanceof CliError && error.code === 'CLI_NO_DAEMON')
      throw new CliError('CLI_NO_DAEMON', text.notRunning(layout.folder))
    throw error
  } finally {
    await node.close()
  }
}
