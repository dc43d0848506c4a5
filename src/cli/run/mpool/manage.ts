import type { Context } from '../../context.ts'
import { fil } from '../../format.ts'
import { tabbed } from '../../print.ts'
import { type CheckJson, failedChecks, pendingMessages, type SignedJson, walletAddresses } from './shared.ts'

/** What Lotus shows as a screen to go through: each address of the wallet, its messages, and the checks that they fail. */
export async function manage({ node, out }: Context): Promise<void> {
  const addresses = (await walletAddresses(node)).sort()
  const messages = await pendingMessages(node, { senders: new Set(addresses) })
  const found: {
    readonly Address: string
    readonly Messages: SignedJson[]
    readonly Checks: readonly (readonly CheckJson[])[]
  }[] = []
  for (const address of addresses) {
    const own = messages.filter((m) => m.Message.From === address).sort((a, b) => a.Message.Nonce - b.Message.Nonce)
    const checks =
      own.length === 0
        ? []
        : ((await node.call<readonly (readonly CheckJson[])[] | null>('MpoolCheckPendingMessages', address)) ?? [])
    found.push({ Address: address, Messages: own, Checks: checks })
  }
  out.answer(found, () => {
    for (const { Address, Messages, Checks } of found) {
      out.line(`${Address}: ${Messages.length} message${Messages.length === 1 ? '' : 's'}`)
      if (Messages.length === 0) continue
      const heading = ['  Nonce', 'To', 'Value', 'Method', 'GasFeeCap', 'GasPremium', 'Cid']
      const rows = Messages.map(({ Message: m, CID }) => [
        `  ${m.Nonce}`,
        m.To,
        fil(m.Value),
        String(m.Method),
        m.GasFeeCap,
        m.GasPremium,
        CID['/'],
      ])
      out.text(tabbed([heading, ...rows]))
      for (const line of failedChecks(Checks, undefined)) out.line(`  ${line}`)
    }
  })
}
