import { expect, test } from 'vitest'
import { compileRules } from './support/compile-rules.ts'
import { exchangeRaw } from './support/raw-client.ts'
import { startEngine, type StartedEngine } from './support/start-engine.ts'
import { closedPort } from './support/upstream.ts'

/** A server that answers 200 to what passes a chain. */
async function startChain(...chain: object[]): Promise<StartedEngine> {
  const listen = [`127.0.0.1:${await closedPort()}`]
  const terminate = { type: 'static', status: 200, body: 'passed' }
  return startEngine(await compileRules([{ name: 'chain', listen, middleware_chain: chain, terminate }]))
}

/** The status line and headers of what comes back; empty where nothing did. */
async function ask({ port }: StartedEngine, line: string, host = 'a.test'): Promise<string> {
  return exchangeRaw(port, `${line} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
}

test.each([
  ['a.test', 200],
  ['A.TEST:8080', 200],
  ['b.test', 404],
  ['x.a.test', 404],
  ['w.test', 404],
  ['x.w.test', 200],
  ['x.y.w.test', 200],
  ['.w.test', 404],
  ['xw.test', 404],
])('host_header_match of a.test and *.w.test: %s gets %i', async (host, status) => {
  await using vane = await startChain({ use: 'host_header_match', args: { hosts: ['a.test', '*.w.test'] } })
  const text = await ask(vane, 'GET /', host)
  // A host that begins with a dot may be refused before any rule sees it.
  if (host.startsWith('.')) expect(text).toMatch(/^HTTP\/1\.1 40[04] /)
  else expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
})

test.each([
  ['/api', 200],
  ['/api/', 200],
  ['/api/x', 200],
  ['/api?x', 200],
  ['/apix', 404],
  ['/', 404],
  ['/%61pi', 200],
  ['/api/../x', 400],
  ['/img/x', 200],
])('path_prefix of /api and /img: %s gets %i', async (path, status) => {
  await using vane = await startChain({ use: 'path_prefix', args: { prefixes: ['/api', '/img'] } })
  expect(await ask(vane, `GET ${path}`)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
})

test('method_match says what is allowed', async () => {
  await using vane = await startChain({ use: 'method_match', args: { methods: ['POST', 'GET'] } })
  expect(await ask(vane, 'GET /')).toMatch(/^HTTP\/1\.1 200 /)
  const refused = await ask(vane, 'DELETE /')
  expect(refused).toMatch(/^HTTP\/1\.1 405 /)
  expect(refused).toMatch(/\r\nallow: GET, POST\r\n/)
})

test.each([
  ['host_header_match', { hosts: ['b.test'] }],
  ['path_prefix', { prefixes: ['/other'] }],
  ['method_match', { methods: ['POST'] }],
])('%s drops the connection where on_miss says so', async (use, args) => {
  await using vane = await startChain({ use, args: { ...args, on_miss: 'close' } })
  expect(await ask(vane, 'GET /')).toBe('')
})

test('a refusal leaves a kept-alive connection open', async () => {
  await using vane = await startChain({ use: 'method_match', args: { methods: ['GET'] } })
  const text = await exchangeRaw(
    vane.port,
    'DELETE / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  )
  expect(text).toMatch(/^HTTP\/1\.1 405 [^]*HTTP\/1\.1 200 /)
})
