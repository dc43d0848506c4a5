import { randomUUID } from 'node:crypto'
import type { Api } from '../api/api.ts'
import { NodeError } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { Address } from '../types/address.ts'
import { CID } from '../types/cid.ts'
import { type Message, signedMessageCid } from '../types/message.ts'
import { MinerError } from './errors.ts'
import type { MinerRecords } from './records.ts'

const log = getLogger('miner')

/** Where messages of a set-up are remembered, by what they are for. */
const SENT = '/nelumbo/init-message/'

export interface SendOnceComponents {
  readonly api: Pick<Api, 'mpoolPushMessage' | 'stateWaitMsg'>
  readonly records: Pick<MinerRecords, 'get' | 'batch'>
}

interface Sent {
  /** The full node takes a second send under the same id for the first one. */
  readonly id: string
  readonly message?: string
}

/** A plain message, its nonce and gas left to the full node. */
export function plainMessage(m: Pick<Message, 'from' | 'to'> & Partial<Message>): Message {
  return {
    version: 0n,
    nonce: 0n,
    value: 0n,
    gasLimit: 0n,
    gasFeeCap: 0n,
    gasPremium: 0n,
    method: 0n,
    params: new Uint8Array(0),
    ...m,
  }
}

/** Whether a message for this purpose may have been sent, and its outcome is not known yet. */
export function isUnderWay({ records }: Pick<SendOnceComponents, 'records'>, purpose: string): boolean {
  return records.get(SENT + purpose) !== undefined
}

/** Forgets a message whose outcome has been dealt with, and further records with it. */
export async function forgetSent(
  { records }: Pick<SendOnceComponents, 'records'>,
  purpose: string,
  further: readonly string[] = [],
): Promise<void> {
  const keys = [SENT + purpose, ...further]
  await records.batch(
    keys.map((key) => ({ key, value: undefined })),
    { sync: true },
  )
}

/**
 * Sends a message once, over any number of starts: the id under which it is sent is on the disk before it leaves, its CID when
 * the full node has told it. A process that is killed in between sends again under the same id, for which the node gives back what it
 * sent before (Lotus MessageSendSpec.MsgUuid).
 * @param make the message; not called when its CID is known
 * @throws what the full node says against the message; it may then be sent anew
 */
export async function sendOnce(
  { api, records }: SendOnceComponents,
  purpose: string,
  make: () => Promise<Message>,
  signal: AbortSignal,
): Promise<CID> {
  const key = SENT + purpose
  const write = (sent: Sent): Promise<void> => records.batch([{ key, value: Buffer.from(JSON.stringify(sent)) }], { sync: true })
  const before = records.get(key)
  const known = before === undefined ? undefined : (JSON.parse(Buffer.from(before).toString('utf8')) as Sent)
  if (known?.message !== undefined) return CID.parse(known.message)
  const message = await make()
  const id = known?.id ?? randomUUID()
  if (known === undefined) await write({ id })
  signal.throwIfAborted()
  let cid: CID
  try {
    const spec = { maxFee: 0n, msgUuid: id, maximizeFeeCap: false }
    cid = signedMessageCid(await api.mpoolPushMessage([message, spec], { timeoutMs: 0 }))
  } catch (error) {
    if (wasAnswered(error)) await records.batch([{ key, value: undefined }], { sync: true })
    throw error
  }
  await write({ id, message: cid.toString() })
  log.info('sent a message; waiting until it is in the chain', { purpose, message: cid.toString() })
  return cid
}

/**
 * Waits for a message of {@link sendOnce}. One that failed is forgotten.
 * @param confidence epochs on top of it
 * @returns what it returned
 * @throws MinerError MINER_MESSAGE for an exit code other than 0
 */
export async function waitOnce(
  c: SendOnceComponents,
  purpose: string,
  cid: CID,
  { confidence, signal }: { readonly confidence: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const { message, receipt } = await c.api.stateWaitMsg([cid, confidence, -1, true], { signal, timeoutMs: 0 })
  if (receipt.exitCode === 0) return receipt.return
  await forgetSent(c, purpose)
  throw new MinerError('MINER_MESSAGE', `the message ${message} (${purpose}) failed with exit code ${receipt.exitCode}`, {
    hint: 'nelumbo state replay shows why.',
  })
}

/** Whether the full node has said no, so that it has surely not sent anything; a broken connection leaves that open. */
export function wasAnswered(error: unknown): boolean {
  if (!(error instanceof NodeError)) return false
  return error.code === 'RPC_ERROR' || !error.code.startsWith('RPC_')
}

/** The purpose of a message that makes an account's actor. */
export const accountPurpose = (account: Address): string => `account ${account}`
