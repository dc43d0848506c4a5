// Comparing answers as JSON, without regard to the order of an object's fields.

/**
 * Path of the first difference between two parsed JSON values with what stands there, undefined when they are equal.
 * @param skip names of fields that are not compared
 */
export function jsonDifference(
  got: unknown,
  wanted: unknown,
  skip: ReadonlySet<string> = new Set(),
  path = '$',
): string | undefined {
  if (Object.is(got, wanted)) return undefined
  const show = (v: unknown): string => {
    const text = JSON.stringify(v, (_k, x) => (typeof x === 'bigint' ? x.toString() : x))
    return text === undefined ? 'nothing' : text.length > 300 ? `${text.slice(0, 300)}…` : text
  }
  const differs = (): string => `${path} is ${show(got)}, not ${show(wanted)}`
  // The recorder of the answers read integers as doubles: beyond 2^53 only the double is known.
  if (typeof got === 'bigint' && typeof wanted === 'bigint' && Number(got) === Number(wanted)) return undefined
  if (typeof got !== 'object' || typeof wanted !== 'object' || got === null || wanted === null) return differs()
  if (Array.isArray(got) !== Array.isArray(wanted)) return differs()
  if (Array.isArray(got) && Array.isArray(wanted)) {
    for (let i = 0; i < Math.max(got.length, wanted.length); i++) {
      const found = jsonDifference(got[i], wanted[i], skip, `${path}[${i}]`)
      if (found !== undefined) return found
    }
    return undefined
  }
  const a = got as Record<string, unknown>
  const b = wanted as Record<string, unknown>
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (skip.has(key) && key in a && key in b) continue
    if (!(key in a)) return `${path}.${key} is missing; it should be ${show(b[key])}`
    if (!(key in b)) return `${path}.${key} is ${show(a[key])}, but should not be there`
    const found = jsonDifference(a[key], b[key], skip, `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}
