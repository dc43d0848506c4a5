/**
 * The methods of every built-in actor from actors v8 on: numbers, names, parameters and return values, as CBOR and as Lotus's JSON.
 * Source: go-state-types builtin/vN/<actor>/methods.go; where the actors (builtin-actors) differ from it on the wire, the actors
 * are right, and the place says so. Each actor has a file with a table whose rows name the versions they hold for.
 */
export { decodeMethodParams, encodeMethodParams, methodOfCode } from './by-code.ts'
export { MethodError } from './errors.ts'
export { frc42Number } from './frc42.ts'
export type { MethodDef } from './method-def.ts'
export {
  decodeParams,
  decodeReturn,
  FIRST_ACTORS_VERSION,
  methodByName,
  methodOf,
  methodsOf,
  mustMethodOf,
  paramsFromJson,
  paramsToJson,
  returnToJson,
  sendMethod,
} from './table.ts'
