/** Names of actors and their methods, from the actor code that the node says its network version has. */

import { methodOf, returnToJson } from '../actors/methods/index.ts'
import type { Json, JsonContext } from '../codec/json.ts'
import { actorsVersion } from '../networks/schedule.ts'
import type { NodeApi } from './node-api.ts'
import type { TipsetKeyJson } from './wire.ts'

export interface ActorNames {
  readonly actorsVersion: number
  readonly networkVersion: number
  /** From the CID of a code to the name in the bundle's manifest, `storageminer`. */
  readonly byCode: ReadonlyMap<string, string>
}

export async function loadActorNames(node: NodeApi, tipset: TipsetKeyJson): Promise<ActorNames> {
  const networkVersion = await node.call<number>('StateNetworkVersion', tipset)
  const codes = await node.call<Readonly<Record<string, { '/': string }>>>('StateActorCodeCIDs', networkVersion)
  const byCode = new Map(Object.entries(codes).map(([name, cid]) => [cid['/'], name]))
  return { actorsVersion: actorsVersion(networkVersion), networkVersion, byCode }
}

/** `fil/16/storageminer`, or `<unknown>` (Lotus builtin.ActorNameByCode). */
export function actorName({ byCode, actorsVersion }: ActorNames, code: string): string {
  const name = byCode.get(code)
  return name === undefined ? '<unknown>' : `fil/${actorsVersion}/${name}`
}

/** Empty for a method that the actor does not have. */
export function actorMethodName({ byCode, actorsVersion }: ActorNames, code: string, method: number | bigint): string {
  return methodOf(byCode.get(code) ?? '', actorsVersion, method)?.name ?? ''
}

/**
 * A return value as JSON.
 * @returns undefined where the method is not known; bytes that do not fit it are given as text, as Lotus does
 */
export function decodedReturn(
  names: ActorNames,
  code: string,
  method: number | bigint,
  data: Uint8Array,
  context: JsonContext,
): Json | undefined {
  const def = methodOf(names.byCode.get(code) ?? '', names.actorsVersion, method)
  if (def === undefined) return undefined
  try {
    return returnToJson(def, data, context)
  } catch (error) {
    return `raw:${Buffer.from(data).toString('hex')}; DECODE ERR: ${(error as Error).message}`
  }
}
