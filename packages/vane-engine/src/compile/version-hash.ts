import { createHash } from 'node:crypto'
import { canonicalJson, type Json, type OnError, type Predicate } from 'vane-core'
import type { AnalyzedRule, ChainStep } from './analyze.ts'
import { toPlainJson } from './plain-json.ts'

/**
 * SHA-256, lower hex, over the canonical JSON of the expanded rules: equal for configurations that mean the same, whatever
 * their key order, comments, white space, file names, and defaults written out or left out.
 */
export function versionHash(rules: readonly AnalyzedRule[]): string {
  const sorted = [...rules].toSorted((a, b) => (a.rule.name < b.rule.name ? -1 : 1))
  const hash = createHash('sha256')
  // In pieces: one text of all rules takes memory, and each call of the hash takes time.
  let piece = '['
  sorted.forEach((rule, index) => {
    piece += `${index === 0 ? '' : ','}${canonicalJson(toCanonical(rule))}`
    if (piece.length < PIECE_CHARS) return
    hash.update(piece)
    piece = ''
  })
  return hash.update(`${piece}]`).digest('hex')
}

const PIECE_CHARS = 65_536

/** Everything about a rule that can change what the engine does, and nothing else. */
function toCanonical({ rule, requestChain, responseChain }: AnalyzedRule): Json {
  return {
    name: rule.name,
    listen: rule.listen.map((spec) => spec.key).toSorted(),
    match: sorted(rule.match.map(toCanonicalPredicate)),
    priority: rule.priority,
    request: requestChain.map(toCanonicalStep),
    response: responseChain.map(toCanonicalStep),
    terminate: toPlainJson(rule.terminate),
    tls: toPlainJson(rule.tls),
    max_body_bytes_request: rule.maxBodyBytesRequest,
    max_body_bytes_response: rule.maxBodyBytesResponse,
  }
}

function toCanonicalStep({ middleware, onError }: ChainStep): Json {
  return { use: middleware.name, args: middleware.args, on_error: toCanonicalOnError(onError) }
}

function toCanonicalOnError(onError: OnError | undefined): Json {
  return onError === undefined ? null : toPlainJson(onError)
}

/**
 * The order of predicates that must all hold, or of which one must, does not matter, nor does that of values in a list.
 * Repeats do: the number of predicates decides the place of a rule.
 */
function toCanonicalPredicate(predicate: Predicate): Json {
  switch (predicate.op) {
    case 'any_of':
    case 'all_of':
      return { op: predicate.op, of: sorted(predicate.of.map(toCanonicalPredicate)) }
    case 'not':
      return { op: predicate.op, of: toCanonicalPredicate(predicate.of) }
    default: {
      const { op, field, value } = predicate
      return { op, field, value: typeof value === 'object' ? sorted(value) : value }
    }
  }
}

function sorted(values: readonly Json[]): readonly Json[] {
  if (values.length < 2) return values
  return values
    .map((value) => ({ value, text: canonicalJson(value) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ value }) => value)
}
