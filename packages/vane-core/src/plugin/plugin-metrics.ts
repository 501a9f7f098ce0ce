/** Where the metrics that plugins report go. Names are checked before they get here, and series are bounded by the caller. */
export interface PluginMetrics {
  counter(plugin: string, name: string, delta: bigint, labels: readonly PluginMetricLabel[]): void
  gauge(plugin: string, name: string, value: bigint, labels: readonly PluginMetricLabel[]): void
}

/** One label of a plugin's metric. */
export interface PluginMetricLabel {
  readonly key: string
  readonly value: string
}
