import { actorName, loadActorNames } from '../../actor-names.ts'
import type { Context } from '../../context.ts'
import { walletErrors } from '../../en-wallet.ts'
import { CliError, failed, usage } from '../../errors.ts'
import type { NodeApi } from '../../node-api.ts'
import { parseAddress } from '../../parse.ts'
import type { ActorJson } from '../../wire.ts'

type RawFlag = { readonly raw: { readonly kind: 'bool' } }

/** What stands before a text that a person signs, so that it can never be a message or a block (FRC-0102). */
function envelope(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`\x19Filecoin Signed Message:\n${data.length}`), data])
}

function parseHex(text: string, name: string): Buffer {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw usage(walletErrors.notHex(name))
  return Buffer.from(text, 'hex')
}

function toSign({ args, flags }: Context<RawFlag>): string {
  const data = parseHex(args[1] ?? '', '<hexMessage>')
  return (flags.raw ? data : envelope(data)).toString('base64')
}

export async function sign(context: Context<RawFlag>): Promise<void> {
  const { node, args, out } = context
  const address = parseAddress(args[0] ?? '', '<address>')
  const data = toSign(context)
  let signature: { readonly Type: number; readonly Data: string }
  try {
    signature = await node.call('WalletSign', address, data)
  } catch (error) {
    if (error instanceof CliError && error.code === 'CLI_RPC' && (await isMultisig(node, address)))
      throw failed(walletErrors.multisigSigner(address))
    throw error
  }
  const hex = Buffer.concat([Buffer.of(signature.Type), Buffer.from(signature.Data, 'base64')]).toString('hex')
  out.answer(hex, () => out.line(hex))
}

async function isMultisig(node: NodeApi, address: string): Promise<boolean> {
  try {
    const { Code } = await node.call<ActorJson>('StateGetActor', address, [])
    return actorName(await loadActorNames(node, []), Code['/']).endsWith('/multisig')
  } catch (error) {
    if (error instanceof CliError) return false
    throw error
  }
}

export async function verify(context: Context<RawFlag>): Promise<void> {
  const { node, args, out } = context
  const address = parseAddress(args[0] ?? '', '<address>')
  const data = toSign(context)
  const signature = parseHex(args[2] ?? '', '<signature>')
  const [type] = signature
  if (type !== 1 && type !== 2 && type !== 3) throw usage(walletErrors.signatureKind())
  const given = { Type: type, Data: signature.subarray(1).toString('base64') }
  const valid = await node.call<boolean>('WalletVerify', address, data, given)
  out.answer({ Valid: valid }, () => out.line(valid ? 'valid' : 'invalid'))
  if (!valid) throw failed(walletErrors.invalidSignature())
}
