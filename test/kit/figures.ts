// How much a test of endurance does. `npm run soak` runs such tests with all that the requirements name; `npm test` with less of
// the same, so that a broken rule still shows in minutes.

/** Whether the full figures are wanted. */
export const isFull: boolean = process.env.NELUMBO_SOAK === 'full'

/** The full figure, or a smaller one for a run that has to be short. */
export function figure(full: number, short: number): number {
  return isFull ? full : short
}
