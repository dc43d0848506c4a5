/** Sending a message as all commands do: estimated, checked, then signed by the node (Lotus cli/services.go, sending_ui.go). */
import type { Context } from './context.ts'
import { mpoolErrors } from './en-mpool.ts'
import { failed, usage } from './errors.ts'
import type { NodeApi } from './node-api.ts'
import { type CheckJson, failedChecks, type SignedJson } from './run/mpool/shared.ts'
import type { Flags } from './spec.ts'

/** What is to be sent; amounts in attoFIL. What is 0 of the gas fields is estimated. */
export interface ToSend {
  readonly from: string
  readonly to: string
  readonly value: string
  readonly method: number
  /** Base64 of CBOR. */
  readonly params?: string | undefined
  readonly gasPremium?: string
  readonly gasFeeCap?: string
  readonly gasLimit?: number
  /** The node's choice where there is none. */
  readonly nonce?: number | undefined
}

/**
 * Whose message it is where no flag says so: the wallet's default address.
 * @throws CliError CLI_USAGE when there is none
 */
export async function defaultSender(node: NodeApi): Promise<string> {
  const address = await node.call<string>('WalletDefaultAddress')
  // What Go prints for no address.
  if (address === '' || address === '<empty>') throw usage(mpoolErrors.noDefault())
  return address
}

/**
 * Sends a message.
 * @throws CliError CLI_FAILED when it fails a check; what it fails is printed. `--force-send` passes the checks over.
 */
export async function sendMessage(context: Context<Flags>, m: ToSend, force = false): Promise<SignedJson> {
  const { node, out, global } = context
  const proto = {
    Version: 0,
    To: m.to,
    From: m.from,
    Nonce: m.nonce ?? 0,
    Value: m.value,
    GasLimit: m.gasLimit ?? 0,
    GasFeeCap: m.gasFeeCap ?? '0',
    GasPremium: m.gasPremium ?? '0',
    Method: m.method,
    Params: m.params ?? null,
  }
  const message = await node.call<SignedJson['Message']>('GasEstimateMessageGas', proto, null, [])
  const validNonce = m.nonce !== undefined
  if (!force && !global['force-send']) {
    const own = await node.call<readonly (readonly CheckJson[])[] | null>('MpoolCheckMessages', [
      { Message: message, ValidNonce: validNonce },
    ])
    const pending = await node.call<readonly (readonly CheckJson[])[] | null>('MpoolCheckPendingMessages', m.from)
    const lines = failedChecks([...(own ?? []), ...(pending ?? [])], own?.[0]?.[0]?.Cid['/'])
    if (lines.length > 0) {
      out.note('Following checks have failed:')
      for (const line of lines) out.note(line)
      throw failed(mpoolErrors.checksFailed())
    }
  }
  if (!validNonce) return node.call<SignedJson>('MpoolPushMessage', message, null)
  const signed = await node.call<SignedJson>('WalletSignMessage', message.From, message)
  await node.call('MpoolPush', signed)
  return signed
}
