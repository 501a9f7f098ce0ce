import { FIELDS, type PredicateField } from '../predicate/fields.ts'
import { OPERATORS, operatorsOf, type OperatorSpec } from '../predicate/operators.ts'
import { integer, type JsonSchema, listOf, ref, text, words } from './json-schema.ts'
import { FORMS } from './text-forms.ts'

const FIELD_HELP: Readonly<Record<string, string>> = {
  transport: 'tcp or udp',
  'remote.ip': 'address of the client',
  'remote.port': 'port of the client',
  'local.ip': 'address the client connected to',
  'local.port': 'port the client connected to',
  peek: 'the first bytes of the connection, up to 8 KiB',
  'tls.sni': 'host name the client asks TLS for, in lower case',
  'tls.alpn': 'first protocol the client offers in TLS',
  'tls.version': 'version of TLS',
  'tls.peer_cert.present': 'whether the client has shown a certificate',
  'tls.peer_cert.subject_cn': 'common name of the client certificate',
  'tls.peer_cert.issuer_cn': 'common name of its issuer',
  'tls.peer_cert.serial': 'its serial number',
  'tls.peer_cert.fingerprint_sha256': 'SHA-256 of the certificate, lower-case hex',
  'tls.peer_cert.spki_sha256': 'SHA-256 of its public key, lower-case hex',
  'tls.peer_cert.san_dns': 'DNS names of the client certificate',
  'http.method': 'method of the request, in upper case',
  'http.version': 'version of HTTP the client speaks',
  'http.host': 'host the request is for, in lower case, without port',
  'http.uri.path': 'path of the request target',
  'http.uri.query': 'query of the request target, without "?"',
  'http.header.': 'first value of the header of this name',
  'http.query.': 'first value of the query parameter of this name, percent-decoded',
  'http.cookie.': 'first value of the cookie of this name, percent-decoded',
  'http.body': 'body of the request, which is buffered for it',
}

const OPERATOR_HELP: Readonly<Record<string, string>> = {
  equals: 'is exactly this',
  not_equals: 'is there, and is not this',
  in: 'is one of these',
  not_in: 'is there, and is none of these',
  contains: 'has this as a part, or as an element',
  not_contains: 'is there, and does not have this as a part, or as an element',
  prefix: 'begins with this',
  suffix: 'ends with this',
  path_prefix: 'is this path, or below it: whole segments',
  matches: 'an RE2 regular expression matches somewhere in it',
  gt: 'is greater than this',
  gte: 'is at least this',
  lt: 'is less than this',
  lte: 'is at most this',
  cidr: 'lies in this network',
}

/** `$defs` of predicates: `predicate` and what it refers to. */
export function predicateDefs(): Readonly<Record<string, JsonSchema>> {
  const self = ref('predicate')
  // Fields of one kind share what they are compared by.
  const kinds = new Map<string, JsonSchema>()
  const compared = (field: PredicateField): JsonSchema => {
    const name = kindOf(field)
    if (!kinds.has(name)) kinds.set(name, comparison(field))
    return ref(name, FIELD_HELP[field.path] ?? field.path)
  }
  const properties: [string, JsonSchema][] = [
    ['any_of', listOf('at least one of these holds', self, 1)],
    ['all_of', listOf('all of these hold', self, 1)],
    ['not', { ...self, description: 'this does not hold' }],
  ]
  const patternProperties: [string, JsonSchema][] = []
  for (const field of FIELDS) {
    if (!field.path.endsWith('.')) properties.push([field.path, compared(field)])
    else patternProperties.push([patternOf(field), compared(field)])
  }
  return {
    predicate: {
      type: 'object',
      description: 'a field with an operator, or any_of, all_of, not: exactly one key',
      minProperties: 1,
      maxProperties: 1,
      properties: Object.fromEntries(properties),
      patternProperties: Object.fromEntries(patternProperties),
      additionalProperties: false,
    },
    ...Object.fromEntries(kinds),
  }
}

function kindOf({ path, type, values, form }: PredicateField): string {
  if (values !== undefined) return `${path.replaceAll('.', '_')}_field`
  return form === undefined ? `${type}_field` : `${form.replaceAll('-', '_')}_${type}_field`
}

function patternOf({ path }: PredicateField): string {
  const name = path === 'http.header.' ? "[!#$%&'*+\\-.^`|~0-9a-z_]+" : '[\\s\\S]+'
  return `^${path.replaceAll('.', '\\.')}${name}$`
}

function comparison(field: PredicateField): JsonSchema {
  const operators = operatorsOf(field).map((name) => {
    const operand = operandOf(field, OPERATORS[name]!)
    return [name, { ...operand, description: OPERATOR_HELP[name] ?? name }] as const
  })
  return {
    type: 'object',
    minProperties: 1,
    maxProperties: 1,
    properties: Object.fromEntries(operators),
    additionalProperties: false,
  }
}

function operandOf(field: PredicateField, { operand }: OperatorSpec): JsonSchema {
  switch (operand) {
    case 'value':
      return valueOf(field)
    case 'values':
      return listOf('', valueOf(field), 1)
    case 'cidr':
      return FORMS.network
    case 'path':
      return FORMS.pathPrefix
    case 'pattern':
      return { ...text(''), maxLength: 4_096 }
    case 'text':
      return field.type === 'bytes' ? ref('bytes') : literalOf(field)
  }
}

function valueOf(field: PredicateField): JsonSchema {
  switch (field.type) {
    case 'int':
      return integer('a port', 0, 65_535)
    case 'bool':
      return { type: 'boolean' }
    case 'ip':
      return text('an IP address', '^[0-9A-Fa-f:.]+$')
    case 'enum':
      return field.values === undefined ? FORMS.method : words('', field.values)
    case 'bytes':
      return ref('bytes')
    case 'string':
    case 'list':
      return literalOf(field)
  }
}

function literalOf({ form }: PredicateField): JsonSchema {
  return form === 'lower-case' ? text('a text in lower case', '^[^A-Z]*$') : text('a text')
}
