import type { Logger, PluginMetrics } from 'vane-core'

import { cutText } from './cut-text.ts'
import type { KeyValue } from './key-value.ts'

/** One report of a metric. */
export interface MetricReport {
  readonly kind: 'counter' | 'gauge'
  readonly name: string
  readonly value: bigint
  readonly labels: readonly KeyValue[]
}

/** What a {@link MetricGuard} stands between. */
export interface MetricGuardOptions {
  readonly plugin: string
  /** Without one, reports go nowhere. */
  readonly metrics: PluginMetrics | undefined
  readonly logger: Logger
  readonly maxSeries: number
}

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const MAX_NAME_LENGTH = 200
const MAX_LABELS = 16
const MAX_LABEL_VALUE_LENGTH = 256

/** Passes a plugin's metrics on, as long as they stay within their number of series. */
export class MetricGuard {
  readonly #options: MetricGuardOptions
  readonly #series: Set<string> = new Set()
  #hasWarned: boolean = false
  /** Series that are passed on; more are dropped. */
  maxSeries: number

  constructor(options: MetricGuardOptions) {
    this.#options = options
    this.maxSeries = options.maxSeries
  }

  /** @returns why the report breaks the contract, or `undefined`. */
  report({ kind, name, value, labels }: MetricReport): string | undefined {
    if (!NAME.test(name) || name.length > MAX_NAME_LENGTH) {
      return `metric name ${JSON.stringify(name.slice(0, MAX_NAME_LENGTH))} does not match [a-zA-Z_][a-zA-Z0-9_]*`
    }
    const { plugin, metrics } = this.#options
    const kept = toLabels(labels)
    if (metrics === undefined || !this.#admits(JSON.stringify([kind, name, kept]))) return undefined
    try {
      metrics[kind](plugin, name, value, kept)
    } catch (error) {
      // What is wrong with the daemon's metrics is not the plugin's fault.
      this.#warnOnce({ err: error }, `metrics of plugin ${plugin} cannot be recorded`)
    }
    return undefined
  }

  #admits(series: string): boolean {
    if (this.#series.has(series)) return true
    const { plugin } = this.#options
    if (this.#series.size >= this.maxSeries) {
      this.#warnOnce({}, `plugin ${plugin} reports more than ${this.maxSeries} metric series: the rest is dropped`)
      return false
    }
    this.#series.add(series)
    return true
  }

  #warnOnce(fields: object, message: string): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#options.logger.warn({ plugin: this.#options.plugin, ...fields }, message)
  }
}

/** Sorted, with names that a metric system takes and values of bounded length; a repeated name keeps its last value. */
function toLabels(labels: readonly KeyValue[]): KeyValue[] {
  const byName = new Map<string, string>()
  for (const { key, value } of labels.slice(0, MAX_LABELS)) {
    const name = cutText(key, MAX_NAME_LENGTH).replaceAll(/[^a-zA-Z0-9_]/g, '_')
    byName.set(NAME.test(name) ? name : `_${name}`, cutText(value, MAX_LABEL_VALUE_LENGTH))
  }
  return Array.from(byName, ([key, value]) => ({ key, value })).toSorted((a, b) => (a.key < b.key ? -1 : 1))
}
