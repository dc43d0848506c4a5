import type { Context } from '../../context.ts'
import { walletErrors } from '../../en-wallet.ts'
import { failed, usage } from '../../errors.ts'
import { readSecret } from '../../secret-input.ts'

export async function lock({ node, out }: Context): Promise<void> {
  await node.call('LockWallet')
  out.answer({ Locked: true }, () => out.line('The wallet is locked'))
}

export async function unlock(context: Context): Promise<void> {
  const { node, out } = context
  // Before anybody types a passphrase for nothing.
  if (!(await node.call<boolean>('HasPassword'))) throw failed(walletErrors.notEncrypted())
  await node.call('UnLockWallet', await passphrase(context, 'Passphrase (not shown): '))
  out.answer({ Locked: false }, () => out.line('The wallet is unlocked'))
}

export async function setPassword(context: Context): Promise<void> {
  const { node, out } = context
  const first = await passphrase(context, 'New passphrase (not shown): ')
  if (process.stdin.isTTY && (await passphrase(context, 'The same again: ')) !== first) throw usage(walletErrors.notTheSame())
  await node.call('SetPassword', first)
  out.answer({ Encrypted: true }, () => {
    out.line('The keys are encrypted with this passphrase')
    out.line('After each start of the node nelumbo wallet unlock is needed; without the passphrase the keys are lost')
  })
}

/** base64, as the API takes it. */
async function passphrase({ out, signal }: Context, question: string): Promise<string> {
  const bytes = await readSecret(question, { prompt: (text) => out.prompt(text), signal })
  try {
    return bytes.toString('base64')
  } finally {
    bytes.fill(0)
  }
}
