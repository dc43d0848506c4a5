import { errorMessage } from '../lib/errors.ts'
import { httpGet } from '../lib/http-get.ts'
import type { BeaconEntry } from '../types/block.ts'

/** An answer has a few hundred bytes. */
const MAX_ANSWER_BYTES = 16 << 10
/** Signatures are of 48 or 96 bytes. */
const MAX_SIGNATURE_HEX = 192

export interface ServedRound extends BeaconEntry {
  /** Of chained networks. */
  readonly previousSignature: Uint8Array | undefined
}

/**
 * Asks one drand server for a round: `<server>/<hash of the network>/public/<round>`. The answer is not verified here.
 * @throws Error saying what the server did
 */
export async function askServer(server: string, hash: string, round: bigint, signal: AbortSignal): Promise<ServedRound> {
  const url = `${server.replace(/\/+$/, '')}/${hash}/public/${round}`
  const response = await httpGet(url, { signal })
  try {
    if (response.statusCode !== 200) throw new Error(`${server} answered with status ${response.statusCode}`)
    const parts: Buffer[] = []
    let length = 0
    for await (const part of response as AsyncIterable<Buffer>) {
      length += part.length
      if (length > MAX_ANSWER_BYTES) throw new Error(`${server} sent more than ${MAX_ANSWER_BYTES} bytes`)
      parts.push(part)
    }
    return readAnswer(server, Buffer.concat(parts).toString('utf8'), round)
  } finally {
    response.destroy()
  }
}

function readAnswer(server: string, text: string, round: bigint): ServedRound {
  const bad = (what: string): never => {
    throw new Error(`${server} sent no beacon round: ${what}`)
  }
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (e) {
    return bad(errorMessage(e))
  }
  if (typeof answer !== 'object' || answer === null) return bad('it is no object')
  const { round: named, signature, previous_signature: previous } = answer as Record<string, unknown>
  if (typeof named !== 'number' || BigInt(Math.trunc(named)) !== round)
    return bad(`it is of round ${String(named)}, not ${round}`)
  const hex = (value: unknown): Uint8Array => {
    if (typeof value !== 'string' || value.length > MAX_SIGNATURE_HEX || !/^(?:[0-9a-f]{2})+$/i.test(value))
      return bad('its signature is no hex')
    return new Uint8Array(Buffer.from(value, 'hex'))
  }
  return {
    round,
    data: hex(signature),
    previousSignature: previous === undefined || previous === '' ? undefined : hex(previous),
  }
}
