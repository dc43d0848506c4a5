import { readFileSync } from 'node:fs'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { walletErrors } from '../../en-wallet.ts'
import { CliError, failed, usage } from '../../errors.ts'
import { parseAddress, shorten } from '../../parse.ts'
import { readSecret } from '../../secret-input.ts'

type Text = { readonly kind: 'text'; readonly default: string }

interface KeyJson {
  /** Old files have the number of the signature's kind. */
  readonly Type: string | number
  /** base64 */
  readonly PrivateKey: string
}

const KEY_LENGTH = 32
const ethTypes = ['secp256k1', 'delegated']
const exportFormats = ['hex-lotus', 'json-lotus', 'hex-eth']
const importFormats = [...exportFormats.slice(0, 2), 'gfc-json', 'hex-eth']
/** Longest file of a key; one takes a few hundred bytes. */
const MAX_FILE = 64 << 10

export async function exportKey({ node, args, flags, out }: Context<{ readonly format: Text }>): Promise<void> {
  const address = parseAddress(args[0] ?? '', '<address>')
  if (!exportFormats.includes(flags.format)) throw usage(walletErrors.badFormat(shorten(flags.format), exportFormats))
  const key = await node.call<KeyJson>('WalletExport', address)
  const text = exported(key, flags.format)
  out.answer(key, () => out.line(text))
}

function exported({ Type, PrivateKey }: KeyJson, format: string): string {
  const json = JSON.stringify({ Type, PrivateKey })
  if (format === 'json-lotus') return json
  if (format === 'hex-lotus') return Buffer.from(json).toString('hex')
  if (!ethTypes.includes(String(Type))) throw failed(walletErrors.ethKind(String(Type)))
  const bytes = Buffer.from(PrivateKey, 'base64')
  if (bytes.length !== KEY_LENGTH) throw failed(walletErrors.keyLength(bytes.length))
  return `0x${bytes.toString('hex')}`
}

export async function importKey(
  context: Context<{ readonly format: Text; readonly type: Text; readonly 'as-default': { readonly kind: 'bool' } }>,
): Promise<void> {
  const { node, flags, out } = context
  if (!importFormats.includes(flags.format)) throw usage(walletErrors.badFormat(shorten(flags.format), importFormats))
  if (flags.format === 'hex-eth' && !ethTypes.includes(flags.type)) throw usage(walletErrors.ethType(shorten(flags.type)))
  const key = parseKey((await read(context)).toString('utf8').trim(), flags.format, flags.type)
  const address = await node.call<string>('WalletImport', key)
  if (flags['as-default']) await node.call('WalletSetDefault', address)
  out.answer(address, () => out.line(`imported key ${address} successfully!`))
}

async function read({ args, out, signal }: Context): Promise<Buffer> {
  const [path] = args
  if (path === undefined || path === '-')
    return readSecret('Enter private key(not display in the terminal): ', { prompt: (text) => out.prompt(text), signal })
  try {
    const bytes = readFileSync(path)
    if (bytes.length <= MAX_FILE) return bytes
  } catch (cause) {
    throw new CliError('CLI_FILE', en.errors.cannotRead(path, (cause as NodeJS.ErrnoException).code ?? 'unknown'))
  }
  throw new CliError('CLI_FILE', walletErrors.notKey('file'))
}

/** Nothing of the text appears in an error: it is a key. */
function parseKey(text: string, format: string, ethType: string): KeyJson {
  const isHex = /^(0x)?([0-9a-f]{2})+$/i.test(text)
  if (format === 'hex-eth') {
    const bytes = Buffer.from(text.replace(/^0x/i, ''), 'hex')
    if (!isHex) throw failed(walletErrors.notKey(format))
    if (bytes.length !== KEY_LENGTH) throw failed(walletErrors.keyLength(bytes.length))
    return { Type: ethType, PrivateKey: bytes.toString('base64') }
  }
  if (format === 'hex-lotus' && !/^([0-9a-f]{2})+$/i.test(text)) throw failed(walletErrors.notKey(format))
  const json = parseJson(format === 'hex-lotus' ? Buffer.from(text, 'hex').toString('utf8') : text, format)
  if (format !== 'gfc-json') return keyOf(json, 'Type', format)
  const [first] = Array.isArray(json.KeyInfo) ? json.KeyInfo : []
  return keyOf(first, 'SigType', format)
}

function parseJson(text: string, format: string): Readonly<Record<string, unknown>> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw failed(walletErrors.notKey(format))
  }
  if (typeof json !== 'object' || json === null) throw failed(walletErrors.notKey(format))
  return json as Readonly<Record<string, unknown>>
}

function keyOf(json: unknown, typeField: 'Type' | 'SigType', format: string): KeyJson {
  const { [typeField]: type, PrivateKey } = (json ?? {}) as Readonly<Record<string, unknown>>
  const isType = typeField === 'SigType' ? typeof type === 'number' : typeof type === 'number' || typeof type === 'string'
  if (!isType || typeof PrivateKey !== 'string') throw failed(walletErrors.notKey(format))
  return { Type: type as string | number, PrivateKey }
}
