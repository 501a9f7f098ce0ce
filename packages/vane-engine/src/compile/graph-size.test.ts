import { expect, test } from 'vitest'

import { compile } from './compile.ts'

function nodesOf(rules: readonly object[]): number {
  const text = JSON.stringify({
    rules: rules.map((rule, index) => ({ name: `r${index}`, listen: [':80'], terminate, ...rule })),
  })
  const { graph, diagnostics } = compile({ files: [{ path: 'rules/x.json', text }] })
  expect(diagnostics).toEqual([])
  return graph!.nodes.length
}

const terminate = { type: 'static', status: 200 }
const host = (value: string): object => ({ 'http.host': { equals: value } })
const header = (name: string, value: string): object => ({ [`http.header.${name}`]: { equals: value } })
/** Numbers without a pattern, the same in every run. */
const scramble = (value: number): number => (Math.imul(value + 1, 2_654_435_761) ^ Math.imul(value + 7, 40_503)) >>> 8
const count = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index))

test('10,000 rules make a graph that is linear in them', () => {
  const make = (length: number): object[] =>
    count(length, (index) => ({
      match: [host(`h${index % 500}.test`), { 'http.uri.path': { path_prefix: `/p${index}` } }],
    }))
  const small = nodesOf(make(1_000))
  const large = nodesOf(make(10_000))
  expect(large / small).toBeLessThan(10.5)
  expect(large).toBeLessThanOrEqual(10_000 * 3)
})

// Each of these is exponential, or quadratic, in a compiler that expands what it should share.
test.each<[string, (size: number) => object[]]>([
  [
    'conjunctions of disjunctions',
    (size) => [
      { match: count(size, (index) => ({ any_of: [header(`a${index}`, '1'), header(`b${index}`, '1')] })) },
      {},
    ],
  ],
  [
    'negated nests',
    (size) => [
      {
        match: count(size, (index) => ({
          not: { all_of: [{ not: { any_of: [header(`a${index}`, '1'), host(`h${index}.test`)] } }, header('x', '1')] },
        })),
      },
    ],
  ],
  [
    'many values times many conditions',
    (size) => [
      {
        match: [
          { 'http.host': { in: count(size, (index) => `h${index}.test`) } },
          ...count(size, (index) => header(`a${index}`, '1')),
        ],
      },
      ...count(size, (index) => ({ match: [host(`h${index}.test`)] })),
    ],
  ],
  [
    // Which rules are left after each look-up differs from value to value, so that nothing can be shared by chance.
    'lists of values in every field',
    (size) =>
      count(size / 4, (index) => ({
        match: count(8, (field) => ({
          [`http.header.f${field}`]: { in: count(4, (value) => `${scramble(index * 32 + field * 4 + value) % 7}`) },
        })),
      })),
  ],
  [
    'one rule that tests thousands of fields',
    (size) => count(3, () => ({ match: count(size * 5, (index) => header(`f${index}`, '1')) })),
  ],
  [
    'alternating fields',
    (size) => count(size, (index) => ({ match: [index % 2 === 0 ? host(`h${index}.test`) : header('x', `${index}`)] })),
  ],
])('%s stay linear', (_name, make) => {
  const rules = make(400)
  const comparisons = JSON.stringify(rules).match(/"http\./g)?.length ?? 0
  const values = JSON.stringify(rules).match(/"(?:h?\d+|h\d+\.test)"/g)?.length ?? 0
  expect(nodesOf(rules)).toBeLessThanOrEqual(8 * (comparisons + values) + 2048 + 3 * rules.length)
})

test('a list of two hundred thousand alternatives compiles', () => {
  const any_of = count(200_000, (index) => host(`h${index}.test`))
  expect(nodesOf([{ match: [{ any_of }, header('x', '1')] }, { match: [host('h7.test')] }])).toBeLessThan(1_000_000)
})
