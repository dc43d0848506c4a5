import type { Context } from '../../context.ts'
import { parseAddress } from '../../parse.ts'
import { pendingMessages, walletAddresses } from './shared.ts'

type Bool = { readonly kind: 'bool' }
type Text = { readonly kind: 'text' }

const addressOr = (text: string | undefined, name: string): string | undefined =>
  text === undefined ? undefined : parseAddress(text, name)

export async function pending(
  context: Context<{ readonly local: Bool; readonly cids: Bool; readonly to: Text; readonly from: Text }>,
): Promise<void> {
  const { node, flags, out } = context
  const to = addressOr(flags.to, '--to')
  const from = addressOr(flags.from, '--from')
  const senders = flags.local ? new Set(await walletAddresses(node)) : undefined
  const messages = await pendingMessages(node, { to, from, senders })
  if (flags.cids) {
    out.answer(
      messages.map((m) => m.CID),
      () => {
        for (const m of messages) out.line(m.CID['/'])
      },
    )
    return
  }
  out.answer(messages, () => {
    for (const m of messages) out.json(m)
  })
}

export async function find(
  context: Context<{ readonly from: Text; readonly to: Text; readonly method: { readonly kind: 'int' } }>,
): Promise<void> {
  const { node, flags, out } = context
  const to = addressOr(flags.to, '--to')
  const from = addressOr(flags.from, '--from')
  const found = await pendingMessages(node, { to, from, method: flags.method })
  // Go prints a list of none as null.
  out.json(found.length === 0 && !out.wantsJson ? null : found)
}
