import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'

/** Limits of one HTTP/2 connection, by the names that hits are counted under. */
export type Http2Limit =
  | 'max_streams_per_conn'
  | 'max_request_rate_per_conn'
  | 'http2_resets'
  | 'http2_settings'
  | 'http2_pings'
  | 'http2_empty_frames'
  | 'http2_window_updates'
  | 'http2_continuations'

/** How much of something a peer may do: so many at once, and so many a second in the long run. */
export interface Allowance {
  readonly burst: number
  readonly perSecond: number
}

/** What a connection may do besides requests that it carries through. */
export type GuardedWork = 'resets' | 'settings' | 'pings' | 'emptyFrames' | 'windowUpdates' | 'requests'

/**
 * What no well-behaved client comes near. Each of these costs a few bytes to send and more to answer: resets (CVE-2023-44487,
 * and CVE-2025-8671 for those that the client makes us send), SETTINGS, PING and empty frames (CVE-2019-9512, 9515, 9518).
 */
const ALLOWANCES: Readonly<Record<GuardedWork, Allowance>> = {
  resets: { burst: 500, perSecond: 50 },
  settings: { burst: 50, perSecond: 5 },
  pings: { burst: 500, perSecond: 50 },
  emptyFrames: { burst: 500, perSecond: 50 },
  windowUpdates: { burst: 4_000, perSecond: 400 },
  requests: { burst: Infinity, perSecond: Infinity },
}

const LIMIT_NAMES: Readonly<Record<GuardedWork, Http2Limit>> = {
  resets: 'http2_resets',
  settings: 'http2_settings',
  pings: 'http2_pings',
  emptyFrames: 'http2_empty_frames',
  windowUpdates: 'http2_window_updates',
  requests: 'max_request_rate_per_conn',
}

const WHAT: Readonly<Record<GuardedWork, string>> = {
  resets: 'streams that were reset',
  settings: 'SETTINGS frames',
  pings: 'PING frames',
  emptyFrames: 'frames that carry nothing',
  windowUpdates: 'WINDOW_UPDATE frames',
  requests: 'requests',
}

interface Bucket {
  readonly allowance: Allowance
  tokens: number
  filledAtMs: number
}

/** Keeps the allowances of one connection. */
export class FloodGuard {
  readonly #allowances: Readonly<Record<GuardedWork, Allowance>>
  readonly #nowMs: () => number
  /** Made when first charged: most connections do none of it. */
  readonly #buckets = new Map<GuardedWork, Bucket>()

  /** @param allowances those that are not the usual ones. */
  constructor(
    allowances: Partial<Readonly<Record<GuardedWork, Allowance>>> = {},
    nowMs: () => number = () => performance.now(),
  ) {
    this.#allowances = { ...ALLOWANCES, ...allowances }
    this.#nowMs = nowMs
  }

  /**
   * Takes one from an allowance.
   *
   * @throws ConnectionFault where it is used up.
   */
  charge(work: GuardedWork): void {
    const bucket = this.#bucket(work)
    this.#refill(bucket)
    if (bucket.tokens < 1) {
      const { burst, perSecond } = bucket.allowance
      const message = `more than ${burst} ${WHAT[work]} at once and ${perSecond} a second`
      throw new ConnectionFault(ERROR_CODE.enhanceYourCalm, message, LIMIT_NAMES[work])
    }
    bucket.tokens--
  }

  /** Gives back what useful work has earned. */
  credit(work: GuardedWork, count: number): void {
    const bucket = this.#buckets.get(work)
    if (bucket !== undefined) bucket.tokens = Math.min(bucket.allowance.burst, bucket.tokens + count)
  }

  #bucket(work: GuardedWork): Bucket {
    let bucket = this.#buckets.get(work)
    if (bucket === undefined) {
      const allowance = this.#allowances[work]
      bucket = { allowance, tokens: allowance.burst, filledAtMs: this.#nowMs() }
      this.#buckets.set(work, bucket)
    }
    return bucket
  }

  #refill(bucket: Bucket): void {
    const nowMs = this.#nowMs()
    const { burst, perSecond } = bucket.allowance
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.filledAtMs) / 1000) * perSecond)
    bucket.filledAtMs = nowMs
  }
}
