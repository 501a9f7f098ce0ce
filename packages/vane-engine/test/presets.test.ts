import { expect, test } from 'vitest'
import { compileRules } from './support/compile-rules.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { GRANT } from './support/tunnel-upstream.ts'
import { closedPort, startRawUpstream, startUpstream } from './support/upstream.ts'

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

const WISH = 'connection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='

test.each([
  [undefined, { '/': 400, '/ws': 400, '/ws/a': 400, '/wsx': 400 }],
  [false, { '/': 400, '/ws': 400, '/ws/a': 400, '/wsx': 400 }],
  [true, { '/': 101, '/ws': 101, '/ws/a': 101, '/wsx': 101 }],
  ['*', { '/': 101, '/ws': 101, '/ws/a': 101, '/wsx': 101 }],
  [['/ws', '/chat/'], { '/': 400, '/ws': 101, '/ws/a': 101, '/wsx': 400, '/chat/a': 101, '/%77s': 101 }],
])('reverse_proxy with websocket %j grants upgrades where it says so', async (websocket, statuses) => {
  const heads: string[] = []
  await using upstream = await startRawUpstream((socket) => {
    socket.on('data', (chunk) => {
      heads.push(chunk.toString())
      socket.write(/^upgrade:/m.test(heads.at(-1)!) ? GRANT : 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain')
    })
    socket.on('end', () => socket.end())
  })
  const port = await closedPort()
  const args = { upstream: `127.0.0.1:${upstream.port}`, ...(websocket === undefined ? {} : { websocket }) }
  const preset = { preset: 'reverse_proxy', name: 'app', listen: [`127.0.0.1:${port}`], args }
  await using _vane = await startEngine(await compileRules([preset]))
  const statusFor = async (path: string, lines: string): Promise<number> => {
    using client = await connectRaw(port)
    client.send(`GET ${path} HTTP/1.1\r\nhost: a.test\r\n${lines}\r\n\r\n`)
    return Number((await client.received('\r\n\r\n')).slice(9, 12))
  }
  for (const [path, status] of Object.entries(statuses)) {
    heads.length = 0
    expect([path, await statusFor(path, `${WISH}\r\nupgrade: websocket`)]).toEqual([path, status])
    // The chain runs for a tunnel, too.
    if (status === 101) expect(heads[0]).toMatch(/^x-forwarded-for: 127\.0\.0\.1\r$/im)
    else expect(heads).toEqual([])
    // Others are never served, and requests that ask for none always.
    for (const other of ['h2c', 'x-websocket', 'tcp'])
      expect(await statusFor(path, `${WISH}\r\nupgrade: ${other}`)).toBe(400)
    expect(await statusFor(path, 'accept: */*')).toBe(200)
  }
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
