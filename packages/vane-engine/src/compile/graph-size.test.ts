import { expect, test } from 'vitest'
import { evaluatePredicate, parseRuleFile, type FieldValue, type Rule, type SymbolicFlowGraph } from 'vane-core'
import { compile } from './compile.ts'
import { GRAPH_BOUNDS } from './lower/lower.ts'
import { walk } from './walk.ts'

const terminate = { type: 'static', status: 200 }
const host = (value: string): object => ({ 'http.host': { equals: value } })
const header = (name: string, value: string): object => ({ [`http.header.${name}`]: { equals: value } })
/** Numbers without a pattern, the same in every run. */
const scramble = (value: number): number => (Math.imul(value + 1, 2_654_435_761) ^ Math.imul(value + 7, 40_503)) >>> 8
const count = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index))

function textOf(rules: readonly object[]): string {
  return JSON.stringify({
    rules: rules.map((rule, index) => ({ name: `r${index}`, listen: [':80'], terminate, ...rule })),
  })
}

function graphOf(rules: readonly object[]): SymbolicFlowGraph {
  const { graph } = compile({ files: [{ path: 'rules/x.json', text: textOf(rules) }] })
  return graph!
}

/** What the bound is about. */
function testsOf({ nodes }: SymbolicFlowGraph): number {
  const finding = nodes.filter(({ kind }) => ['check', 'dispatch', 'candidate', 'choose'].includes(kind))
  return finding.reduce((sum, node) => sum + 1 + (node.kind === 'dispatch' ? node.cases.length : 0), 0)
}

/** How many values the rules name, at least one for each comparison. A negative operator also asks whether the field is there. */
function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 0)
  if (typeof value !== 'object' || value === null) return 1
  return Object.entries(value).reduce((sum, [key, item]) => sum + sizeOf(item) + (key.startsWith('not_') ? 1 : 0), 0)
}

function boundOf(rules: readonly { readonly match?: unknown }[]): number {
  const { nodesPerSize, freeNodes } = GRAPH_BOUNDS
  return nodesPerSize * sizeOf(rules.map(({ match }) => match ?? [])) + freeNodes
}

/** Rules in matching order are those as written here, highest priority first. */
function firstMatch(rules: readonly Rule[], read: (field: string) => FieldValue | undefined): string | null {
  return rules.find(({ match }) => match.every((part) => evaluatePredicate(part, read)))?.name ?? null
}

test('10,000 rules make a graph that is linear in them', () => {
  const make = (length: number): object[] =>
    count(length, (index) => ({
      match: [host(`h${index % 500}.test`), { 'http.uri.path': { path_prefix: `/p${index}` } }],
    }))
  const small = testsOf(graphOf(make(1_000)))
  const large = testsOf(graphOf(make(10_000)))
  expect(large / small).toBeLessThan(10.5)
  expect(large).toBeLessThanOrEqual(10_000 * 2)
})

test('a match among 10,000 rules visits as many nodes as one among ten', () => {
  const stepsAmong = (length: number): number => {
    const graph = graphOf(
      count(length, (index) => ({
        match: [host(`h${index >> 2}.test`), { 'http.uri.path': { path_prefix: `/p${index}` } }],
      })),
    )
    const visited = count(length, (index) => {
      const values: Record<string, string> = { 'http.host': `h${index >> 2}.test`, 'http.uri.path': `/p${index}/x` }
      return walk(graph, (field) => values[field], { listener: 'tcp::80' })!
    })
    expect(visited.map(({ rule }) => rule)).toEqual(count(length, (index) => `r${index}`))
    return Math.max(...visited.map(({ steps }) => steps.length))
  }
  // upgrade, host, path, fetch, response
  expect(stepsAmong(10)).toBe(5)
  expect(stepsAmong(2_000)).toBe(5)
})

test.each<[string, (index: number) => object]>([
  [
    'hosts and their subdomains',
    (index) => ({ 'http.host': { [index % 2 === 0 ? 'equals' : 'suffix']: `h${index}.test` } }),
  ],
  ['networks', (index) => ({ 'remote.ip': { cidr: `10.${index >> 8}.${index & 255}.0/24` } })],
  ['paths and prefixes', (index) => ({ 'http.uri.path': { [index % 2 === 0 ? 'equals' : 'prefix']: `/p${index}/` } })],
  ['ports', (index) => ({ 'remote.port': { equals: index } })],
  ['server names', (index) => ({ 'tls.sni': { in: [`a${index}.test`, `b${index}.test`] } })],
])('%s are found by one look-up', (_name, make) => {
  const { nodes } = graphOf(count(1_000, (index) => ({ match: make(index) })))
  const tests = nodes.filter(({ kind }) => kind === 'check' || kind === 'dispatch')
  expect(tests).toHaveLength(1)
})

const path = (path_prefix: string): object => ({ 'http.uri.path': { path_prefix } })

// Rules with different keys, mixed as names and priorities may mix them: for each, what the rule at a place looks at, and
// how many nodes a request visits at most, upgrade and all of the rule included.
test.each<[string, number, (index: number) => object | object[]]>([
  ['hosts and paths', 8, (index) => (index % 2 === 0 ? host(`h${index}.test`) : path(`/p${index}`))],
  [
    'hosts, paths and headers',
    11,
    (index) => [host(`h${index}.test`), path(`/p${index}`), header('x', `${index}`)][index % 3]!,
  ],
  [
    'hosts with paths, hosts, and paths',
    10,
    (index) => [[host(`h${index}.test`), path('/a')], host(`h${index}.test`), path(`/p${index}`)][index % 3]!,
  ],
  [
    'a method with hosts and paths',
    9,
    (index) => [
      { 'http.method': { equals: index % 4 < 2 ? 'GET' : 'POST' } },
      index % 2 === 0 ? host(`h${index}.test`) : path(`/p${index}`),
    ],
  ],
  ['twelve headers', 28, (index) => header(`f${index % 12}`, `${index}`)],
  ['a host or a path', 9, (index) => ({ any_of: [host(`h${index}.test`), path(`/p${index}`)] })],
  [
    'networks, endings of hosts, and paths in each other',
    14,
    (index) =>
      [
        { 'remote.ip': { cidr: `10.${(index >> 8) & 255}.${index & 255}.0/24` } },
        { 'http.host': { suffix: `.h${index}.test` } },
        path(`/p${index % 50}${'/x'.repeat(index % 7)}`),
      ][index % 3]!,
  ],
])('%s by turns are found in as many steps, however many there are', (_name, maxSteps, make) => {
  for (const length of [60, 3_000]) {
    const rules = count(length, (index) => ({ match: make(index), priority: length - index }))
    const graph = graphOf(rules)
    expect(testsOf(graph)).toBeLessThanOrEqual(boundOf(rules))
    const parsed = parseRuleFile({ path: 'x', text: textOf(rules) }).file!.rules.filter(
      (rule): rule is Rule => !('preset' in rule),
    )
    for (let round = 0; round < 100; round++) {
      const at = scramble(round) % length
      const other = scramble(round + 77) % length
      const values: Record<string, FieldValue> = {
        'http.method': round % 2 === 0 ? 'GET' : 'POST',
        'http.host': `${round % 3 === 0 ? 'www.' : ''}h${at}.test`,
        'http.uri.path': [`/p${other}/x`, `/p${other % 50}/x/x`, '/a'][round % 3]!,
        'http.header.x': `${scramble(round + 7) % length}`,
        [`http.header.f${at % 12}`]: `${at}`,
        [`http.header.f${other % 12}`]: `${other}`,
        'remote.ip': `10.0.${at & 255}.1`,
      }
      const { rule, steps } = walk(graph, (field) => values[field], { listener: 'tcp::80' })!
      expect(rule).toBe(firstMatch(parsed, (field) => values[field]))
      expect(steps.length).toBeLessThanOrEqual(maxSteps)
    }
  }
})

// Each of these is exponential, or quadratic, in a compiler that follows up every outcome or expands what it should share.
test.each<[string, (size: number) => { match?: object | object[]; [key: string]: unknown }[]]>([
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
  [
    // Every subset of the fields is a state of its own.
    'pairs of independent conditions',
    (size) =>
      count(size, (index) => ({
        match: [header(`a${scramble(index) % 24}`, '1'), header(`b${scramble(index + 999) % 24}`, '1')],
        priority: scramble(index) % 50,
      })),
  ],
  [
    'majorities',
    (size) =>
      count(size, (index) => ({
        match: [0, 1, 2].map((part) => header(`a${scramble(index * 3 + part) % 30}`, '1')),
      })),
  ],
  [
    'conditions that no look-up decides',
    (size) =>
      count(size, (index) => ({
        match: [
          { 'http.uri.path': { contains: `${scramble(index) % 40}` } },
          { not: { 'http.uri.path': { contains: `${scramble(index + 5) % 40}x` } } },
        ],
      })),
  ],
  [
    'everything but one value',
    (size) =>
      count(size, (index) => ({
        match: [
          { [`http.header.f${index % 9}`]: { not_equals: `${scramble(index) % 20}` } },
          { [`http.header.g${index % 7}`]: { not_in: [`${scramble(index) % 11}`, `${scramble(index + 1) % 11}`] } },
        ],
      })),
  ],
  [
    'prefixes inside prefixes',
    (size) =>
      count(size, (index) => ({
        match: [
          { 'http.uri.path': { prefix: `/${'x/'.repeat(scramble(index) % 40)}` } },
          header(`f${scramble(index) % 12}`, `${scramble(index + 3) % 5}`),
        ],
      })),
  ],
  [
    'bodies between heads',
    (size) =>
      count(size, (index) => ({
        match:
          index % 3 === 0
            ? [header(`a${index % 15}`, '1'), { 'http.body': { contains: `${scramble(index) % 30}` } }]
            : [header(`a${scramble(index) % 15}`, '1'), host(`h${scramble(index) % 50}`)],
        priority: scramble(index) % 9,
      })),
  ],
  [
    'bytes between requests',
    (size) =>
      count(size, (index) => ({
        match:
          index % 2 === 0
            ? [
                { 'remote.port': { in: [scramble(index) % 40, scramble(index + 1) % 40] } },
                { peek: { contains: `${index % 9}` } },
              ]
            : [{ 'tls.sni': { equals: `s${scramble(index) % 30}` } }, host(`h${scramble(index + 2) % 30}`)],
        priority: scramble(index) % 9,
        terminate: index % 2 === 0 ? { type: 'tcp_forward', upstream: 'a:1' } : terminate,
      })),
  ],
])('%s stay within the bound, and right', (_name, make) => {
  for (const size of [40, 400]) {
    // Written as they are tried, so that the order needs no second opinion.
    const rules = make(size).toSorted((a, b) => Number(b.priority ?? 0) - Number(a.priority ?? 0))
    const fixed = rules.map((rule, index) => ({ ...rule, priority: rules.length - index }))
    const graph = graphOf(fixed)
    expect(testsOf(graph)).toBeLessThanOrEqual(boundOf(fixed))

    const parsed = parseRuleFile({ path: 'x', text: textOf(fixed) }).file!.rules.filter(
      (rule): rule is Rule => !('preset' in rule),
    )
    if (parsed.some((rule) => rule.terminate.type === 'tcp_forward')) continue
    for (let round = 0; round < 60; round++) {
      const read = (field: string): FieldValue | undefined => valueOf(field, scramble(round * 7_919 + size))
      expect(walk(graph, read, { listener: 'tcp::80' })!.rule).toBe(firstMatch(parsed, read))
    }
  }
})

/** Something that may occur in a field, so that some rules match and some do not. */
function valueOf(field: string, seed: number): FieldValue | undefined {
  const own = scramble(seed + Array.from(field).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7))
  if (own % 5 === 0) return undefined
  if (field === 'http.host') return own % 2 === 0 ? `h${own % 50}` : `h${own % 400}.test`
  if (field === 'http.uri.path') return own % 2 === 0 ? `/${'x/'.repeat(own % 50)}` : `/${own % 1_000}`
  return own % 3 === 0 ? `${own % 400}` : own % 3 === 1 ? '1' : `${own % 7}`
}

// Seconds on an idle machine, but on none that others use.
const LARGE_TIMEOUT_MS = 120_000

test(
  'a list of two hundred thousand alternatives compiles',
  () => {
    const any_of = count(200_000, (index) => host(`h${index}.test`))
    expect(testsOf(graphOf([{ match: [{ any_of }, header('x', '1')] }, { match: [host('h7.test')] }]))).toBeLessThan(
      500_000,
    )
  },
  LARGE_TIMEOUT_MS,
)

test(
  'a hundred and forty thousand alternatives in different fields compile',
  () => {
    const any_of = count(140_000, (index) => (index % 2 === 0 ? host(`h${index}.test`) : path(`/p${index}`)))
    const rules = [{ match: { any_of } }, ...count(20, (index) => ({ match: header('x', `${index}`) }))]
    expect(testsOf(graphOf(rules))).toBeLessThanOrEqual(boundOf(rules))
  },
  LARGE_TIMEOUT_MS,
)

test(
  'a chain of twenty thousand checks compiles',
  () => {
    const rules = count(20_000, (index) => ({ match: { 'http.uri.path': { contains: `x${index}y` } } }))
    expect(testsOf(graphOf(rules))).toBe(20_000)
  },
  LARGE_TIMEOUT_MS,
)
