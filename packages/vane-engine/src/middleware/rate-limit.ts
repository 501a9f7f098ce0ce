import type { Json, RateLimitArgs } from 'vane-core'
import { CONTINUE, type Middleware } from '../executor/flow.ts'
import { createResponder } from '../fetch/responder.ts'
import { type BucketStore, type TokenBucketOptions, TokenBuckets } from '../floor/token-buckets.ts'
import { createKeyOf } from './rate-limit-key.ts'

/** Keys of one call site that are remembered: some 26 MB where all are in use. */
const MAX_KEYS = 131_072

/**
 * Lets `rate` requests pass in each window for each key, `burst` of them at once; the others get what `on_limit` says, with
 * `retry-after`. A request is counted when it arrives and in one step, so that those that run side by side cannot both
 * have the last token.
 *
 * @param createBuckets where this call site's state is kept.
 */
export function createRateLimit(
  json: Json,
  createBuckets: (options: TokenBucketOptions) => BucketStore = (options) => new TokenBuckets(options),
): Middleware {
  // Checked and filled in by `decodeRateLimit` when the rule was compiled.
  const { key, rate, burst, window_ms: windowMs, on_limit: answer } = json as RateLimitArgs
  const { status, headers, body, body_encoding: encoding } = answer
  const buckets = createBuckets({ rate, burst, windowMs, maxKeys: MAX_KEYS })
  const keyOf = createKeyOf(key)
  const respond = createResponder({
    status,
    headers,
    body,
    ...(encoding === 'base64' ? { bodyEncoding: encoding } : {}),
  })
  return {
    handle(flow) {
      const waitMs = buckets.take(keyOf(flow), performance.now())
      if (waitMs === 0) return CONTINUE
      const response = respond(flow)
      if (!response.headers.has('retry-after')) {
        response.headers.append('retry-after', String(Math.max(1, Math.ceil(waitMs / 1_000))))
      }
      return { tag: 'short', response }
    },
  }
}
