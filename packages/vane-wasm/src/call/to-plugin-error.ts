import { PluginReturnedError, PluginTrapError, type PluginError } from 'vane-core'

const MAX_CODE_LENGTH = 128
const MAX_MESSAGE_LENGTH = 4096
const MAX_REASON_LENGTH = 500

/**
 * Sorts what a call threw: a record of the contract's `plugin-error` is the plugin's own answer, everything else is a trap.
 *
 * @param trapReason reason that a host function gave for a trap; it outweighs whatever was thrown.
 */
export function toPluginError(thrown: unknown, trapReason?: string): PluginError {
  if (trapReason !== undefined) return new PluginTrapError(trapReason, { cause: thrown })
  // The glue throws the error of a result bare, or wrapped with a payload, depending on its settings.
  const record = thrown instanceof Error && 'payload' in thrown ? thrown.payload : thrown
  if (record instanceof Error || typeof record !== 'object' || record === null) {
    return new PluginTrapError(describe(thrown), { cause: thrown })
  }
  return fromRecord(record as Record<string, unknown>)
}

function fromRecord({ code, message, onErrorHint }: Readonly<Record<string, unknown>>): PluginError {
  if (typeof code !== 'string' || typeof message !== 'string') {
    return new PluginTrapError('answered an error that is not a plugin-error')
  }
  if (onErrorHint !== undefined && onErrorHint !== 'force-close' && onErrorHint !== 'internal') {
    const shown = typeof onErrorHint === 'string' ? JSON.stringify(onErrorHint.slice(0, 80)) : typeof onErrorHint
    return new PluginTrapError(`answered an on-error-hint other than force-close or internal (${shown})`)
  }
  return new PluginReturnedError(cut(code, MAX_CODE_LENGTH), cut(message, MAX_MESSAGE_LENGTH), onErrorHint)
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'an exception left the plugin'
  // V8 words the end of the stack this way, in the plugin and in a host function alike.
  if (thrown instanceof RangeError && thrown.message.includes('call stack')) return 'stack exhausted'
  return cut(thrown.message, MAX_REASON_LENGTH)
}

function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}
