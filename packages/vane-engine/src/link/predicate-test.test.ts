import fc from 'fast-check'
import { evaluatePredicate, type FieldPredicate, HeaderList, type HttpRequest, parseIp } from 'vane-core'
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
)
const predicate: fc.Arbitrary<FieldPredicate> = fc.oneof(
  fc.record({
    op: fc.constantFrom(
      'equals' as const,
      'not_equals' as const,
      'prefix' as const,
      'suffix' as const,
      'contains' as const,
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
    })
    .map(
      ({ header, ...rest }) =>
        ({ ...rest, headers: new HeaderList(header === null ? [] : ['X-A', header]) }) as unknown as HttpRequest,
    ),
  { nil: undefined },
)

test('means what the language means', () => {
  fc.assert(
    fc.property(predicate, connection, request, (wanted, on, message) => {
      const read = (path: string): string | number | undefined => createFieldReader(path)!(on, message)
      // `prefix` and its like are for text: the compiler refuses them on numbers.
      fc.pre(typeof read(wanted.field) !== 'number' || ['equals', 'not_equals', 'in', 'not_in'].includes(wanted.op))
      expect(createPredicateTest(wanted)!(on, message)).toBe(evaluatePredicate(wanted, read))
    }),
  )
})

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
  expect(createPredicateTest({ op: 'equals', field: 'tls.sni', value: 'a' })).toBeUndefined()
  expect(createPredicateTest({ op: 'matches' as 'equals', field: 'http.host', value: 'a' })).toBeUndefined()
})
