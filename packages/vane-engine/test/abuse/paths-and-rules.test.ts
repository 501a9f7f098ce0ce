import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile } from 'vane-engine/compile'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { exchangeRaw } from '../support/raw-client.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { startEngine, type StartedEngine } from '../support/start-engine.ts'
import { until } from '../support/until.ts'

let upstream: RecordingUpstream
let guarded: StartedEngine
let open: StartedEngine

beforeAll(async () => {
  upstream = await startRecordingUpstream()
  const terminate = { type: 'http_proxy', upstream: `127.0.0.1:${upstream.port}` }
  // The port is not bound: what is started listens on port 0.
  const rules = [
    {
      name: 'deny',
      listen: ['127.0.0.1:80'],
      match: { 'http.uri.path': { path_prefix: '/admin' } },
      terminate: { type: 'static', status: 403, body: 'kept out' },
    },
    {
      name: 'deny-deeper',
      listen: ['127.0.0.1:80'],
      match: { 'http.uri.path': { path_prefix: '/open/secret' } },
      terminate: { type: 'static', status: 403, body: 'kept out' },
    },
    { name: 'rest', listen: ['127.0.0.1:80'], terminate },
  ]
  const { graph, diagnostics } = compile({ files: [{ path: 'rules/a.json', text: JSON.stringify({ rules }) }] })
  expect(diagnostics).toEqual([])
  guarded = await startEngine(onAnyPort(graph!))
  open = await startEngine(graphOf(proxyTo(upstream.port)))
})
afterAll(async () => {
  await guarded[Symbol.asyncDispose]()
  await open[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

type Graph = NonNullable<ReturnType<typeof compile>['graph']>

function onAnyPort(graph: Graph): Graph {
  const [[key, listener] = [], ...others] = Object.entries(graph.meta.listeners)
  expect(others).toEqual([])
  const address = { kind: 'ip', host: '127.0.0.1', port: 0, family: 4 } as const
  return {
    ...graph,
    entries: { 'tcp:127.0.0.1:0': graph.entries[key!]! },
    meta: { ...graph.meta, listeners: { 'tcp:127.0.0.1:0': { ...listener!, address } } },
  }
}

function get(port: number, target: string): Promise<string> {
  upstream.forget()
  return exchangeRaw(port, `GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
}

const KEPT_OUT = [
  '/admin',
  '/admin/',
  '/admin/x',
  '/admin?x',
  '/%61dmin',
  '/%61%64%6d%69%6e',
  '/%61%64%6D%69%6E/x',
  '/%2561dmin',
  '/%252561dmin',
  '/%25%36%31dmin',
  '/./admin',
  '/%2e/admin',
  '/%252e/admin',
  '/./././admin/x',
  '/admin//x',
  '/admin/./x',
  '/admin\\x',
  '/admin%5cx',
  '/admin%2fx',
  '/admin%2Fx',
  '/admin%252fx',
  '/admin;x',
  '/admin;x=1/y',
  '/admin;',
  '/admin%3bx',
  '/admin%3Fx',
  '/admin%23x',
  '/.;x/admin',
  '/open//secret',
  '/open/./secret',
  '/open/;/secret',
  '/open%2fsecret',
  '/open\\secret',
  '/open;x/secret;y/z',
  '/open%5Csecret',
  '/%6fpen/%73ecret',
  'http://a/admin',
  'http://a/%61dmin',
  'http://b/open//secret?x',
]

test.each(KEPT_OUT)('%s does not slip past the rule', async (target) => {
  expect(await get(guarded.port, target)).toMatch(/^HTTP\/1\.1 403 [^]*kept out$/)
  expect(upstream.received.join('')).toBe('')
})

const REFUSED = [
  '/x/../admin',
  '/..',
  '/admin/..',
  '/admin/../x',
  '/x/%2e%2e/admin',
  '/x/.%2e/admin',
  '/x/%2E./admin',
  '/x/%252e%252e/admin',
  '/x/..%2fadmin',
  '/x%2f..%2fadmin',
  '/x/..\\admin',
  '/x\\..\\admin',
  '/x/..%5cadmin',
  '/x/..;/admin',
  '/x/..;y=1/admin',
  '/x/..%3b/admin',
  '//admin',
  '//x/admin',
  '/\\x/admin',
  '/%2fadmin',
  '/%5cx/admin',
  '/;/admin',
  '/.//x/admin',
  '/admin%00',
  '/admin%2500x',
  '/admin%0a',
  '/%',
  '/%4',
  '/%zz',
  '/%u0061dmin',
  '/%%361dmin',
  '/x%c0%af..%c0%afadmin',
  '/%e0%80%afadmin',
  'http://a/x/../admin',
  'http://a//admin',
]

test.each(REFUSED)('%s is refused where rules compare paths', async (target) => {
  const text = await get(guarded.port, target)
  expect(text).toMatch(/^HTTP\/1\.1 400 [^]*connection: close\r\n/i)
  expect(upstream.received.join('')).toBe('')
})

const PASSED = [
  '/adminx',
  '/Admin',
  '/x/admin',
  '/x%2fadmin',
  '/open',
  '/open/secrets',
  '/100%25',
  '/a%20b',
  '/caf%C3%A9',
  '/@scope%2fname',
  '/.well-known/x',
  '/a/...',
  '/x;y=z',
  '/what%3F',
  '/?/../admin',
  '/x?y=//a/../b',
]

test.each(PASSED)('%s goes through as it was sent', async (target) => {
  expect(await get(guarded.port, target)).toMatch(/^HTTP\/1\.1 200 /)
  expect(upstream.requests.map(({ startLine }) => startLine)).toEqual([`GET ${target} HTTP/1.1`])
})

test.each(['/x/../admin', '//x', '/%zz', '/%00', '/a\\b', '/%252e%252e'])(
  'where no rule compares paths, %s goes through as it was sent',
  async (target) => {
    expect(await get(open.port, target)).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.requests.map(({ startLine }) => startLine)).toEqual([`GET ${target} HTTP/1.1`])
  },
)

test('a refused path is recorded as a fault of the client', async () => {
  const before = guarded.trajectories.length
  await get(guarded.port, '/x/../admin')
  const recorded = await until('trajectory', () => guarded.trajectories[before])
  expect(recorded).toMatchObject({ status: 400, outcome: 'response' })
  expect(guarded.logs.at(-1)).toMatchObject({ level: 'debug', message: expect.stringContaining('failed') })
})
