import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optionalWith, required } from '../schema/decode-object.ts'
import { decodeBoolean, decodeEnum, decodeInteger, wrongType, type Decode } from '../schema/decode-scalar.ts'
import { propertyOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { decodeMethod } from './decode-method.ts'
import { decodeDuration } from './duration.ts'
import { DEFAULT_RETRY, type RetryBackoff, type RetryPolicy } from './types.ts'

const MAX_ATTEMPTS = 10
const EXPONENTIAL = { kind: 'exponential', baseMs: 100, maxMs: 5_000, jitter: true } as const
const WORDS = ['none', 'exponential'] as const

const word = decodeEnum('backoff', WORDS)
const fixedFields = decodeObject('backoff', { fixed: required(decodeDuration) })
const exponentialFields = decodeObject('exponential', {
  base: optionalWith(decodeDuration, EXPONENTIAL.baseMs),
  max: optionalWith(decodeDuration, EXPONENTIAL.maxMs),
  jitter: optionalWith(decodeBoolean('jitter'), EXPONENTIAL.jitter),
})
const backoffFields = decodeObject('backoff', { exponential: required(decodeExponential) })

const retryFields = decodeObject('retry', {
  max_attempts: optionalWith(
    decodeInteger({ what: 'max_attempts', min: 1, max: MAX_ATTEMPTS }),
    DEFAULT_RETRY.maxAttempts,
  ),
  methods: optionalWith<readonly string[]>(
    decodeList(decodeMethod, { what: 'methods', min: 1 }),
    DEFAULT_RETRY.methods,
  ),
  backoff: optionalWith<RetryBackoff>(decodeBackoff, DEFAULT_RETRY.backoff),
  buffering: optionalWith<RetryPolicy['buffering']>(
    decodeEnum('buffering', ['opportunistic', 'force']),
    DEFAULT_RETRY.buffering,
  ),
})

/** When a failed request is tried again. */
export const decodeRetry: Decode<RetryPolicy> = (node, sink) => {
  const decoded = retryFields(node, sink)
  if (decoded === undefined) return undefined
  const { max_attempts: maxAttempts, methods, backoff, buffering } = decoded
  if (propertyOf(node, 'max_attempts') === undefined) warnOfOneAttempt(node, sink)
  return { maxAttempts, methods: [...new Set(methods)].toSorted(), backoff, buffering }
}

function warnOfOneAttempt(node: JsonNode, sink: ProblemSink): void {
  sink.at(node, {
    severity: 'warning',
    code: 'retry-without-attempts',
    message: `a retry without max_attempts tries nothing again: the default is ${DEFAULT_RETRY.maxAttempts}, the first included`,
    suggestion: 'write for example "max_attempts": 3',
  })
}

/** `"none"`, `{ "fixed": … }`, `"exponential"`, or `{ "exponential": { … } }`. */
function decodeBackoff(node: JsonNode, sink: ProblemSink): RetryBackoff | undefined {
  if (node.value === 'fixed')
    return wrongType(node, sink, { what: '{ "fixed": … }', suggestion: 'write for example { "fixed": "1s" }' })
  if (node.type === 'string') {
    const chosen = word(node, sink)
    return chosen === undefined ? undefined : chosen === 'none' ? { kind: 'none' } : EXPONENTIAL
  }
  if (node.type !== 'object')
    return wrongType(node, sink, '"none", "exponential", { "fixed": … } or { "exponential": … }')
  if (propertyOf(node, 'fixed') === undefined) {
    return backoffFields(node, sink)?.exponential
  }
  const decoded = fixedFields(node, sink)
  return decoded === undefined ? undefined : { kind: 'fixed', delayMs: decoded.fixed }
}

function decodeExponential(node: JsonNode, sink: ProblemSink): RetryBackoff | undefined {
  const decoded = exponentialFields(node, sink)
  if (decoded === undefined) return undefined
  const { base: baseMs, max: maxMs, jitter } = decoded
  if (baseMs <= maxMs) return { kind: 'exponential', baseMs, maxMs, jitter }
  const message = `"base" (${baseMs} ms) exceeds "max" (${maxMs} ms)`
  sink.at(propertyOf(node, 'base') ?? node, { code: 'out-of-range', message })
  return undefined
}
