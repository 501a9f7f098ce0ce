import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluatePredicate, type FieldPredicate } from 'vane-core'
import { toAtom, type Atom, type Family } from './atom.ts'
import { toItems, type Item } from './nest.ts'

const text = fc.array(fc.constantFrom('/', 'a', '-', '.', '\u{1F600}'), { maxLength: 5 }).map((parts) => parts.join(''))
const address = fc
  .tuple(fc.constantFrom(10, 11), fc.constantFrom(0, 128), fc.constantFrom(0, 1))
  .map(([a, b, c]) => `${a}.${b}.0.${c}`)
const network = fc.tuple(address, fc.constantFrom(0, 7, 8, 9, 31, 32)).map(([base, bits]) => canonical(base, bits))

function canonical(base: string, bits: number): string {
  const value = base.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const masked = bits === 0 ? 0 : Math.floor(value / 2 ** (32 - bits)) * 2 ** (32 - bits)
  return `${[24, 16, 8, 0].map((shift) => Math.floor(masked / 2 ** shift) % 256).join('.')}/${bits}`
}

const OPERANDS: Readonly<Record<Family, fc.Arbitrary<Pick<FieldPredicate, 'op' | 'value'>>>> = {
  prefix: fc.record({ op: fc.constantFrom('equals', 'prefix', 'path_prefix'), value: text }),
  suffix: fc.record({ op: fc.constantFrom('equals', 'suffix'), value: text }),
  cidr: fc.oneof(
    fc.record({ op: fc.constant('equals'), value: address }),
    fc.record({ op: fc.constant('cidr'), value: network }),
  ),
}

function atomsOf(predicates: readonly Pick<FieldPredicate, 'op' | 'value'>[]): Atom[] {
  return predicates.map((predicate, id) =>
    toAtom({ ...predicate, field: 'http.uri.path' }, { id, type: predicate.op === 'cidr' ? 'ip' : 'string', level: 2 }),
  )
}

const holds = ({ kind, value }: Item, actual: string): boolean =>
  evaluatePredicate({ op: kind, field: 'f', value }, () => actual)

test.each<Family>(['prefix', 'suffix', 'cidr'])(
  'what holds with the narrowest %s are the nests around it, no others',
  (family) => {
    const values = family === 'cidr' ? address : text
    const predicates = fc.uniqueArray(OPERANDS[family], {
      maxLength: 14,
      selector: ({ op, value }) => `${op} ${String(value)}`,
    })
    fc.assert(
      fc.property(predicates, fc.array(values, { maxLength: 10 }), (given, actuals) => {
        const items = toItems(atomsOf(given), family)
        expect(items).toHaveLength(given.length)
        for (const actual of [...actuals, ...items.map(({ value }) => String(value))]) {
          const holding = new Set(items.filter((item) => holds(item, actual)))
          // Of those that hold, the narrowest is the one that is around no other.
          const innermost = [...holding].filter((item) => ![...holding].some((other) => other.parent === item))
          expect(innermost.length).toBe(holding.size === 0 ? 0 : 1)
          for (let item = innermost[0]; item !== undefined; item = item.parent) expect(holding.delete(item)).toBe(true)
          expect([...holding]).toEqual([])
        }
      }),
      { numRuns: 1_500 },
    )
  },
)
