import { createHash } from 'node:crypto'
import { canonicalJson, type Json, type OnError, type Predicate, type Terminate } from 'vane-core'
import type { AnalyzedRule, ChainStep } from './analyze.ts'

/**
 * SHA-256, lower hex, over the canonical JSON of the expanded rules: equal for configurations that mean the same, whatever
 * their key order, comments, white space, file names, and defaults written out or left out.
 */
export function versionHash(rules: readonly AnalyzedRule[]): string {
  const sorted = [...rules].toSorted((a, b) => (a.rule.name < b.rule.name ? -1 : 1))
  return createHash('sha256')
    .update(canonicalJson(sorted.map(toJson)))
    .digest('hex')
}

/** Everything about a rule that can change what the engine does, and nothing else. */
function toJson({ rule, requestChain, responseChain }: AnalyzedRule): Json {
  return {
    name: rule.name,
    listen: rule.listen.map((spec) => spec.key),
    match: rule.match.map(predicateToJson),
    priority: rule.priority,
    request: requestChain.map(stepToJson),
    response: responseChain.map(stepToJson),
    terminate: terminateToJson(rule.terminate),
    max_body_bytes_request: rule.maxBodyBytesRequest,
    max_body_bytes_response: rule.maxBodyBytesResponse,
  }
}

function stepToJson({ middleware, onError }: ChainStep): Json {
  return { use: middleware.name, args: middleware.args, on_error: onErrorToJson(onError) }
}

function onErrorToJson(onError: OnError | undefined): Json {
  if (onError === undefined) return null
  return onError.kind === 'close' ? 'close' : { response: { ...onError.response } }
}

function predicateToJson(predicate: Predicate): Json {
  switch (predicate.op) {
    case 'any_of':
    case 'all_of':
      return { op: predicate.op, of: predicate.of.map(predicateToJson) }
    case 'not':
      return { op: predicate.op, of: predicateToJson(predicate.of) }
    default:
      return { op: predicate.op, field: predicate.field, value: predicate.value }
  }
}

function terminateToJson(terminate: Terminate): Json {
  switch (terminate.type) {
    case 'http_proxy': {
      const { timeouts } = terminate
      return {
        ...terminate,
        upstream: { ...terminate.upstream },
        timeouts: { ...timeouts, totalMs: timeouts.totalMs ?? null },
      }
    }
    case 'static':
      return { type: 'static', response: { ...terminate.response } }
    case 'close':
      return { type: 'close' }
  }
}
