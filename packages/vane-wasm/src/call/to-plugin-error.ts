import { PluginReturnedError, PluginTrapError } from 'vane-core'

import { cutText } from '../host/cut-text.ts'

const MAX_CODE_LENGTH = 128
const MAX_MESSAGE_LENGTH = 4096
const MAX_REASON_LENGTH = 500

/** The trap that whatever a call threw comes to. */
export function toTrap(thrown: unknown): PluginTrapError {
  return new PluginTrapError(describe(thrown), { cause: thrown })
}

/** The error that a plugin returned, a `plugin-error` of the contract; a trap where its hint is none. */
export function toReturnedError(value: unknown): PluginReturnedError | PluginTrapError {
  const { code, message, onErrorHint } = value as Readonly<Record<'code' | 'message', string>> & {
    readonly onErrorHint: string | undefined
  }
  if (onErrorHint !== undefined && onErrorHint !== 'force-close' && onErrorHint !== 'internal') {
    const shown = JSON.stringify(onErrorHint.slice(0, 80))
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
  return text.length > maxLength ? `${cutText(text, maxLength)}…` : text
}
