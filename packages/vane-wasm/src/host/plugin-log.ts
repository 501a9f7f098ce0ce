import type { Logger } from 'vane-core'

import { toLogText } from './log-text.ts'
import type { KeyValue } from './key-value.ts'

/** Severity of a plugin's line. WIT: `vane:host/host.log-level`. */
export type PluginLogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** Who a line comes from. */
export interface PluginLogSource {
  readonly version: string | undefined
  readonly exportName: string | undefined
  readonly connectionId: string | undefined
}

/** One line. */
export interface PluginLogLine {
  readonly level: PluginLogLevel
  readonly message: string
  readonly fields: readonly KeyValue[]
  readonly source: PluginLogSource
}

const MAX_LINES_PER_SECOND = 100
const WINDOW_MS = 1000
const MAX_MESSAGE_LENGTH = 8192
const MAX_FIELDS = 32
const MAX_FIELD_LENGTH = 1024

/** Writes a plugin's lines to the daemon's log, at most 100 a second; then one line says how many were dropped. */
export class PluginLog {
  readonly #logger: Logger
  readonly #plugin: string
  #windowTimer: NodeJS.Timeout | undefined
  #written: number = 0
  #dropped: number = 0

  constructor(plugin: string, logger: Logger) {
    this.#plugin = plugin
    this.#logger = logger
  }

  write({ level, message, fields, source }: PluginLogLine): void {
    // A window begins with its first line, so an idle plugin has no timer.
    this.#windowTimer ??= setTimeout(() => this.#endWindow(), WINDOW_MS).unref()
    if (this.#written >= MAX_LINES_PER_SECOND) {
      this.#dropped++
      return
    }
    this.#written++
    const { version, exportName, connectionId } = source
    const line = {
      plugin: this.#plugin,
      version,
      export: exportName,
      connectionId,
      // Under a key of their own, so that they cannot pass for ours.
      ...(fields.length === 0 ? {} : { fields: toFields(fields) }),
    }
    this.#logger[level](line, toLogText(message, MAX_MESSAGE_LENGTH))
  }

  /** Ends the running second: says what was dropped and leaves no timer. */
  close(): void {
    clearTimeout(this.#windowTimer)
    this.#endWindow()
  }

  #endWindow(): void {
    this.#windowTimer = undefined
    this.#written = 0
    if (this.#dropped === 0) return
    const dropped = this.#dropped
    this.#dropped = 0
    this.#logger.warn(
      { plugin: this.#plugin, dropped },
      `dropped ${dropped} log lines of plugin ${this.#plugin}: more than ${MAX_LINES_PER_SECOND} in a second`,
    )
  }
}

function toFields(fields: readonly KeyValue[]): Record<string, string> {
  const entries = fields
    .slice(0, MAX_FIELDS)
    .map(({ key, value }) => [toLogText(key, MAX_FIELD_LENGTH), toLogText(value, MAX_FIELD_LENGTH)])
  return Object.fromEntries(entries) as Record<string, string>
}
