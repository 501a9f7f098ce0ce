import { expect, test } from 'vitest'
import { compileRules } from './support/compile-rules.ts'
import { exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { closedPort, startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

test('serves what rules say', async () => {
  const fields: string[][] = []
  await using upstream = await startUpstream((req, res) => {
    fields.push(req.rawHeaders)
    res.end(`upstream ${req.url}`)
  })
  const port = await closedPort()
  const listen = [`127.0.0.1:${port}`]
  const graph = await compileRules([
    {
      name: 'api',
      listen,
      match: [{ 'http.host': { equals: 'a.test' } }, { 'http.uri.path': { path_prefix: '/api' } }],
      middleware_chain: [{ use: 'forward_client_ip', args: { trusted_proxies: ['127.0.0.0/8'] } }],
      terminate: { type: 'http_proxy', upstream: `127.0.0.1:${upstream.port}` },
    },
    {
      name: 'not post',
      listen,
      match: {
        all_of: [{ 'http.host': { in: ['a.test', 'b.test'] } }, { not: { 'http.method': { equals: 'POST' } } }],
      },
      terminate: { type: 'static', status: 200, headers: { 'x-rule': 'not post' }, body: 'hello' },
    },
    { name: 'dropped', listen, match: { 'http.host': { equals: 'drop.test' } }, terminate: { type: 'close' } },
  ])
  await using vane = await startEngine(graph)
  const send = (method: string, path: string, host: string): Promise<string> =>
    exchangeRaw(
      port,
      `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nx-forwarded-for: 203.0.113.9\r\nconnection: close\r\n\r\n`,
    )

  expect(await send('GET', '/api/x', 'a.test')).toContain('upstream /api/x')
  expect(fields[0]!.join('\n')).toContain('x-forwarded-for\n203.0.113.9, 127.0.0.1')
  expect(await send('GET', '/apix', 'a.test')).toContain('x-rule: not post')
  expect(await send('GET', '/api', 'b.test')).toContain('hello')
  expect(await send('POST', '/', 'b.test')).toMatch(/^HTTP\/1\.1 404 /)
  expect(await send('GET', '/', 'drop.test')).toBe('')
  await until('trajectories', () => vane.trajectories.length === 5)
  expect(vane.trajectories.map(({ rule, outcome }) => [rule, outcome])).toEqual([
    ['api', 'response'],
    ['not post', 'response'],
    ['not post', 'response'],
    [undefined, 'response'],
    ['dropped', 'closed'],
  ])
})
