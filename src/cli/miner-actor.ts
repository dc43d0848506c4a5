/** What commands about a miner actor share: which one it is, and messages to it. */
import type { MinerFlags } from './commands/miner/flags.ts'
import type { Context } from './context.ts'
import { provingErrors } from './en-proving.ts'
import { failed } from './errors.ts'
import { parseAddress } from './parse.ts'
import type { Flags } from './spec.ts'
import type { Link, MinerInfoJson, MsgLookupJson } from './wire.ts'

export type MinerContext<F extends Flags = Record<never, never>> = Context<F & MinerFlags>

/** Epochs on top of a message before its outcome is told (Lotus MessageConfidence). */
export const MESSAGE_CONFIDENCE = 5

/** The actor of `--actor`, else the one of the miner process. */
export async function minerActor({ flags, miner }: MinerContext): Promise<string> {
  if (flags.actor !== undefined) return parseAddress(flags.actor, '--actor')
  return miner.call<string>('ActorAddress')
}

export function minerInfo({ node }: Pick<Context, 'node'>, actor: string): Promise<MinerInfoJson> {
  return node.call<MinerInfoJson>('StateMinerInfo', actor, [])
}

/** The id address of an account that may change the miner. @throws CliError CLI_FAILED for any other */
export async function controller({ node }: Pick<Context, 'node'>, info: MinerInfoJson, from: string): Promise<string> {
  const id = await node.call<string>('StateLookupID', from, [])
  if (![info.Owner, info.Worker, ...(info.ControlAddresses ?? [])].includes(id)) throw failed(provingErrors.notController(from))
  return id
}

export interface ActorMessage {
  readonly from: string
  readonly method: number
  /** CBOR. */
  readonly params?: Uint8Array
  /** attoFIL */
  readonly value?: string
  /** 0 to have it estimated. */
  readonly gasLimit?: number
}

/** Sends a message to the actor; its CID. */
export async function pushToActor({ node }: Pick<Context, 'node'>, actor: string, m: ActorMessage): Promise<Link> {
  const message = {
    Version: 0,
    To: actor,
    From: m.from,
    Nonce: 0,
    Value: m.value ?? '0',
    GasLimit: m.gasLimit ?? 0,
    GasFeeCap: '0',
    GasPremium: '0',
    Method: m.method,
    Params: m.params === undefined ? null : Buffer.from(m.params).toString('base64'),
  }
  return (await node.call<{ readonly CID: Link }>('MpoolPushMessage', message, null)).CID
}

/** Waits until a message has been executed. @throws CliError CLI_FAILED when its exit code is not 0 */
export async function waitExecuted({ node }: Pick<Context, 'node'>, cid: Link, confidence: number): Promise<MsgLookupJson> {
  const found = await node.call<MsgLookupJson>('StateWaitMsg', cid, confidence, -1, true)
  if (found.Receipt.ExitCode !== 0) throw failed(provingErrors.exitCode(found.Message['/'], found.Receipt.ExitCode))
  return found
}
