import type { PluginError } from '../contract/values.ts'

/** Thrown by a handler to report a failure: it becomes the contract's `plugin-error`. The instance lives on. */
export class PluginFailure extends Error {
  override readonly name: string = 'PluginFailure'
  readonly code: string
  readonly onErrorHint: 'force-close' | 'internal' | undefined

  constructor(code: string, message: string, onErrorHint?: 'force-close' | 'internal') {
    super(message)
    this.code = code
    this.onErrorHint = onErrorHint
  }
}

/**
 * Whatever was thrown, as a `plugin-error`: a `PluginFailure` or a plain `{ code, message }` as it is, any other error with the code
 * `uncaught` and its stack. Without this it would be a trap, and the log would not say where.
 */
export function toPluginError(thrown: unknown): PluginError {
  if (thrown instanceof PluginFailure) {
    return { code: thrown.code, message: thrown.message, onErrorHint: thrown.onErrorHint }
  }
  if (thrown instanceof Error) {
    return { code: 'uncaught', message: `${thrown.name}: ${thrown.message}\n${thrown.stack ?? ''}`.trim() }
  }
  if (isPluginError(thrown)) return thrown
  return { code: 'uncaught', message: String(thrown) }
}

function isPluginError(thrown: unknown): thrown is PluginError {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    'message' in thrown &&
    typeof thrown.message === 'string'
  )
}
