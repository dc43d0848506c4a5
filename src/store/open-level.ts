import { StoreError } from './errors.ts'
import type { RawLevel } from './raw-level.ts'

/** @throws StoreError STORE_OPEN, STORE_CORRUPT, with a sentence for each of LevelDB's reasons */
export async function openLevel(index: RawLevel, path: string): Promise<void> {
  try {
    await index.open()
  } catch (cause) {
    const reason = (cause as { cause?: { code?: string } }).cause
    if (reason?.code === 'LEVEL_LOCKED')
      throw new StoreError('STORE_OPEN', `${path} is in use by another process`, {
        cause,
        hint: 'Stop the other node, or choose another repository.',
      })
    if (reason?.code === 'LEVEL_CORRUPTION')
      throw new StoreError('STORE_CORRUPT', `the database in ${path} is damaged`, { cause })
    throw new StoreError('STORE_OPEN', `${path} cannot be opened`, { cause })
  }
}
