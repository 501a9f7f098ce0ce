import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FieldPredicate, FieldType } from 'vane-core'
import { holdsFor, toAtom, type Atom, type Scalar } from './atom.ts'
import { excludes, implies } from './relate.ts'

const text = fc.array(fc.constantFrom('/', 'a', 'b', '-'), { maxLength: 4 }).map((parts) => parts.join(''))
const port = fc.integer({ min: 0, max: 6 })
const addresses = ['10.0.0.1', '10.0.0.2', '10.1.0.0', '192.168.0.1', '::1', '2001:db8::1']
const networks = ['10.0.0.0/8', '10.0.0.0/30', '10.0.0.0/31', '10.1.0.0/16', '0.0.0.0/0', '::/0', '2001:db8::/32']

interface Kind {
  readonly field: string
  readonly type: FieldType
  readonly predicate: fc.Arbitrary<Pick<FieldPredicate, 'op' | 'value'>>
  readonly value: fc.Arbitrary<Scalar | string[]>
}

const lists = <T extends string | number>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.uniqueArray(value, { minLength: 2, maxLength: 3 })

const KINDS: Readonly<Record<string, Kind>> = {
  text: {
    field: 'http.uri.path',
    type: 'string',
    value: text,
    predicate: fc.oneof(
      fc.record({ op: fc.constantFrom('equals', 'prefix', 'suffix', 'contains', 'path_prefix'), value: text }),
      fc.record({ op: fc.constant('in'), value: lists(text) }),
      fc.record({ op: fc.constant('matches'), value: fc.constantFrom('a', '^/', 'b$', '') }),
    ),
  },
  list: {
    field: 'tls.peer_cert.san_dns',
    type: 'list',
    value: fc.array(text, { maxLength: 3 }),
    predicate: fc.record({ op: fc.constantFrom('contains', 'not_contains'), value: text }),
  },
  number: {
    field: 'remote.port',
    type: 'int',
    value: port,
    predicate: fc.oneof(
      fc.record({ op: fc.constantFrom('equals', 'gt', 'gte', 'lt', 'lte'), value: port }),
      fc.record({ op: fc.constant('in'), value: lists(port) }),
      fc.constant({ op: 'not_in' as const, value: [] }),
    ),
  },
  address: {
    field: 'remote.ip',
    type: 'ip',
    value: fc.constantFrom(...addresses),
    predicate: fc.oneof(
      fc.record({ op: fc.constant('equals'), value: fc.constantFrom(...addresses) }),
      fc.record({ op: fc.constant('cidr'), value: fc.constantFrom(...networks) }),
    ),
  },
}

test.each(Object.keys(KINDS))('what comparisons of a %s are said to have to do with each other, they have', (name) => {
  const { field, type, predicate, value } = KINDS[name]!
  const atom = predicate.map((given): Atom => toAtom({ ...given, field }, { id: 0, type, level: 0 }))
  let [implied, excluded] = [0, 0]
  fc.assert(
    fc.property(atom, atom, fc.array(value, { minLength: 10, maxLength: 10 }), (a, b, values) => {
      for (const actual of values) {
        if (implies(a, b) && holdsFor(a, actual)) expect(holdsFor(b, actual)).toBe(true)
        if (excludes(a, b)) expect(holdsFor(a, actual) && holdsFor(b, actual)).toBe(false)
      }
      implied += Number(implies(a, b))
      excluded += Number(excludes(a, b))
    }),
    { numRuns: 3_000 },
  )
  // It knows something.
  expect(Math.min(implied, excluded)).toBeGreaterThan(20)
})
