import type { Json, JsonContext } from '../../codec/json.ts'
import type { CID } from '../../types/cid.ts'
import { ActorError } from '../errors.ts'
import type { ActorRegistry } from '../manifest.ts'
import { MethodError } from './errors.ts'
import type { MethodDef } from './method-def.ts'
import { methodOf, paramsFromJson, paramsToJson } from './table.ts'

/**
 * The method that an actor with this code runs.
 * @throws ActorError ACTOR_KIND when the code is of no known bundle; MethodError METHOD_UNKNOWN
 */
export function methodOfCode(registry: ActorRegistry, code: CID, method: bigint | number): MethodDef {
  const found = registry.lookup(code)
  if (found === undefined) throw new ActorError('ACTOR_KIND', `actor code ${code} belongs to no known bundle`)
  const def = methodOf(found.kind, found.version, method)
  if (def === undefined)
    // Clients of Lotus look for its words.
    throw new MethodError('METHOD_UNKNOWN', `unknown method ${method} for actor ${code}: actor metadata not found`, {
      fields: { kind: found.kind, actorsVersion: found.version, method },
      hint: `Actors of kind ${found.kind} (actors v${found.version}) have no such method.`,
    })
  return def
}

/**
 * StateDecodeParams: a message's parameters as JSON.
 * @throws ActorError ACTOR_KIND, MethodError METHOD_UNKNOWN, METHOD_PARAMS
 */
export function decodeMethodParams(
  registry: ActorRegistry,
  code: CID,
  method: bigint | number,
  params: Uint8Array,
  ctx: JsonContext,
): Json {
  return paramsToJson(methodOfCode(registry, code, method), params, ctx)
}

/**
 * StateEncodeParams: the CBOR of parameters given as JSON.
 * @throws ActorError ACTOR_KIND, MethodError METHOD_UNKNOWN, CodecError CODEC_JSON, CODEC_VALUE
 */
export function encodeMethodParams(registry: ActorRegistry, code: CID, method: bigint | number, params: unknown): Uint8Array {
  return paramsFromJson(methodOfCode(registry, code, method), params)
}
