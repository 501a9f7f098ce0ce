import fc from 'fast-check'
import {
  evaluatePredicate,
  HeaderList,
  parseIp,
  parseRuleFile,
  SILENT_LOGGER,
  toBody,
  type FieldValue,
  type HttpRequest,
  type Rule,
  type SymbolicFlowGraph,
  type Trajectory,
} from 'vane-core'
import { expect, test } from 'vitest'
import { compile } from '../compile/compile.ts'
import { FlowLog } from '../observe/flow-log.ts'
import { walkConnection } from '../executor/walk-connection.ts'
import { Walk } from '../executor/walk.ts'
import type { ServerExchange } from '../http1/server-codec.ts'
import type { Connection } from '../listen/connection.ts'
import { EngineCounters } from '../observe/engine-counters.ts'
import { UpstreamPools } from '../upstream/upstream-pools.ts'
import { link } from './link.ts'
import type { LinkedGraph } from './linked-graph.ts'
import { NO_NODE } from './linked-node.ts'
import { roomyMemory } from '../../test/support/roomy-memory.ts'

// More by hand: VANE_FUZZ_RUNS=100000
const numRuns = Number(process.env.VANE_FUZZ_RUNS ?? 500)
const KEY = 'tcp:127.0.0.1:80'

/** Few of each, so that rules overlap, and requests hit them. */
const HOSTS = ['a.test', 'b.test', 'www.a.test', 'test']
const PATHS = ['/', '/api', '/api/', '/api/x', '/apix', '/api/x/y', '/b']
const IPS = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '192.168.0.1', '2001:db8::1', '2001:db8:1::1']
const TEXTS = ['1', '11', '2', 'a=b', '']
const BODIES = ['', 'a', 'ab']

const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(one(...values), { minLength: 1, maxLength: 3 })
const on = (field: string, tests: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> =>
  fc.oneof(...Object.entries(tests).map(([op, operand]) => operand.map((value) => ({ [field]: { [op]: value } }))))
const texts = (
  values: readonly string[],
  parts: readonly string[],
): Readonly<Record<string, fc.Arbitrary<unknown>>> => ({
  equals: one(...values),
  not_equals: one(...values),
  in: some(values),
  not_in: some(values),
  prefix: one(...parts),
  suffix: one(...parts),
  contains: one(...parts),
  not_contains: one(...parts),
})

const comparison = fc.oneof(
  on('http.host', { ...texts(HOSTS, ['a', '.test', 'test', 'www.']), matches: one('^a', 'test$') }),
  on('http.uri.path', { ...texts(PATHS, ['/', '/api', '/x']), path_prefix: one('/', '/api', '/api/', '/api/x') }),
  on('http.uri.path', { path_prefix: one('/', '/api', '/api/x', '/b'), prefix: one('/a', '/api', '/apix') }),
  on('remote.ip', {
    equals: one(...IPS),
    not_in: some(IPS),
    cidr: one('10.0.0.0/8', '10.0.0.0/24', '10.0.0.0/31', '0.0.0.0/0', '2001:db8::/32', '2001:db8::/48'),
  }),
  on('local.ip', { equals: one('10.0.0.1'), cidr: one('10.0.0.0/8', '::/0') }),
  on('remote.port', { equals: one(1, 2), in: some([1, 2, 443]), gt: one(1, 2), lte: one(1, 443) }),
  on('http.method', { equals: one('GET', 'POST'), in: some(['GET', 'POST', 'PUT']) }),
  on('http.version', { equals: one('1.0', '1.1') }),
  on('transport', { equals: one('tcp', 'udp') }),
  on('http.header.x', texts(TEXTS, ['1', 'a'])),
  on('http.query.q', texts(TEXTS, ['1', '='])),
  on('http.cookie.c', texts(TEXTS, ['1', 'b'])),
  on('http.body', texts(BODIES, ['a', 'b', 'ab'])),
)
const predicate = fc.letrec<{ any: object }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 7, arbitrary: comparison },
    { weight: 1, arbitrary: tie('any').map((not) => ({ not })) },
    { weight: 1, arbitrary: fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((any_of) => ({ any_of })) },
    { weight: 1, arbitrary: fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((all_of) => ({ all_of })) },
  ),
})).any
const rules = fc
  .array(
    fc.record({
      match: fc.array(predicate, { maxLength: 3 }),
      priority: one(-1, 0, 0, 0, 1),
      terminate: one<object>({ type: 'close' }, { type: 'static', status: 200 }, { type: 'redirect_https' }),
    }),
    { minLength: 1, maxLength: 16 },
  )
  .map((list) =>
    list.map((rule, index) => ({ ...rule, name: `r${(index * 7) % 16}-${index}`, listen: [KEY.slice(4)] })),
  )

interface Sent {
  readonly ip: string | undefined
  readonly local: string | undefined
  readonly port: number
  readonly method: string
  readonly version: '1.0' | '1.1'
  readonly host: string
  readonly path: string
  readonly header: string | undefined
  readonly query: string | undefined
  readonly cookie: string | undefined
  readonly body: string
}
const maybe = <T>(values: readonly T[]): fc.Arbitrary<T | undefined> => fc.option(one(...values), { nil: undefined })
const sent: fc.Arbitrary<Sent> = fc.record({
  ip: maybe(IPS),
  local: maybe(['10.0.0.1', '::1']),
  port: one(1, 2, 443),
  method: one('GET', 'POST', 'PUT'),
  version: one('1.0' as const, '1.1' as const),
  host: one(...HOSTS, ''),
  path: one(...PATHS),
  header: maybe(TEXTS),
  query: maybe(TEXTS),
  cookie: maybe(TEXTS),
  body: one(...BODIES),
})

/** What the fields of a request are, in words of the language. */
function fieldsOf({ ip, local, port, ...request }: Sent): Readonly<Record<string, FieldValue | undefined>> {
  return {
    transport: 'tcp',
    'remote.ip': ip,
    'local.ip': local,
    'remote.port': port,
    'http.method': request.method,
    'http.version': request.version,
    'http.host': request.host === '' ? undefined : request.host,
    'http.uri.path': request.path,
    'http.header.x': request.header,
    'http.query.q': request.query,
    'http.cookie.c': request.cookie,
    'http.body': request.body,
  }
}

/** The same as it comes over the wire. */
function toRequest({ method, version, host, path, ...given }: Sent): HttpRequest {
  const query = given.query === undefined ? 'a' : `a&q=${encodeURIComponent(given.query)}`
  const headers = new HeaderList()
  if (given.header !== undefined) headers.append('X', given.header)
  if (given.cookie !== undefined) headers.append('Cookie', `a=0; c=${encodeURIComponent(given.cookie)}`)
  const body = toBody(Buffer.from(given.body))
  const rest = { scheme: 'http', authority: host, target: `${path}?${query}`, path, query, headers, body } as const
  return { method, version, host, ...rest }
}

function toConnection({ ip, local, port }: Sent): Connection {
  return {
    entryKey: KEY,
    peerIp: ip,
    peerIpBytes: ip === undefined ? undefined : parseIp(ip),
    peerPort: port,
    localIp: local,
    localIpBytes: local === undefined ? undefined : parseIp(local),
    localPort: 80,
    transport: 'tcp',
    acceptUnixMs: 0,
    id: '0123456789abcdef',
  } as unknown as Connection
}

/** The rule that the executor ends with; `null` where none matched, `undefined` where the connection was not let in. */
function ruleOf(graph: LinkedGraph, request: Sent): string | null | undefined {
  const connection = toConnection(request)
  const first = walkConnection(graph, connection)
  if (first === NO_NODE) return undefined
  const told: Trajectory[] = []
  const exchange: ServerExchange = {
    request: toRequest(request),
    listener: undefined,
    bytesIn: 0,
    bytesOut: 0,
    status: undefined,
    error: undefined,
    respond: () => exchange.listener?.onEnd('complete'),
    inform: () => {},
    cut: () => exchange.listener?.onEnd('cut'),
  }
  const flowLog = new FlowLog({ maxEvents: 0 })
  flowLog.subscribe((event) => event.event === 'request' && told.push(event.trajectory))
  const recorder = flowLog.begin(connection)
  const context = { logger: SILENT_LOGGER, counters: new EngineCounters(), floor: { hit() {} }, bodies: roomyMemory() }
  new Walk({ graph, connection, exchange, recorder }, context).run(first)
  expect(told).toHaveLength(1)
  return told[0]!.rule ?? null
}

function compileRules(written: readonly object[]): { graph: SymbolicFlowGraph; rules: readonly Rule[] } {
  const file = { path: 'rules/x.json', text: JSON.stringify({ rules: written }) }
  const { graph, diagnostics } = compile({ files: [file] })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const parsed = parseRuleFile(file).file!.rules.filter((entry): entry is Rule => !('preset' in entry))
  // The matching order has a test of its own.
  return {
    graph: graph!,
    rules: graph!.meta.listeners[KEY]!.rules.map((name) => parsed.find((rule) => rule.name === name)!),
  }
}

// Enough rules with different keys that they are decided apart.
const mixedRules = fc
  .array(
    fc.record({
      match: fc.oneof(
        { weight: 3, arbitrary: fc.nat(60).map((n) => [{ 'http.host': { equals: `h${n}.test` } }]) },
        { weight: 3, arbitrary: fc.nat(60).map((n) => [{ 'http.uri.path': { path_prefix: `/p${n}` } }]) },
        { weight: 1, arbitrary: fc.nat(3).map((n) => [{ 'remote.ip': { cidr: `10.0.${n}.0/24` } }]) },
        { weight: 1, arbitrary: fc.array(predicate, { minLength: 1, maxLength: 2 }) },
      ),
      priority: fc.nat(9),
      terminate: one<object>({ type: 'close' }, { type: 'static', status: 200 }),
    }),
    { minLength: 80, maxLength: 160 },
  )
  .map((list) =>
    list.map((rule, index) => ({ ...rule, name: `r${(index * 7) % 16}-${index}`, listen: [KEY.slice(4)] })),
  )
const mixedSent = sent.chain((request) =>
  fc
    .record({
      host: one(request.host, ...Array.from({ length: 60 }, (_, n) => `h${n}.test`)),
      path: one(request.path, ...Array.from({ length: 60 }, (_, n) => `/p${n}/x`)),
    })
    .map((parts) => ({ ...request, ...parts })),
)

test.each([
  ['few rules', rules, sent, numRuns],
  ['many rules with different keys', mixedRules, mixedSent, Math.ceil(numRuns / 10)],
] as const)('of %s the executor ends with the first whose predicates hold', async (_name, rules, sent, numRuns) => {
  let choices = 0
  await fc.assert(
    fc.asyncProperty(rules, fc.array(sent, { minLength: 10, maxLength: 10 }), async (written, requests) => {
      const { graph, rules: ordered } = compileRules(written)
      choices += graph.nodes.filter(({ kind }) => kind === 'choose').length
      const linked = await link(graph, { pools: new UpstreamPools(), wasm: undefined })
      for (const request of requests) {
        const fields = fieldsOf(request)
        const won = ordered.find(({ match }) => match.every((part) => evaluatePredicate(part, (path) => fields[path])))
        const actual = ruleOf(linked, request)
        // A connection that is dropped at once was dropped by a rule that closes, or by none.
        if (actual === undefined) expect(won?.terminate.type ?? 'close').toBe('close')
        else expect(actual).toBe(won?.name ?? null)
      }
      linked.dispose()
    }),
    { numRuns },
  )
  expect(choices > 0).toBe(rules === mixedRules)
})
