// What a real Lotus said on the network of chains/lotus-devnet-proofs.

import { zstdDecompressSync } from 'node:zlib'
import { sharedFile } from './shared-data.ts'

/** One thing that was sent or received; bytes are in hexadecimal digits. */
export interface WireRecord {
  readonly what: string
  /** Of gossip and greetings. */
  readonly hex?: string
  readonly topic?: string
  /** Of chain exchange. */
  readonly request?: string
  readonly response?: string
  /** Of identify. */
  readonly protocols?: readonly string[]
}

/** All records in their order; undefined where the data is missing. */
export function wireRecords(t: Parameters<typeof sharedFile>[0]): WireRecord[] | undefined {
  const wire = sharedFile(t, 'chains', 'lotus-devnet-proofs', 'wire.ndjson.zst')
  if (wire === undefined) return undefined
  const lines = zstdDecompressSync(wire).toString('utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as WireRecord)
}

/** The bytes of all gossip on the topics that begin so. */
export function gossiped(records: readonly WireRecord[], topic: string): Uint8Array[] {
  return records.filter((r) => r.topic?.startsWith(topic)).map((r) => new Uint8Array(Buffer.from(r.hex ?? '', 'hex')))
}
