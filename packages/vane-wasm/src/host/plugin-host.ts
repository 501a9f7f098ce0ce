import type { HttpFetchBackend, Logger, PluginHttpPolicy, PluginMetrics } from 'vane-core'

import type { PluginLimits } from '../plugin-limits.ts'
import { PluginFetcher } from './http-fetch.ts'
import { MetricGuard } from './metric-guard.ts'
import { PluginLog } from './plugin-log.ts'

/** What a plugin is given; each part may be missing and is then inert. */
export interface PluginHostOptions {
  readonly stem: string
  readonly logger: Logger
  readonly metrics: PluginMetrics | undefined
  readonly httpFetch: HttpFetchBackend | undefined
  readonly policy: PluginHttpPolicy
  readonly limits: PluginLimits
}

/** The host's side of one plugin, shared by all its instances: what is counted, is counted per plugin. */
export interface PluginHost {
  readonly stem: string
  readonly log: PluginLog
  readonly metrics: MetricGuard
  readonly fetcher: PluginFetcher
  /** Puts another policy and other limits in force. */
  configure(policy: PluginHttpPolicy, limits: PluginLimits): void
  /** Ends fetches in flight and leaves no timer. */
  close(): void
}

/** Makes the host's side of a plugin. Whoever holds it closes it. */
export function createPluginHost({ stem, logger, metrics, httpFetch, policy, limits }: PluginHostOptions): PluginHost {
  const log = new PluginLog(stem, logger)
  const fetcher = new PluginFetcher({ policy, backend: httpFetch, maxInFlight: limits.maxInFlightFetches })
  const guard = new MetricGuard({ plugin: stem, metrics, logger, maxSeries: limits.maxMetricSeries })
  return {
    stem,
    log,
    metrics: guard,
    fetcher,
    configure(nextPolicy, next) {
      fetcher.configure(nextPolicy, next.maxInFlightFetches)
      guard.maxSeries = next.maxMetricSeries
    },
    close: () => {
      log.close()
      fetcher.close()
    },
  }
}
