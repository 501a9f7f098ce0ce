/** What a plugin may ask the host to do about an error it returns. Any other hint is a trap. */
export type OnErrorHint = 'force-close' | 'internal'

/** Whether a hint on the wire is one of the contract's. */
export function isOnErrorHint(value: unknown): value is OnErrorHint {
  return value === 'force-close' || value === 'internal'
}

/**
 * A failed plugin call. Three cases today; a `switch` over `case` must have a default, since more may come.
 *
 * Calls of a `WasmRuntime` throw or reject with nothing else. `message` is the text form, prefix included, as loggers print
 * it; `toJSON` answers the contract's record of the case.
 */
export type PluginError = PluginReturnedError | PluginTrapError | PluginExhaustedError

/** The contract's record of a {@link PluginError}: what crosses a process or thread. */
export type PluginErrorJson =
  | { readonly case: 'plugin'; readonly code: string; readonly message: string; readonly onErrorHint?: OnErrorHint }
  | { readonly case: 'trap'; readonly message: string }
  | { readonly case: 'exhausted' }

/** The plugin answered with an error of its own. Text form: `plugin CODE: MESSAGE`. */
export class PluginReturnedError extends Error {
  readonly case = 'plugin'
  override readonly name = 'PluginReturnedError'
  readonly code: string
  /** The plugin's own message, without the prefix that `message` carries. */
  readonly pluginMessage: string
  readonly onErrorHint: OnErrorHint | undefined

  constructor(code: string, pluginMessage: string, onErrorHint?: OnErrorHint) {
    super(`plugin ${code}: ${pluginMessage}`)
    this.code = code
    this.pluginMessage = pluginMessage
    this.onErrorHint = onErrorHint
  }

  override toString(): string {
    return this.message
  }

  toJSON(): PluginErrorJson {
    const hint = this.onErrorHint === undefined ? {} : { onErrorHint: this.onErrorHint }
    return { case: 'plugin', code: this.code, message: this.pluginMessage, ...hint }
  }
}

/** The call broke the contract or a limit; its instance is never used again. Text form: `plugin trap: MESSAGE`. */
export class PluginTrapError extends Error {
  readonly case = 'trap'
  override readonly name = 'PluginTrapError'
  /** Why, without the prefix that `message` carries. */
  readonly reason: string

  constructor(reason: string, options?: { readonly cause?: unknown }) {
    super(`plugin trap: ${reason}`, options)
    this.reason = reason
  }

  override toString(): string {
    return this.message
  }

  toJSON(): PluginErrorJson {
    return { case: 'trap', message: this.reason }
  }
}

/** No instance was free. Text form: `plugin pool exhausted: no instance available`. */
export class PluginExhaustedError extends Error {
  readonly case = 'exhausted'
  override readonly name = 'PluginExhaustedError'

  constructor() {
    super('plugin pool exhausted: no instance available')
  }

  override toString(): string {
    return this.message
  }

  toJSON(): PluginErrorJson {
    return { case: 'exhausted' }
  }
}

/** Whether a thrown value is a {@link PluginError}. */
export function isPluginError(value: unknown): value is PluginError {
  return (
    value instanceof PluginReturnedError || value instanceof PluginTrapError || value instanceof PluginExhaustedError
  )
}
