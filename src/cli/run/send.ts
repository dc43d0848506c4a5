import { readFileSync } from 'node:fs'
import { encode } from '../../codec/codec.ts'
import { parseJson } from '../../codec/json.ts'
import { bytes } from '../../codec/primitives.ts'
import { addressOfEth } from '../../types/eth/address.ts'
import type { Context } from '../context.ts'
import { en } from '../en.ts'
import { mpoolErrors } from '../en-mpool.ts'
import { CliError, usage } from '../errors.ts'
import { fil } from '../format.ts'
import { parseAddress, parseBytes, parseFil, parseInteger, shorten } from '../parse.ts'
import { defaultSender, sendMessage, type ToSend } from '../sending.ts'
import type { ActorJson } from '../wire.ts'
import { jsonContext } from './chain/get-message.ts'
import { parseAtto } from './mpool/replace.ts'

type Text = { readonly kind: 'text' }
type SendFlags = {
  readonly from: Text
  readonly 'from-eth-addr': Text
  readonly 'gas-premium': { readonly kind: 'text'; readonly default: string }
  readonly 'gas-feecap': { readonly kind: 'text'; readonly default: string }
  readonly 'gas-limit': { readonly kind: 'int'; readonly default: number }
  readonly nonce: { readonly kind: 'int' }
  readonly method: { readonly kind: 'int' }
  readonly 'params-json': Text
  readonly 'params-hex': Text
  readonly force: { readonly kind: 'bool' }
  readonly csv: Text
}
type SendContext = Context<SendFlags>

/** FRC-42 number of InvokeEVM, and the address manager's method that creates contracts. */
const INVOKE_CONTRACT = 3844450837
const CREATE_EXTERNAL = 4

export async function send(context: SendContext): Promise<void> {
  const { args, flags, out } = context
  if (flags.csv !== undefined) return sendCsv(context, flags.csv)
  const [target, amount] = args
  if (target === undefined || amount === undefined) throw usage(mpoolErrors.sendArgs())
  const value = parseFil(amount, '<amount>')
  const to = await parseTarget(context, target)
  const from = await sender(context)
  if (flags['params-hex'] !== undefined && flags['params-json'] !== undefined) throw usage(mpoolErrors.twoParams())
  const call =
    isEth(from) || to.isEth ? await ethCall(context, to.address) : { to: to.address, ...(await actorCall(context, to.address)) }
  if (!out.wantsJson) {
    out.line(`Sending message from: ${from}`)
    out.line(`Sending message to: ${call.to}`)
    out.line(`Using Method: ${call.method}`)
  }
  const sent = await sendMessage(
    context,
    {
      from,
      value,
      ...call,
      gasPremium: parseAtto(flags['gas-premium'], '--gas-premium'),
      gasFeeCap: parseAtto(flags['gas-feecap'], '--gas-feecap'),
      gasLimit: flags['gas-limit'],
      nonce: flags.nonce,
    },
    flags.force,
  )
  out.answer(sent, () => out.line(sent.CID['/']))
}

async function sender(context: SendContext): Promise<string> {
  const { node, flags, out } = context
  if (flags.from !== undefined && flags['from-eth-addr'] !== undefined) throw usage(mpoolErrors.twoFroms())
  if (flags.from !== undefined) return parseAddress(flags.from, '--from')
  if (flags['from-eth-addr'] !== undefined) {
    const address = await ethAddress(context, flags['from-eth-addr'], '--from-eth-addr')
    if (!out.wantsJson) out.line(`f4 addr:  ${address}`)
    return address
  }
  return defaultSender(node)
}

const isEth = (address: string): boolean => /^[ft]410f/.test(address)

async function parseTarget(context: SendContext, text: string): Promise<{ readonly address: string; readonly isEth: boolean }> {
  if (/^0x/i.test(text)) return { address: await ethAddress(context, text, '<targetAddress>'), isEth: true }
  return { address: parseAddress(text, '<targetAddress>'), isEth: false }
}

/** The Filecoin form of 20 bytes in hex: an f410 address, or an id. */
async function ethAddress({ node }: SendContext, text: string, name: string): Promise<string> {
  if (!/^0x[0-9a-f]{40}$/i.test(text)) throw usage(mpoolErrors.notEthAddress(name, shorten(text)))
  const { addressPrefix } = await jsonContext(node)
  return addressOfEth(new Uint8Array(Buffer.from(text.slice(2), 'hex'))).toString(addressPrefix)
}

type Call = Pick<ToSend, 'method' | 'params'>

/** Base64 of the parameters in hex, undefined for none. */
function hexParams({ flags }: SendContext): string | undefined {
  const hex = flags['params-hex']
  return hex === undefined || hex === '' ? undefined : parseBytes(hex, 'hex', '--params-hex')
}

/** A contract takes bytes, whatever its own method: numbers of methods make no sense. */
async function ethCall(context: SendContext, to: string): Promise<Call & { readonly to: string }> {
  const { node, flags, isSet } = context
  if (isSet('method')) throw usage(mpoolErrors.ethMethod())
  if (flags['params-json'] !== undefined) throw usage(mpoolErrors.ethParams())
  const input = hexParams(context)
  const params = input === undefined ? undefined : Buffer.from(encode(bytes, Buffer.from(input, 'base64'))).toString('base64')
  const method = /^[ft]010$/.test(to) ? CREATE_EXTERNAL : INVOKE_CONTRACT
  if (/^[ft][04]/.test(to)) return { to, method, params }
  try {
    return { to: await node.call<string>('StateLookupID', to, []), method, params }
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'CLI_RPC') throw error
    throw new CliError('CLI_FAILED', mpoolErrors.ethTarget(to))
  }
}

async function actorCall(context: SendContext, to: string): Promise<Call> {
  const { node, flags } = context
  const method = flags.method ?? 0
  const json = flags['params-json']
  if (json === undefined) return { method, params: hexParams(context) }
  let given: unknown
  try {
    given = parseJson(json)
  } catch {
    throw usage(en.errors.notJson('--params-json'))
  }
  const { Code } = await node.call<ActorJson>('StateGetActor', to, [])
  const params = await node.call<string | null>('StateEncodeParams', Code, method, given)
  return { method, params: params ?? undefined }
}

/** A message for each row; all rows are read, and the account's balance looked at, before the first one is sent. */
async function sendCsv(context: SendContext, path: string): Promise<void> {
  const { node, args, flags, out } = context
  if (args.length > 0) throw usage(mpoolErrors.csvAlone())
  const rows = readRows(path)
  const from = await sender(context)
  const total = rows.reduce((sum, { value }) => sum + BigInt(value), 0n)
  const balance = await node.call<string>('WalletBalance', from)
  if (BigInt(balance) < total) throw new CliError('CLI_FAILED', mpoolErrors.csvFunds(fil(total), fil(balance)))
  if (!out.wantsJson) out.line(`Sending messages from: ${from}`)
  const sent = []
  for (const [i, row] of rows.entries()) {
    const message = await sendMessage(context, { from, ...row }, flags.force)
    sent.push(message)
    if (!out.wantsJson) out.line(`Sent message ${i}: ${message.CID['/']}`)
  }
  if (out.wantsJson) out.json(sent)
}

function readRows(path: string): Pick<ToSend, 'to' | 'value' | 'method' | 'params'>[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CliError('CLI_FILE', en.errors.cannotRead(path, (cause as NodeJS.ErrnoException).code ?? 'unknown'))
  }
  const [heading = '', ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const cells = (line: string): string[] => line.split(',').map((c) => c.trim().replace(/^"(.*)"$/, '$1'))
  if (cells(heading).join() !== 'Recipient,FIL,Method,Params') throw usage(mpoolErrors.csvHeading(path))
  return lines.map((line, row) => {
    const [to = '', amount = '', method = '', params = '', ...more] = cells(line)
    try {
      if (more.length > 0 || line.split(',').length !== 4) throw usage(mpoolErrors.csvFields(line.split(',').length))
      return {
        to: parseAddress(to, 'Recipient'),
        value: parseFil(amount, 'FIL'),
        method: parseInteger(method, 'Method'),
        params: params === 'nil' || params === '' ? undefined : parseBytes(params, 'hex', 'Params'),
      }
    } catch (error) {
      throw usage(mpoolErrors.csvRow(row, (error as Error).message))
    }
  })
}
