import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseIp, type DispatchCase, type DispatchNode, type NodeId } from 'vane-core'
import { findCase } from '../compile/walk.ts'
import { Lookups } from './lookup.ts'

const OTHERWISE = 1_000_000 as NodeId

function dispatch(
  lookup: DispatchNode['lookup'],
  cases: readonly (readonly [string | number, DispatchCase[2]])[],
): DispatchNode {
  const numbered = cases.map(([value, match], index): DispatchCase =>
    match === undefined ? [value, index as NodeId] : [value, index as NodeId, match],
  )
  return { kind: 'dispatch', field: 'http.uri.path', lookup, cases: numbered, default: OTHERWISE }
}

interface Lookup {
  find(value: string | number | undefined, address?: Uint8Array): number
}

/** Between two others, so that an offset that is off by one is seen. */
function createLookup(node: DispatchNode): Lookup {
  const neighbour = dispatch('prefix', [
    ['/', 'prefix'],
    ['a', 'prefix'],
  ])
  const writing = [7]
  const lookups = new Lookups(writing)
  lookups.add(neighbour)
  const handle = lookups.add(node)
  lookups.add(neighbour)
  lookups.seal(Int32Array.from(writing))
  return { find: (value, address) => lookups.find(handle, value, address) }
}

function expectSame(node: DispatchNode, values: readonly (string | number | undefined)[]): void {
  const lookup = createLookup(node)
  for (const value of values)
    expect([value, lookup.find(value)]).toEqual([value, findCase(node, value)?.[1] ?? OTHERWISE])
}

// Few characters, so that texts begin and end alike, and one that takes two UTF-16 units.
const text = fc
  .array(fc.constantFrom('/', 'a', 'b', '-', '\u{1F600}', '\uD83D'), { maxLength: 6 })
  .map((units) => units.join(''))
const texts = fc.array(text, { minLength: 20, maxLength: 20 })

function casesOf(match: fc.Arbitrary<DispatchCase[2]>): fc.Arbitrary<(readonly [string, DispatchCase[2]])[]> {
  return fc.uniqueArray(fc.tuple(text, match), { maxLength: 30, selector: ([value, kind]) => `${kind} ${value}` })
}

test.each<[DispatchNode['lookup'], readonly DispatchCase[2][]]>([
  ['equals', [undefined]],
  ['prefix', [undefined, 'prefix', 'path_prefix']],
  ['suffix', [undefined, 'suffix']],
])('a look-up of kind %s finds the longest case that holds', (kind, matches) => {
  fc.assert(
    fc.property(casesOf(fc.constantFrom(...matches)), texts, (cases, values) => {
      expectSame(dispatch(kind, cases), [...values, ...cases.map(([value]) => value), undefined])
    }),
    { numRuns: 2_000 },
  )
})

test('a look-up of networks finds the smallest around an address', () => {
  const byte = fc.constantFrom(0, 1, 10, 128, 255)
  const v4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'))
  const v6 = fc.tuple(byte, byte).map(([a, b]) => `2001:db8:${a.toString(16)}::${(b * 256 + 1).toString(16)}`)
  const network = fc.oneof(
    fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map((parts) => parts.join('/')),
    fc.tuple(v6, fc.integer({ min: 0, max: 128 })).map((parts) => parts.join('/')),
  )
  const single = fc.oneof(v4, v6)
  fc.assert(
    fc.property(
      fc.array(network, { maxLength: 20 }),
      fc.array(single, { maxLength: 4 }),
      fc.array(single),
      (networks, singles, values) => {
        const cases = [
          ...new Map(networks.map((item) => [maskOf(item), [item, 'cidr'] as const])).values(),
          ...[...new Set(singles)].map((item) => [item, undefined] as const),
        ]
        const node = dispatch('cidr', cases)
        expectSame(node, [...values, ...singles, undefined, 'nonsense', '::ffff:10.0.0.1'])
        const lookup = createLookup(node)
        for (const value of values) expect(lookup.find(value, parseIp(value))).toBe(lookup.find(value))
      },
    ),
    { numRuns: 1_000 },
  )
})

/** The bits of a network that count: two spellings of one are one. */
function maskOf(network: string): string {
  const [address, length] = network.split('/')
  const bits = Array.from(parseIp(address!)!, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return `${bits.length} ${bits.slice(0, Number(length))}`
}

test('numbers are found by hash', () => {
  expectSame(
    dispatch('equals', [
      [80, undefined],
      [443, undefined],
    ]),
    [80, 443, 81, '80', undefined],
  )
})

test('a tree as deep as its texts are long is built and read without recursion', () => {
  const cases = Array.from({ length: 20_000 }, (_, index) => ['/'.repeat(index + 1), 'prefix'] as const)
  const lookup = createLookup(dispatch('prefix', cases))
  expect(lookup.find('/'.repeat(1_000_000))).toBe(19_999)
})

test('texts that differ only after thousands of characters are told apart', () => {
  const long = 'x'.repeat(4_999)
  const cases = [
    [`${long}a`, 'prefix'],
    [`${long}b`, 'prefix'],
    [long.slice(1), undefined],
  ] as const
  expectSame(dispatch('prefix', cases), [`${long}a`, `${long}bc`, `${long}c`, long, long.slice(1), long.slice(2), ''])
})

test('a node has as many children as there are characters', () => {
  const cases = Array.from({ length: 65_536 }, (_, unit) => [String.fromCharCode(unit), 'prefix'] as const)
  const lookup = createLookup(dispatch('prefix', cases))
  for (const unit of [0, 1, 47, 255, 32_767, 32_768, 65_535])
    expect(lookup.find(`${String.fromCharCode(unit)}x`)).toBe(unit)
})
