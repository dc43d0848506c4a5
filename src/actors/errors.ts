import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type ActorErrorCode =
  /** Bytes of the state that no actor can have written: a damaged store, or a bug. */
  | 'STATE_MALFORMED'
  /** A caller asked to store something that the structure cannot hold. */
  | 'STATE_VALUE'
  /** No actor has this address. */
  | 'ACTOR_NOT_FOUND'
  /** The actor's code is none that this program knows, or is of another kind than asked for. */
  | 'ACTOR_KIND'
  /** The actor exists, but not the thing in it that was asked for (a sector, a claim, a deadline). */
  | 'ACTOR_ENTRY_NOT_FOUND'

/** What goes wrong when actor state is read or written. */
export class ActorError extends NodeError {
  declare readonly code: ActorErrorCode
  constructor(code: ActorErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}

export function malformed(message: string, cause?: unknown): never {
  throw new ActorError('STATE_MALFORMED', message, cause === undefined ? {} : { cause })
}
