import { expect, test } from 'vitest'
import { parseOptions, type BenchOptions } from './options.ts'
import { UsageError } from './usage-error.ts'
import { chooseCases } from './workload/choose-cases.ts'

const parse = (...args: string[]): BenchOptions => parseOptions(args, 'r.json')!

test('the defaults, the quick run, and a flag over the quick run', () => {
  expect(parse()).toEqual({
    workloads: ['small'],
    quick: false,
    seconds: 8,
    rounds: 5,
    connections: undefined,
    requestsPerSecond: undefined,
    only: undefined,
    plugin: undefined,
    nice: undefined,
    json: 'r.json',
  })
  expect(parse('--quick', '--rounds', '1', '--only', 'nginx,vaned')).toMatchObject({
    seconds: 2,
    rounds: 1,
    only: ['nginx', 'vaned'],
  })
  expect(parseOptions(['--help'], 'r.json')).toBeUndefined()
})

test.each([
  [['--seconds', '0']],
  [['--rounds', 'two']],
  [['--connections', '1.5']],
  [['--nice=-21']],
  [['--fast']],
  [['nginx']],
])('%j is refused', (args) => {
  expect(() => parseOptions(args, 'r.json')).toThrow(UsageError)
})

test('workloads and proxies are chosen by name, and unknown names refused with those there are', () => {
  expect(chooseCases(parse('--workload', '16k,plugins', '--only', 'vaned,vaned+3'))).toMatchObject([
    { name: '16k', direct: false, proxies: [{ name: 'vaned' }], connections: 32 },
    { name: 'plugins', direct: false, proxies: [{ name: 'vaned' }, { name: 'vaned+3' }] },
  ])
  expect(() => chooseCases(parse('--workload', 'large'))).toThrow(/there are small, 16k, /)
  expect(() => chooseCases(parse('--only', 'squid'))).toThrow(/--only names squid; there are direct, vaned, /)
  expect(() => chooseCases(parse('--workload', 'plugins', '--plugin', 'x.wasm'))).toThrow(/FILE\.wasm:EXPORT/)
})

test('TLS has only proxies that take it, and a quick look at few of them', () => {
  const cases = chooseCases(parse('--workload', 'tls,handshakes,h2c-upstream'))
  expect(cases.map(({ name, direct }) => [name, direct])).toEqual([
    ['tls-h1', false],
    ['tls-h2-single', false],
    ['tls-h2', false],
    ['tls-full', false],
    ['tls-resumed', false],
    ['h2c-upstream', false],
  ])
  expect(cases[0]?.proxies.map(({ name }) => name)).toEqual(['vaned', 'nginx', 'haproxy', 'caddy'])
  expect(cases[5]?.proxies.map(({ name }) => name)).toEqual(['vaned', 'haproxy', 'caddy'])
  expect(chooseCases(parse('--quick', '--workload', 'tls'))).toMatchObject([
    { name: 'tls-h2', proxies: [{ name: 'vaned' }, { name: 'nginx' }] },
  ])
})

test('a rate that is given replaces that of the workload', () => {
  expect(chooseCases(parse('--workload', 'low-load,half-load'))).toMatchObject([
    { name: 'half-load', mode: { kind: 'share-of-nginx', share: 0.5 } },
    { name: 'low-load', mode: { kind: 'rate' } },
  ])
  expect(chooseCases(parse('--workload', 'half-load', '--rate', '7'))[0]?.mode).toEqual({
    kind: 'rate',
    requestsPerSecond: 7,
  })
})

test('where rules have to be told apart, only proxies run that can', () => {
  const [none, rules] = chooseCases(parse('--workload', 'rules', '--connections', '8'))
  expect(none).toMatchObject({ name: 'rules-0', load: { routes: [] } })
  expect(rules).toMatchObject({ name: 'rules-10000', direct: false, connections: 8 })
  expect(rules?.proxies.every(({ canRoute }) => canRoute)).toBe(true)
})
