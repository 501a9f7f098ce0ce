/**
 * Why a daemon refused or failed a request. `malformed_request`, `line_too_long`, `unknown_verb` and `invalid_args` are the
 * caller's mistakes; `reload_failed` and `failed` are the work's; `internal` is ours.
 */
export type MgmtErrorCode =
  | 'malformed_request'
  | 'line_too_long'
  | 'unknown_verb'
  | 'invalid_args'
  | 'reload_failed'
  | 'failed'
  | 'internal'

/** A request that was answered with an error: thrown by a verb's handler in the daemon, and by the client's `call`. */
export class MgmtError extends Error {
  override readonly name = 'MgmtError'
  /** A {@link MgmtErrorCode}, or one that a newer daemon brought. */
  readonly code: MgmtErrorCode | (string & {})
  /** Whatever else the verb has to say: JSON. */
  readonly data: unknown

  constructor(code: MgmtErrorCode | (string & {}), message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}
