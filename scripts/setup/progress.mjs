// @ts-check
// One line of progress: rewritten in place on a terminal, a new line every 15 seconds elsewhere.

const terminalIntervalMs = 200
const logIntervalMs = 15_000

/** @param {number} ms */
export function elapsed(ms) {
  const seconds = Math.floor(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/**
 * @typedef {object} Progress
 * @property {(what: string) => void} start names a new piece of work and starts its clock
 * @property {(detail: string) => void} update tells how far it is
 * @property {() => void} end clears the line; also called between two pieces of work
 */

/** @returns {Progress} */
export function createProgress(stream = process.stderr) {
  const intervalMs = stream.isTTY ? terminalIntervalMs : logIntervalMs
  let what = ''
  let detail = ''
  let startedAt = 0
  /** @type {NodeJS.Timeout | undefined} */
  let timer

  const line = () => `set-up: ${what}, ${elapsed(Date.now() - startedAt)}${detail === '' ? '' : `: ${detail}`}`
  const show = () => {
    if (stream.isTTY) stream.write(`\r\x1b[K${line().slice(0, (stream.columns || 80) - 1)}`)
    else stream.write(`${line()}\n`)
  }
  const end = () => {
    if (timer === undefined) return
    clearInterval(timer)
    timer = undefined
    if (stream.isTTY) stream.write('\r\x1b[K')
    stream.write(`${line()}\n`)
  }
  return {
    start(name) {
      end()
      what = name
      detail = ''
      startedAt = Date.now()
      show()
      timer = setInterval(show, intervalMs)
    },
    update(text) {
      detail = text
    },
    end,
  }
}
