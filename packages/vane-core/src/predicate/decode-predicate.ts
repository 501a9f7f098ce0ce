import { suggest } from '../diagnostics/suggest.ts'
import { decodeList } from '../schema/decode-list.ts'
import { oneOf, quoted, unknownWord, wrongType } from '../schema/decode-scalar.ts'
import { propertiesOf, type JsonNode } from '../schema/json-node.ts'
import type { Problem, ProblemSink } from '../schema/problem-sink.ts'
import { decodeOperand } from './decode-operand.ts'
import { FIELDS, findField, type PredicateField } from './fields.ts'
import { appliesTo, OPERATORS, operatorsOf } from './operators.ts'
import type { Predicate, PredicateOperator } from './types.ts'

const COMBINATORS = ['any_of', 'all_of', 'not']
// What other languages call them.
const OTHER_COMBINATORS: Readonly<Record<string, string>> = {
  or: 'any_of',
  any: 'any_of',
  and: 'all_of',
  all: 'all_of',
}
const OTHER_FIELDS: Readonly<Record<string, string>> = {
  'http.path': 'http.uri.path',
  'http.uri': 'http.uri.path',
  'http.url': 'http.uri.path',
  uri: 'http.uri.path',
  url: 'http.uri.path',
  'http.query': 'http.uri.query',
  ip: 'remote.ip',
  'client.ip': 'remote.ip',
  'source.ip': 'remote.ip',
  port: 'local.port',
  domain: 'http.host',
  hostname: 'http.host',
}
const OTHER_OPERATORS: Readonly<Record<string, PredicateOperator>> = {
  eq: 'equals',
  is: 'equals',
  '=': 'equals',
  '==': 'equals',
  ne: 'not_equals',
  neq: 'not_equals',
  is_not: 'not_equals',
  '!=': 'not_equals',
  one_of: 'in',
  any_of: 'in',
  none_of: 'not_in',
  regex: 'matches',
  regexp: 'matches',
  re: 'matches',
  starts_with: 'prefix',
  begins_with: 'prefix',
  ends_with: 'suffix',
  includes: 'contains',
  has: 'contains',
  excludes: 'not_contains',
  '>': 'gt',
  '>=': 'gte',
  '<': 'lt',
  '<=': 'lte',
  ge: 'gte',
  le: 'lte',
  network: 'cidr',
  subnet: 'cidr',
}
const EXAMPLE = 'write for example { "http.host": { "equals": "example.com" } }'

/** One predicate: an object with exactly one key, a field or a combination. Its depth is bounded by the file's nesting. */
export function decodePredicate(node: JsonNode, sink: ProblemSink): Predicate | undefined {
  const only = onlyProperty(node, sink, { what: 'a predicate', suggestion: EXAMPLE })
  if (only === undefined) return undefined
  switch (only.name) {
    case 'any_of':
    case 'all_of': {
      const of = decodeList(decodePredicate, { what: 'predicates', min: 1 })(only.value, sink)
      return of === undefined ? undefined : { op: only.name, of }
    }
    case 'not': {
      const of = decodePredicate(only.value, sink)
      return of === undefined ? undefined : { op: 'not', of }
    }
    default:
      return decodeComparison(only.key, only.value, sink)
  }
}

function decodeComparison(key: JsonNode, value: JsonNode, sink: ProblemSink): Predicate | undefined {
  const path = String(key.value)
  const field = findField(path)
  if (field === undefined) {
    sink.at(key, () => unknownField(path))
    return undefined
  }
  const nameProblem = field.path.endsWith('.') ? checkFieldName(field, path) : undefined
  if (nameProblem !== undefined) {
    sink.at(key, nameProblem)
    return undefined
  }
  if (value.type === 'string') {
    const suggestion = `write { "equals": ${quoted(String(value.value))} }`
    return wrongType(value, sink, { what: 'an operator', suggestion })
  }
  const what = `the comparison of ${quoted(path)}`
  const only = onlyProperty(value, sink, { what, suggestion: 'combine several with "all_of"' })
  if (only === undefined) return undefined

  const operator = Object.hasOwn(OPERATORS, only.name) ? OPERATORS[only.name] : undefined
  if (operator === undefined) {
    sink.at(only.key, () => unknownOperator(only.name, field))
    return undefined
  }
  if (!appliesTo(operator, field)) {
    const where = operator.onlyField ?? `${operator.types.join(', ')} fields`
    sink.at(only.key, {
      code: 'operator-mismatch',
      message: `the operator "${only.name}" applies to ${where}, ${quoted(path)} is of type ${field.type}`,
      expected: oneOf(operatorsOf(field)),
      suggestion: `${quoted(path)} takes ${operatorsOf(field).join(', ')}`,
    })
    return undefined
  }
  const operand = decodeOperand(field, operator)(only.value, sink)
  if (operand === undefined) return undefined
  if (only.name === 'prefix' && path === 'http.uri.path') warnOfPrefix(only.key, String(operand), sink)
  // The names of the table are exactly those of the type.
  return { op: only.name as PredicateOperator, field: path, value: operand }
}

function onlyProperty(
  node: JsonNode,
  sink: ProblemSink,
  { what, suggestion }: { readonly what: string; readonly suggestion: string },
): { key: JsonNode; name: string; value: JsonNode } | undefined {
  if (node.type !== 'object') return wrongType(node, sink, { what: `${what} (an object)`, suggestion })
  const properties = [...propertiesOf(node)]
  const [first, second] = properties
  if (first !== undefined && second === undefined) return first
  const message = `${what} needs exactly one key, this one has ${properties.length}`
  // Whoever writes two comparisons mostly means both.
  const both = what === 'a predicate' ? 'write { "all_of": [{ … }, { … }] } if all of them must hold' : suggestion
  const help = second === undefined ? suggestion : both
  sink.at(second?.key ?? node, { code: 'invalid-predicate', message, suggestion: help })
  return undefined
}

/** `prefix` on a path that ends inside a segment: seldom meant, and where access hangs on it, a hole. */
function warnOfPrefix(key: JsonNode, prefix: string, sink: ProblemSink): void {
  if (!/^\/.*[\p{L}\p{N}]$/su.test(prefix)) return
  sink.at(key, {
    severity: 'warning',
    code: 'prefix-splits-segment',
    message: `the prefix ${quoted(prefix)} also holds for ${quoted(`${prefix}x`)}`,
    suggestion: `write { "path_prefix": ${quoted(prefix)} } for whole segments, or "matches" if it is meant so`,
  })
}

/** Names after `http.header.`: what can be a header name, in the form our parsers give it. */
function checkFieldName(field: PredicateField, path: string): Problem | undefined {
  const name = path.slice(field.path.length)
  if (field.path !== 'http.header.') return undefined
  if (!/^[!#$%&'*+\-.^`|~0-9A-Za-z_]+$/.test(name)) {
    return { code: 'unknown-field', message: `${quoted(name)} is not a header name` }
  }
  if (name === name.toLowerCase()) return undefined
  const suggestion = `write ${quoted(path.toLowerCase())}`
  return { code: 'unknown-field', message: `field names are lower case, ${quoted(path)} is not`, suggestion }
}

function unknownOperator(name: string, field: PredicateField): Problem {
  const known = operatorsOf(field)
  const problem = unknownWord(name, known, { code: 'unknown-operator', what: 'operator' })
  const lower = name.toLowerCase()
  const spelt = Object.hasOwn(OTHER_OPERATORS, lower) ? lower : lower.replace(/(?<=start|begin|end)s?(?=with)/, 's_')
  const meant = Object.hasOwn(OTHER_OPERATORS, spelt) ? OTHER_OPERATORS[spelt]! : undefined
  return meant === undefined || !known.includes(meant)
    ? problem
    : { ...problem, suggestion: `did you mean "${meant}"?` }
}

function unknownField(path: string): Problem {
  const lower = path.toLowerCase()
  const combinator = Object.hasOwn(OTHER_COMBINATORS, lower) ? OTHER_COMBINATORS[lower] : undefined
  const other = Object.hasOwn(OTHER_FIELDS, lower) ? OTHER_FIELDS[lower] : undefined
  const named = /^(?:https?\.|request\.)?(header|cookie|query)s?\.(.+)$/.exec(lower)
  const completed = FIELDS.map(({ path: known }) => (known.endsWith('.') ? `${known}<name>` : known))
  const near =
    (findField(lower) === undefined ? undefined : lower) ??
    combinator ??
    other ??
    (named === null ? undefined : `http.${named[1]}.${named[2]!.slice(0, 64)}`) ??
    // People drop what goes without saying: `host`, `path`, `ip`.
    completed.find((known) => known.endsWith(`.${lower}`)) ??
    completed.find((known) => `${lower}.` === known.slice(0, lower.length + 1) && known.endsWith('<name>')) ??
    suggest(lower, [...completed, ...COMBINATORS])
  const message = `unknown predicate field ${quoted(path)}`
  return near === undefined
    ? { code: 'unknown-field', message, expected: oneOf([...completed, ...COMBINATORS]) }
    : { code: 'unknown-field', message, suggestion: `did you mean ${quoted(near)}?` }
}
