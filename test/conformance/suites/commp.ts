import { deepEqual, equal } from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pieceCommitment } from '../../../src/native/proofs.ts'
import { cidFromBytes } from '../../../src/types/cid.ts'
import { commitmentToCid, pieceCommitmentOf } from '../../../src/types/commitment.ts'
import { commitmentOfPieces } from '../../../src/types/data-commitment.ts'
import type { ConformanceSuite } from '../../kit/conformance.ts'

/** The byte that fills the payloads of a file, by the file's name. */
const fills: Readonly<Record<string, number>> = { '0xCC.txt': 0xcc, 'zero.txt': 0 }

/** Piece commitments of constant payloads: bytes of payload, bytes of the padded piece, CID. */
export const suite: ConformanceSuite = {
  group: 'commp',
  async run(report, dataPath) {
    for (const file of readdirSync(dataPath)) {
      const fill = fills[file]
      if (fill === undefined) {
        report.fail(file, 'unknown file')
        continue
      }
      for (const line of readFileSync(join(dataPath, file), 'utf8').trim().split('\n')) {
        const [size, padded, wanted] = line.split(',') as [string, string, string]
        await report.check(`${file} ${size}`, async () => {
          const piece = await pieceCommitment(new Uint8Array(Number(size)).fill(fill))
          equal(cidFromBytes(piece.cid).toString(), wanted)
          equal(piece.paddedSize, Number(padded))
          // Alone in a sector of its size the piece is the sector's data.
          const commitment = pieceCommitmentOf(cidFromBytes(piece.cid))
          const alone = commitmentOfPieces(BigInt(padded), [{ commitment, size: BigInt(padded) }])
          deepEqual(commitmentToCid(alone).toString(), wanted)
          // Zeros have the commitment that an empty sector has.
          if (fill === 0) equal(commitmentToCid(commitmentOfPieces(BigInt(padded), [])).toString(), wanted)
        })
      }
    }
  },
}
