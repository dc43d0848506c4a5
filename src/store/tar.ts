import { NodeError } from '../lib/errors.ts'

/** Bytes that are no tar archive, or one with entries that are not wanted. */
export class TarError extends NodeError {
  declare readonly code: 'TAR_FORMAT'
  constructor(message: string) {
    super('TAR_FORMAT', message)
  }
}

export interface TarFile {
  readonly name: string
  /** A view into the archive. */
  readonly data: Uint8Array
}

const block = 512
const maxEntries = 1000
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The regular files of a tar archive in memory (POSIX ustar with pax headers, whose `path` counts and whose other words are
 * passed over). Links, devices and GNU extensions are refused; nothing is ever written under a name from the archive.
 * @throws TarError
 */
export function* readTar(bytes: Uint8Array): Generator<TarFile> {
  let at = 0
  let longName: string | undefined
  for (let entries = 0; ; entries++) {
    const header = bytes.subarray(at, at + block)
    if (header.length < block) throw new TarError('the archive ends without its end mark')
    if (header.every((b) => b === 0)) return
    if (entries >= maxEntries) throw new TarError(`the archive has more than ${maxEntries} entries`)
    checkSum(header, at)
    const size = number(header.subarray(124, 136), at)
    const data = bytes.subarray(at + block, at + block + size)
    if (data.length < size) throw new TarError(`the archive ends inside the entry at byte ${at}`)
    const type = String.fromCharCode(header[156] as number)
    if (type === 'x') longName = paxPath(data, at)
    else if (type === '0' || type === '\0') {
      yield { name: longName ?? nameOf(header, at), data }
      longName = undefined
    } else if (type === '5') longName = undefined
    else if (type !== 'g') throw new TarError(`the entry at byte ${at} is of kind ${JSON.stringify(type)}, which is refused`)
    at += block + Math.ceil(size / block) * block
  }
}

/** The sum of the header's bytes, its own field counted as spaces. */
function checkSum(header: Uint8Array, at: number): void {
  let sum = 0
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 0x20 : (header[i] as number)
  if (sum !== number(header.subarray(148, 156), at))
    throw new TarError(`this is no tar archive, or its header at byte ${at} is damaged`)
}

/** Octal digits, ended by a space or a zero byte. */
function number(field: Uint8Array, at: number): number {
  const digits = /^ *([0-7]{1,11})[ \0]*$/.exec(String.fromCharCode(...field))?.[1]
  if (digits === undefined) throw new TarError(`the header at byte ${at} holds a number that cannot be read`)
  return Number.parseInt(digits, 8)
}

function text(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0)
  try {
    return utf8.decode(end === -1 ? bytes : bytes.subarray(0, end))
  } catch {
    throw new TarError(`the header at byte ${at} holds a name that is not UTF-8`)
  }
}

function nameOf(header: Uint8Array, at: number): string {
  const name = text(header.subarray(0, 100), at)
  const prefix = text(header.subarray(257, 262), at) === 'ustar' ? text(header.subarray(345, 500), at) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Records `<length> <key>=<value>\n`. */
function paxPath(data: Uint8Array, at: number): string | undefined {
  let path: string | undefined
  for (let i = 0; i < data.length; ) {
    const space = data.indexOf(0x20, i)
    const length = space === -1 ? Number.NaN : Number(String.fromCharCode(...data.subarray(i, Math.min(space, i + 12))))
    if (!Number.isSafeInteger(length) || length <= space - i || i + length > data.length)
      throw new TarError(`the extended header at byte ${at} is damaged`)
    const equals = data.indexOf(0x3d, space)
    if (equals !== -1 && text(data.subarray(space + 1, equals), at) === 'path')
      path = text(data.subarray(equals + 1, i + length - 1), at)
    i += length
  }
  return path
}
