import { CID } from '../../src/types/cid.ts'

export interface CarSection {
  /** Where the section, with its length, begins and ends in the file. */
  readonly start: number
  readonly end: number
  readonly cid: CID
  readonly data: Uint8Array
}

/** The sections of a plain CAR of version 1 in order, so that a test can cut one out. */
export function carSections(car: Uint8Array): CarSection[] {
  const out: CarSection[] = []
  let at = 0
  for (let first = true; at < car.length; first = false) {
    const start = at
    let length = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = car[at++]
      if (byte === undefined) throw new Error('the CAR ends inside a length')
      length += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    const section = car.subarray(at, at + length)
    at += length
    // The first one is the header.
    if (first) continue
    const [cid, data] = CID.decodeFirst(section)
    out.push({ start, end: at, cid, data })
  }
  return out
}
