/** Progress of a starting node: one line that is drawn over on a terminal, a plain line every few seconds elsewhere. */

import type { NodeProgress } from '../node/options.ts'
import { size, span } from './format.ts'

const REDRAW_MS = 200
const PLAIN_LINE_MS = 5000
const BAR_WIDTH = 30

export interface ProgressOptions {
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }
  /** Milliseconds of any clock that does not run backwards. */
  readonly now: () => number
}

export class ProgressPrinter {
  readonly #stream: ProgressOptions['stream']
  readonly #now: () => number
  readonly #terminal: boolean
  #last = Number.NEGATIVE_INFINITY
  #stage = ''
  /** What stands on the terminal's last line. */
  #drawn = ''
  #pending = ''

  constructor({ stream, now }: ProgressOptions) {
    this.#stream = stream
    this.#now = now
    this.#terminal = stream.isTTY === true
  }

  readonly report = (progress: NodeProgress): void => {
    const text = this.#terminal ? withBar(progress) : describe(progress)
    const now = this.#now()
    if (progress.stage !== this.#stage) {
      this.#finishStage()
      this.#stage = progress.stage
      this.#last = Number.NEGATIVE_INFINITY
    }
    this.#pending = text
    const done = share(progress) === 1
    if (!done && now - this.#last < (this.#terminal ? REDRAW_MS : PLAIN_LINE_MS)) return
    this.#last = now
    this.#print()
  }

  /** Prints something else: the progress line makes room and is drawn again below it. */
  around(print: () => void): void {
    const redraw = this.#terminal && this.#drawn !== ''
    if (redraw) this.#stream.write(`\r${' '.repeat(this.#drawn.length)}\r`)
    print()
    if (redraw) this.#stream.write(this.#drawn)
  }

  /** Prints what is still held back and leaves the cursor on a new line. */
  end(): void {
    this.#finishStage()
    this.#stage = ''
  }

  #finishStage(): void {
    this.#print()
    if (this.#terminal && this.#drawn !== '') this.#stream.write('\n')
    this.#drawn = ''
  }

  #print(): void {
    if (this.#pending === '') return
    if (this.#terminal) {
      const text = this.#pending.slice(0, (this.#stream.columns ?? 120) - 1)
      this.#stream.write(`\r${text.padEnd(this.#drawn.length)}`)
      this.#drawn = text
    } else this.#stream.write(`${this.#pending}\n`)
    this.#pending = ''
  }
}

/** Part of the whole that is done, from 0 to 1; undefined where the whole is not known. */
function share(progress: NodeProgress): number | undefined {
  if (progress.stage === 'import')
    return progress.totalBytes === undefined || progress.totalBytes === 0 ? undefined : progress.bytes / progress.totalBytes
  if (progress.stage === 'validate') return progress.headHeight === 0 ? undefined : progress.height / progress.headHeight
  return undefined
}

function withBar(progress: NodeProgress): string {
  const part = share(progress)
  if (part === undefined) return describe(progress)
  const filled = Math.round(Math.min(1, part) * BAR_WIDTH)
  return `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${describe(progress)}`
}

/** One line: what is done, how fast, and how long the rest takes at that pace. */
export function describe(progress: NodeProgress): string {
  switch (progress.stage) {
    case 'import': {
      const { bytes, totalBytes, blocks, elapsedMs } = progress
      const whole = totalBytes === undefined ? '' : ` of ${size(totalBytes)}`
      const rate = elapsedMs > 0 ? `, ${size(Math.round((bytes * 1000) / elapsedMs))}/s` : ''
      return `importing: ${size(bytes)}${whole}, ${blocks} blocks${rate}${eta(progress, elapsedMs)}`
    }
    case 'validate': {
      const { height, headHeight, tipsets, elapsedMs } = progress
      const rate = elapsedMs > 0 ? `, ${((tipsets * 1000) / elapsedMs).toFixed(1)} tipsets/s` : ''
      return `validating: epoch ${height} of ${headHeight}, ${tipsets} tipsets${rate}${eta(progress, elapsedMs)}`
    }
    case 'compile':
      return `compiling the actors of network version ${progress.networkVersion}`
    case 'bundle':
      return progress.text
  }
}

function eta(progress: NodeProgress, elapsedMs: number): string {
  const part = share(progress)
  if (part === undefined || part <= 0 || elapsedMs <= 0) return ''
  const percent = `, ${(Math.min(1, part) * 100).toFixed(1)}%`
  // The pace of the first moments is that of starting up.
  return part >= 1 || part < 0.01 ? percent : `${percent}, ${span(Math.ceil((elapsedMs * (1 - part)) / part / 1000))} left`
}
