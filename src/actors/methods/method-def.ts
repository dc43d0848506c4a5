import type { Codec } from '../../codec/codec.ts'
import { goEmpty } from '../../codec/go-forms.ts'
import { frc42Number } from './frc42.ts'

// biome-ignore lint/suspicious/noExplicitAny: a table holds codecs of every type.
export type AnyCodec = Codec<any>

export interface MethodDef {
  readonly number: bigint
  /** As Lotus names it: `PublishStorageDealsExported` for the exported form. */
  readonly name: string
  readonly params: AnyCodec
  readonly returns: AnyCodec
}

/** A method and the actors versions (inclusive) that have it in this shape. */
export interface MethodRow extends MethodDef {
  readonly since: number
  readonly until: number
}

/** Versions: `[since]`, `[since, until]`, or nothing for all. */
type Span = readonly [since?: number, until?: number]

/** A method with a number given by hand. */
export function method(number: number, name: string, params: AnyCodec, returns: AnyCodec = goEmpty, span: Span = []): MethodRow {
  return { number: BigInt(number), name, params, returns, since: span[0] ?? 8, until: span[1] ?? Number.POSITIVE_INFINITY }
}

/** A method whose number is made of its name (FRC-0042); these came with actors v10 where nothing else is said. */
export function exported(
  frcName: string,
  params: AnyCodec,
  returns: AnyCodec = goEmpty,
  options: { readonly name?: string; readonly span?: Span } = {},
): MethodRow {
  const span = options.span ?? [10]
  return {
    number: frc42Number(frcName),
    name: options.name ?? `${frcName}Exported`,
    params,
    returns,
    since: span[0] ?? 8,
    until: span[1] ?? Number.POSITIVE_INFINITY,
  }
}

/** One method of hand-given number and its exported twin. */
export function both(
  number: number,
  frcName: string,
  params: AnyCodec,
  returns: AnyCodec = goEmpty,
  span: Span = [],
): readonly MethodRow[] {
  const since = Math.max(span[0] ?? 8, 10)
  return [
    method(number, frcName, params, returns, span),
    exported(frcName, params, returns, { span: span[1] === undefined ? [since] : [since, span[1]] }),
  ]
}
