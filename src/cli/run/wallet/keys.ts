import type { Context } from '../../context.ts'
import { parseAddress } from '../../parse.ts'

export async function newKey({ node, args, out }: Context): Promise<void> {
  const address = await node.call<string>('WalletNew', args[0] ?? 'secp256k1')
  out.answer(address, () => out.line(address))
}

export async function getDefault({ node, out }: Context): Promise<void> {
  const address = await node.call<string>('WalletDefaultAddress')
  out.answer(address, () => out.line(address))
}

export async function setDefault({ node, args, out }: Context): Promise<void> {
  const address = parseAddress(args[0] ?? '', '<address>')
  await node.call('WalletSetDefault', address)
  out.answer({ Default: address }, () => out.line(`Default address set to: ${address}`))
}

export async function deleteKey({ node, args, out }: Context): Promise<void> {
  const address = parseAddress(args[0] ?? '', '<address>')
  if (!out.wantsJson) {
    out.line(`Soft deleting address: ${address}`)
    out.line("Hard deletion of the address in the keystore of the node's repository is needed for permanent removal")
  }
  await node.call('WalletDelete', address)
  if (out.wantsJson) out.json({ Deleted: address })
}
