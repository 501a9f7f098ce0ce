import type { DispatchCase, FieldPredicate } from 'vane-core'

const FIELD_WORDS: Readonly<Record<string, string>> = {
  'http.host': 'host',
  'http.method': 'method',
  'http.version': 'http version',
  'http.uri.path': 'path',
  'http.uri.query': 'query',
  'http.body': 'body',
  'remote.ip': 'remote ip',
  'remote.port': 'remote port',
  'local.ip': 'local ip',
  'local.port': 'local port',
  'tls.sni': 'sni',
  'tls.alpn': 'alpn',
  'tls.version': 'tls version',
  peek: 'first bytes',
}

const NAMED_FIELDS: readonly (readonly [prefix: string, word: string])[] = [
  ['http.header.', 'header'],
  ['http.query.', 'query'],
  ['http.cookie.', 'cookie'],
  ['tls.peer_cert.', 'client cert'],
]

const OPERATOR_WORDS: Readonly<Record<string, string>> = {
  equals: '=',
  not_equals: '≠',
  in: 'in',
  not_in: 'not in',
  prefix: 'starts with',
  suffix: 'ends with',
  contains: 'contains',
  not_contains: 'lacks',
  path_prefix: 'under',
  matches: 'matches',
  cidr: 'in',
  gt: '>',
  gte: '≥',
  lt: '<',
  lte: '≤',
}

const MAX_LIST_VALUES = 3

/** A comparison as a person would say it: `host = a.test`, `path under /api`, `remote ip in 10.0.0.0/8`. Not escaped. */
export function predicateWords(predicate: FieldPredicate): string {
  if (isPresence(predicate)) return `${fieldWords(predicate.field)} is there`
  const operator = Object.hasOwn(OPERATOR_WORDS, predicate.op) ? OPERATOR_WORDS[predicate.op]! : predicate.op
  return `${fieldWords(predicate.field)} ${operator} ${operandWords(predicate.value)}`
}

/** Everything begins with nothing, and whatever is there is none of no values. */
function isPresence({ op, value }: FieldPredicate): boolean {
  return (op === 'prefix' && value === '') || (op === 'not_in' && typeof value === 'object' && value.length === 0)
}

/** A field path in words: `host`, `header accept`. Not escaped. */
export function fieldWords(field: string): string {
  if (Object.hasOwn(FIELD_WORDS, field)) return FIELD_WORDS[field]!
  for (const [prefix, word] of NAMED_FIELDS) {
    if (field.startsWith(prefix)) return `${word} ${field.slice(prefix.length)}`
  }
  return field
}

/** Values with the tail of a long list counted: `a, b, … 7 more`. Not escaped. */
export function listWords(values: readonly string[], maxValues: number = MAX_LIST_VALUES): string {
  // Saying "1 more" takes the room of the one.
  if (values.length <= maxValues + 1) return values.join(', ')
  return `${values.slice(0, maxValues).join(', ')}, … ${values.length - maxValues} more`
}

/** A value that a person can tell from the words around it: an empty one or one with outer spaces is quoted. */
export function valueWords(value: string): string {
  return value === '' || value.trim() !== value ? `"${value}"` : value
}

/** What a case of a dispatch stands for: `a.test`, `under /api`, `/img…`, `….test`, `10.0.0.0/8`. Not escaped. */
export function caseWords([value, , match]: DispatchCase): string {
  const words = valueWords(String(value))
  switch (match) {
    case 'path_prefix':
      return `under ${words}`
    case 'prefix':
      return `${words}…`
    case 'suffix':
      return `…${words}`
    default:
      return words
  }
}

function operandWords(operand: unknown): string {
  if (typeof operand === 'string') return valueWords(operand)
  if (typeof operand === 'number' || typeof operand === 'boolean') return String(operand)
  if (Array.isArray(operand)) return `{${listWords(operand.map(operandWords))}}`
  return JSON.stringify(operand) ?? '?'
}
