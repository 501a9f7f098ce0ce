import { expect, test } from 'vitest'
import { compileRules } from './support/compile-rules.ts'
import { exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { closedPort, startUpstream } from './support/upstream.ts'

/** What a client on this machine gets. */
function ask(port: number, head: string): Promise<string> {
  return exchangeRaw(port, `${head}\r\nconnection: close\r\n\r\n`)
}

test('reverse_proxy proxies, says who the client is, limits the rate and refuses upgrades', async () => {
  const fields: string[][] = []
  await using upstream = await startUpstream((req, res) => {
    fields.push(req.rawHeaders)
    res.end(`upstream ${req.url}`)
  })
  const port = await closedPort()
  const preset = {
    preset: 'reverse_proxy',
    name: 'app',
    listen: [`127.0.0.1:${port}`],
    args: { upstream: `127.0.0.1:${upstream.port}`, rate_limit: { rate: 1, burst: 2, window: '60s' } },
  }
  await using _vane = await startEngine(await compileRules([preset]))
  const get = 'GET /x HTTP/1.1\r\nhost: a.test'
  expect(await ask(port, `${get}\r\nx-forwarded-for: 203.0.113.9`)).toContain('upstream /x')
  // The peer is on loopback, whose word is taken.
  expect(fields[0]!.join('\n')).toContain('x-forwarded-for\n203.0.113.9, 127.0.0.1')
  expect(await ask(port, `${get}\r\nupgrade: websocket`)).toMatch(/^HTTP\/1\.1 400 [^]*upgrades are not served here/)
  expect(await ask(port, get)).toMatch(/^HTTP\/1\.1 200 /)
  expect(await ask(port, get)).toMatch(/^HTTP\/1\.1 429 [^]*retry-after: /)
  expect(fields).toHaveLength(2)
})

test('reverse_proxy passes what it is told without a word about the client', async () => {
  await using upstream = await startUpstream((req, res) => res.end(JSON.stringify(req.headers)))
  const port = await closedPort()
  const args = { upstream: `127.0.0.1:${upstream.port}`, forward_client_ip: false }
  const preset = { preset: 'reverse_proxy', name: 'app', listen: [`127.0.0.1:${port}`], args }
  await using _vane = await startEngine(await compileRules([preset]))
  expect(await ask(port, 'GET / HTTP/1.1\r\nhost: a.test')).not.toContain('forwarded')
})

test('static_site answers everything alike', async () => {
  const port = await closedPort()
  const args = { status: 503, headers: { 'retry-after': '60' }, body: 'back soon\n' }
  const preset = { preset: 'static_site', name: 'down', listen: [`127.0.0.1:${port}`], args }
  await using _vane = await startEngine(await compileRules([preset]))
  for (const line of ['GET / HTTP/1.1', 'DELETE /x/y?z HTTP/1.1']) {
    expect(await ask(port, `${line}\r\nhost: a.test`)).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 60[^]*back soon\n$/)
  }
})

test('redirect_https keeps host, path and query', async () => {
  const port = await closedPort()
  const preset = { preset: 'redirect_https', name: 'tls', listen: [`127.0.0.1:${port}`], args: {} }
  await using _vane = await startEngine(await compileRules([preset]))
  expect(await ask(port, 'POST /x?y=1 HTTP/1.1\r\nhost: a.test:8080')).toMatch(
    /^HTTP\/1\.1 308 [^]*location: https:\/\/a\.test\/x\?y=1\r\n/,
  )
})
