import { ApiError } from './errors.ts'
import { type AnyMethod, type ApiVersion, apiVersions } from './method.ts'

/** The methods that a program serves, by endpoint and by their names on the wire, aliases among them. */
export type Endpoints = ReadonlyMap<ApiVersion, ReadonlyMap<string, AnyMethod>>

/** @throws ApiError API_CONTRACT for two methods of one id */
export function methodsById(defs: readonly AnyMethod[]): ReadonlyMap<string, AnyMethod> {
  const out = new Map<string, AnyMethod>()
  for (const def of defs) {
    if (out.has(def.id)) throw new ApiError('API_CONTRACT', `the method ${def.id} is declared twice`)
    out.set(def.id, def)
  }
  return out
}

/** @throws ApiError API_CONTRACT for two methods of one name at an endpoint */
export function makeEndpoints(defs: Iterable<AnyMethod>): Endpoints {
  const all = [...defs]
  return new Map(
    apiVersions.map((version) => {
      const names = new Map<string, AnyMethod>()
      for (const def of all) {
        if (!def.versions.includes(version)) continue
        for (const name of [def.name, ...def.aliases]) {
          if (names.has(name)) throw new ApiError('API_CONTRACT', `the method ${name} is declared twice at ${version}`)
          names.set(name, def)
        }
      }
      return [version, names]
    }),
  )
}
