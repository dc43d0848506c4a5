import { CborReader } from '../../codec/cbor-reader.ts'
import { CborWriter } from '../../codec/cbor-writer.ts'
import { type CID, cid as cidCodec } from '../../types/cid.ts'
import { varintLength, writeVarint } from '../../types/varint.ts'
import { CarError } from './errors.ts'

/** A header longer than this is refused (a snapshot's has a few hundred bytes). */
export const MAX_HEADER_BYTES = 1 << 20
const MAX_ROOTS = 8192

export interface CarHeader {
  readonly version: 1 | 2
  readonly roots: readonly CID[]
}

/** The length-prefixed header of a CARv1 file. */
export function carHeader(roots: readonly CID[]): Uint8Array {
  const w = new CborWriter()
  w.map(2)
  w.text('roots')
  w.array(roots.length)
  for (const r of roots) cidCodec.write(w, r)
  w.text('version')
  w.int(1)
  const body = w.finish()
  const head = varintLength(BigInt(body.length))
  const out = new Uint8Array(head + body.length)
  writeVarint(out, 0, BigInt(body.length))
  out.set(body, head)
  return out
}

/**
 * Reads a header without its length. Version 2's pragma has no roots.
 * @throws CarError CAR_FORMAT
 */
export function parseCarHeader(body: Uint8Array): CarHeader {
  let version: number | undefined
  let roots: CID[] | undefined
  try {
    const r = new CborReader(body)
    for (let n = r.map(2); n > 0; n--) {
      const key = r.text(16)
      if (key === 'version' && version === undefined) version = r.safeInt()
      else if (key === 'roots' && roots === undefined) {
        roots = []
        if (r.takeNull()) continue
        for (let k = r.array(MAX_ROOTS); k > 0; k--) roots.push(cidCodec.read(r))
      } else throw new Error(`the field ${JSON.stringify(key)} does not belong there`)
    }
    r.end()
  } catch (cause) {
    throw new CarError('CAR_FORMAT', 'this is no CAR file: its header cannot be read', { cause })
  }
  if (version !== 1 && version !== 2) throw new CarError('CAR_FORMAT', `CAR version ${version} is not known`)
  if (version === 1 && roots === undefined) throw new CarError('CAR_FORMAT', 'the CAR header has no roots')
  return { version, roots: roots ?? [] }
}
