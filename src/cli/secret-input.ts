/** What must not be seen on the screen or in the list of processes: typed without an echo, or read from a pipe. */
import type { ReadStream } from 'node:tty'
import { en } from './en.ts'
import { failed } from './errors.ts'

/** Longest secret that is read, in bytes; an exported key takes a few hundred. */
const MAX_LENGTH = 64 << 10

const ENTER = [0x0a, 0x0d]
const CTRL_C = 0x03
const CTRL_D = 0x04
const CTRL_U = 0x15
const BACKSPACE = [0x08, 0x7f]

type Input = Pick<ReadStream, 'isTTY' | 'setRawMode' | 'iterator' | 'pause' | 'ref' | 'unref'>

export interface SecretSources {
  readonly input?: Input
  readonly prompt: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * One line from standard input, asked for with a prompt where somebody types it.
 * @returns its bytes, for the caller to overwrite
 * @throws CliError CLI_FAILED where nothing comes
 */
export async function readSecret(question: string, { input = process.stdin, prompt, signal }: SecretSources): Promise<Buffer> {
  signal.throwIfAborted()
  // A second question may follow: the stream must not be closed after the first answer.
  const chunks: AsyncIterable<Buffer> = input.iterator({ destroyOnReturn: false })
  input.ref?.()
  const typed = input.isTTY
  if (typed) {
    // First: whoever types ahead of the question must not be seen either.
    input.setRawMode(true)
    prompt(question)
  }
  try {
    return await (typed ? readKeys(chunks) : readLine(chunks))
  } finally {
    if (typed) {
      input.setRawMode(false)
      prompt('\n')
    }
    // An open stream would keep a finished command alive.
    input.pause()
    input.unref?.()
  }
}

async function readLine(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const held = Buffer.alloc(MAX_LENGTH)
  let length = 0
  for await (const chunk of chunks) {
    const end = chunk.indexOf(0x0a)
    const line = end < 0 ? chunk : chunk.subarray(0, end)
    if (length + line.length > MAX_LENGTH) throw failed(en.errors.secretTooLong())
    line.copy(held, length)
    length += line.length
    chunk.fill(0)
    if (end >= 0) break
  }
  return taken(held, held[length - 1] === 0x0d ? length - 1 : length)
}

/** In raw mode the terminal neither shows the keys nor makes signals of them: Ctrl-C is one to be passed on. */
async function readKeys(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const held = Buffer.alloc(MAX_LENGTH)
  let length = 0
  for await (const chunk of chunks) {
    for (const key of chunk) {
      if (key === CTRL_C) {
        held.fill(0)
        process.emit('SIGINT', 'SIGINT')
        throw new DOMException('SIGINT', 'AbortError')
      }
      if (ENTER.includes(key) || key === CTRL_D) return taken(held, length)
      if (key === CTRL_U) length = 0
      else if (BACKSPACE.includes(key)) length = Math.max(0, withoutLast(held, length))
      else if (length === MAX_LENGTH) throw failed(en.errors.secretTooLong())
      else held[length++] = key
    }
    chunk.fill(0)
  }
  return taken(held, length)
}

/** A letter may take several bytes of UTF-8. */
function withoutLast(held: Buffer, length: number): number {
  let at = length - 1
  while (at > 0 && ((held[at] as number) & 0xc0) === 0x80) at--
  return at
}

function taken(held: Buffer, length: number): Buffer {
  const out = Buffer.from(held.subarray(0, length))
  held.fill(0)
  if (out.length === 0) throw failed(en.errors.secretMissing())
  return out
}
