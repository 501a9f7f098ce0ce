import fc from 'fast-check'
import { evaluatePredicate, type FieldPredicate, HeaderList, type HttpRequest, parseIp, toBody } from 'vane-core'
import { expect, test } from 'vitest'
import type { Connection } from '../listen/connection.ts'
import { createFieldReader } from './field-reader.ts'
import { createPredicateTest } from './predicate-test.ts'

const text = fc.constantFrom(
  '',
  '/',
  '/api',
  '/api/',
  '/api/x',
  '/apix',
  'a.test',
  'GET',
  '1.1',
  '127.0.0.1',
  '::1',
  '10.1.2.3',
)
const field = fc.constantFrom(
  'transport',
  'remote.ip',
  'remote.port',
  'local.ip',
  'local.port',
  'http.method',
  'http.version',
  'http.host',
  'http.uri.path',
  'http.uri.query',
  'http.header.x-a',
  'http.query.q',
  'http.cookie.c',
)
const bytes = fc.constantFrom('', 'a', 'ab', 'bab', '\u00ff\u0000')
const number = fc.constantFrom(80, 8080)
const portField = fc.constantFrom('remote.port', 'local.port')
const predicate: fc.Arbitrary<FieldPredicate> = fc.oneof(
  fc.record({
    op: fc.constantFrom(
      'equals' as const,
      'not_equals' as const,
      'prefix' as const,
      'suffix' as const,
      'contains' as const,
      'not_contains' as const,
      'path_prefix' as const,
    ),
    field,
    value: text,
  }),
  fc.record({ op: fc.constantFrom('equals' as const, 'not_equals' as const), field, value: fc.constantFrom(80, 8080) }),
  fc.record({
    op: fc.constantFrom('in' as const, 'not_in' as const),
    field,
    value: fc.array(fc.oneof(text, fc.constantFrom(80, 8080))),
  }),
  fc.record({
    op: fc.constantFrom('gt' as const, 'gte' as const, 'lt' as const, 'lte' as const),
    field: portField,
    value: number,
  }),
  fc.record({
    op: fc.constant('matches' as const),
    field: field.filter((path) => !path.endsWith('.port')),
    value: fc.constantFrom('^/api', 'a', '.*', '^$', '[0-9]+$'),
  }),
  fc.record({
    op: fc.constantFrom(
      'equals' as const,
      'not_equals' as const,
      'prefix' as const,
      'suffix' as const,
      'contains' as const,
      'not_contains' as const,
    ),
    field: fc.constant('http.body'),
    value: bytes,
  }),
  fc.record({
    op: fc.constantFrom('in' as const, 'not_in' as const),
    field: fc.constant('http.body'),
    value: fc.array(bytes),
  }),
  fc.record({
    op: fc.constant('cidr' as const),
    field: fc.constantFrom('remote.ip', 'local.ip'),
    value: fc.constantFrom('10.0.0.0/8', '127.0.0.1/32', '::/0', '0.0.0.0/0', '::1/128'),
  }),
)
const ip = fc.constantFrom(undefined, '127.0.0.1', '10.1.2.3', '::1', '2001:db8::1')
const connection: fc.Arbitrary<Connection> = fc
  .record({
    peerIp: ip,
    localIp: ip,
    peerPort: fc.constantFrom(undefined, 80, 8080),
    localPort: fc.constantFrom(undefined, 80),
  })
  .map(
    (facts) =>
      ({
        ...facts,
        transport: 'tcp',
        peerIpBytes: facts.peerIp === undefined ? undefined : parseIp(facts.peerIp),
        localIpBytes: facts.localIp === undefined ? undefined : parseIp(facts.localIp),
      }) as unknown as Connection,
  )
const request: fc.Arbitrary<HttpRequest | undefined> = fc.option(
  fc
    .record({
      method: text,
      host: text,
      path: text,
      query: text,
      version: fc.constantFrom('1.0', '1.1'),
      header: fc.option(text),
      body: bytes,
    })
    .map(
      ({ header, body, ...rest }) =>
        ({
          ...rest,
          query: `q=${encodeURIComponent(rest.query)}`,
          headers: new HeaderList(
            header === null ? [] : ['X-A', header, 'Cookie', `b=1; c=${encodeURIComponent(header)}`],
          ),
          body: toBody(Buffer.from(body, 'latin1')),
        }) as unknown as HttpRequest,
    ),
  { nil: undefined },
)

test('means what the language means', () => {
  fc.assert(
    fc.property(predicate, connection, request, (wanted, on, message) => {
      const read = (path: string): string | number | undefined =>
        path === 'http.body' ? bodyOf(message) : createFieldReader(path)!(on, message)
      // `prefix` and its like are for text: the compiler refuses them on numbers.
      fc.pre(typeof read(wanted.field) !== 'number' || ['equals', 'not_equals', 'in', 'not_in'].includes(wanted.op))
      expect(createPredicateTest(wanted)!(on, message)).toBe(evaluatePredicate(wanted, read))
    }),
  )
})

function bodyOf(message: HttpRequest | undefined): string | undefined {
  if (message === undefined) return undefined
  return message.body.kind === 'fixed' ? Buffer.from(message.body.bytes).toString('latin1') : ''
}

test('an absent field misses, under the negative operators too', () => {
  const on = { peerIp: undefined, peerIpBytes: undefined } as unknown as Connection
  for (const op of ['equals', 'not_equals', 'prefix', 'suffix', 'contains'] as const) {
    expect(createPredicateTest({ op, field: 'remote.ip', value: 'x' })!(on, undefined)).toBe(false)
  }
  for (const op of ['in', 'not_in'] as const) {
    expect(createPredicateTest({ op, field: 'remote.ip', value: ['x'] })!(on, undefined)).toBe(false)
  }
  expect(createPredicateTest({ op: 'cidr', field: 'remote.ip', value: '0.0.0.0/0' })!(on, undefined)).toBe(false)
})

test('knows what it cannot do', () => {
  expect(createPredicateTest({ op: 'equals', field: 'tls.unknown', value: 'a' })).toBeUndefined()
  expect(createPredicateTest({ op: 'matches', field: 'http.body', value: 'a' })).toBeUndefined()
})
