import type { RetryBackoff } from 'vane-core'

/**
 * How long to wait before a request is sent again.
 *
 * Exponential delays double from `base` up to `max`; with jitter one is anything from its half to its whole, so that requests
 * that failed together do not come back together.
 *
 * @param failures that came before, at least one.
 * @param random from 0 to below 1.
 * @returns milliseconds.
 */
export function toBackoffDelayMs(backoff: RetryBackoff, failures: number, random: number): number {
  switch (backoff.kind) {
    case 'none':
      return 0
    case 'fixed':
      return backoff.delayMs
    case 'exponential': {
      const wholeMs = Math.min(backoff.maxMs, backoff.baseMs * 2 ** (failures - 1))
      return backoff.jitter ? wholeMs * (0.5 + random / 2) : wholeMs
    }
  }
}
