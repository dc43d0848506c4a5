/** The proof parameters of the real networks, as the ceremonies' outcome was published (go-paramfetch's parameters.json). */
import { type ParameterFile, parseParameterList } from './list.ts'
import published from './published.json' with { type: 'json' }

/** Verifying keys and proving parameters of all sector sizes, and what aggregates of seals are checked with. */
export const publishedParameters: readonly ParameterFile[] = parseParameterList(
  JSON.stringify(published),
  'the list of published proof parameters',
)
