import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:tls'
import type { AddressInfo, Socket } from 'node:net'
import { issueCertificate } from 'vane-testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { type ConfigFiles, startRules } from './support/start-rules.ts'
import { shakeHands } from './support/tls-client.ts'
import { until } from './support/until.ts'
import { closedPort, startRawUpstream } from './support/upstream.ts'

const A = issueCertificate({ commonName: 'a.test', dnsNames: ['a.test'] })
const OWN = issueCertificate({ commonName: 'own.test', dnsNames: ['own.test'] })
const FILES: ConfigFiles = { 'own.pem': OWN.chain, 'own.key': OWN.key }
const OWN_TLS = { cert_file: 'own.pem', key_file: 'own.key' }
const forward = (port: number, keys: object = {}): object => ({
  type: 'tcp_forward',
  upstream: `127.0.0.1:${port}`,
  ...keys,
})
const answer = (body: string): object => ({ type: 'static', status: 200, body })

/** An upstream that says everything back, in capitals. */
const startEcho = () =>
  startRawUpstream((socket) => {
    socket.on('data', (chunk) => socket.write(chunk.toString('latin1').toUpperCase()))
    socket.on('end', () => socket.end('bye'))
  })

/** A TLS server behind everything. */
async function startTlsUpstream(): Promise<number> {
  const server = createTlsServer(
    { cert: A.cert, key: A.key },
    (socket) => void socket.on('error', () => {}).end('from a'),
  )
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('bytes go both ways, and each side ends by itself', async () => {
  await using upstream = await startEcho()
  await using server = await startRules([{ terminate: forward(upstream.port) }], {})
  using client = await connectRaw(server.port)
  client.send('hello')
  await client.received('HELLO')
  client.socket.end(' world')
  expect(await client.closed()).toBe('HELLO WORLDbye')
  await until('the close', () => server.engine.stats().connections.active === 0)
})

test('an upstream may speak first', async () => {
  await using upstream = await startRawUpstream((socket) => socket.end('220 ready\r\n'))
  await using server = await startRules([{ terminate: forward(upstream.port) }], {})
  using client = await connectRaw(server.port)
  expect(await client.closed()).toBe('220 ready\r\n')
})

test('a client that takes nothing does not fill the memory', async () => {
  const block = Buffer.alloc(1 << 20)
  let sent = 0
  await using upstream = await startRawUpstream((socket) => {
    const push = (): void => {
      while (sent < 256 << 20 && socket.write(block)) sent += block.length
    }
    socket.on('drain', push)
    push()
  })
  await using server = await startRules([{ terminate: forward(upstream.port) }], {})
  using client = await connectRaw(server.port)
  client.socket.pause()
  let before = -1
  // What the system buffers is full once nothing moves any more.
  await until('a stand-still', () => {
    const isStill = sent === before && sent > 0
    before = sent
    return isStill
  })
  expect(sent).toBeLessThan(64 << 20)
})

test('a reset goes through, either way', async () => {
  const sockets: Socket[] = []
  await using upstream = await startRawUpstream((socket) => void sockets.push(socket))
  await using server = await startRules([{ terminate: forward(upstream.port) }], {})
  using first = await connectRaw(server.port)
  const up = await until('the upstream', () => sockets[0])
  up.resetAndDestroy()
  await first.closed()
  expect(first.closedBy).toBe('reset')

  using second = await connectRaw(server.port)
  const other = await until('the upstream', () => sockets[1])
  let error: NodeJS.ErrnoException | undefined
  other.on('error', (cause) => (error = cause))
  other.resume()
  second.socket.resetAndDestroy()
  await until('the reset', () => error)
  expect(error?.code).toBe('ECONNRESET')
})

test('an upstream that is not there is logged, counted, and the client reset', async () => {
  const port = await closedPort()
  await using server = await startRules([{ name: 'gone', terminate: forward(port) }], {})
  using client = await connectRaw(server.port)
  await client.closed()
  expect(client.closedBy).toBe('reset')
  await until('the count', () => server.engine.stats().errors.upstream === 1)
  expect(server.logs).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      fields: expect.objectContaining({ rule: 'gone', name: 'tcp_forward' }) as object,
    }),
  )
})

test('what moves nothing for too long is ended', async () => {
  await using upstream = await startEcho()
  await using server = await startRules([{ terminate: forward(upstream.port, { idle_timeout: '100ms' }) }], {})
  using client = await connectRaw(server.port)
  client.send('a')
  await client.received('A')
  expect(await client.closed()).toBe('A')
})

test('a rule for addresses decides before anything is read', async () => {
  await using upstream = await startEcho()
  const rules = [
    { priority: 1, match: { 'remote.ip': { cidr: '127.0.0.0/8' } }, terminate: forward(upstream.port) },
    { terminate: answer('http') },
  ]
  await using server = await startRules(rules, {})
  using client = await connectRaw(server.port)
  await until('the upstream', () => upstream.sockets[0])
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.received('HOST: A')
})

describe('by the name that TLS asks for', () => {
  test('TLS goes to its upstream unopened, other names to nobody', async () => {
    const port = await startTlsUpstream()
    const rules = [{ match: { 'tls.sni': { equals: 'a.test' } }, terminate: forward(port) }]
    await using server = await startRules(rules, {})
    const { subject, firstBytes, socket } = await shakeHands(server.port, { servername: 'A.test' })
    expect([subject, String(await firstBytes)]).toEqual(['a.test', 'from a'])
    socket.destroy()
    await expect(shakeHands(server.port, { servername: 'b.test' })).rejects.toThrow(/ECONNRESET|closed|disconnected/)
    await expect(shakeHands(server.port)).rejects.toThrow(/ECONNRESET|closed|disconnected/)
  })

  test('some names are passed through and others served, on one port', async () => {
    const port = await startTlsUpstream()
    const rules = [
      { priority: 1, match: { 'tls.sni': { equals: 'a.test' } }, terminate: forward(port) },
      { tls: OWN_TLS, terminate: answer('own') },
    ]
    await using server = await startRules(rules, FILES)
    const passed = await shakeHands(server.port, { servername: 'a.test' })
    expect([passed.subject, String(await passed.firstBytes)]).toEqual(['a.test', 'from a'])
    passed.socket.destroy()
    const served = await shakeHands(server.port, { servername: 'own.test' })
    served.socket.write('GET / HTTP/1.1\r\nhost: own.test\r\nconnection: close\r\n\r\n')
    expect([served.subject, String(await served.firstBytes)]).toEqual(['own.test', expect.stringMatching(/own$/)])
    served.socket.destroy()
    expect(await exchangeRaw(server.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 200 .*own$/s,
    )
  })

  test('a hello that cannot be understood gets past no rule', async () => {
    await using upstream = await startEcho()
    const rules = [
      { priority: 1, match: { 'tls.sni': { equals: 'forbidden.test' } }, terminate: { type: 'close' } },
      { terminate: forward(upstream.port) },
    ]
    await using server = await startRules(rules, {})
    for (const bytes of ['\x16\x03\x01\x00\x00', `\x16\x03\x01\x3f\xff\x01\x00\x3f\x00${'\0'.repeat(9_000)}`]) {
      using client = await connectRaw(server.port)
      client.send(bytes)
      expect(await client.closed()).toBe('')
    }
    expect(upstream.sockets).toEqual([])
  })
})

describe('by the first bytes', () => {
  test('a rule sees them, and the upstream gets them', async () => {
    await using ssh = await startEcho()
    await using others = await startEcho()
    const rules = [
      { match: { peek: { prefix: 'ssh-' } }, terminate: forward(ssh.port) },
      { terminate: forward(others.port) },
    ]
    await using server = await startRules(rules, {})
    for (const [upstream, text] of [
      [ssh, 'ssh-2.0-x\r\n'],
      [others, 'ehlo x\r\n'],
    ] as const) {
      using client = await connectRaw(server.port)
      client.send(text)
      await client.received(text.toUpperCase())
      expect(upstream.sockets).toHaveLength(1)
    }
  })

  test('HTTP is served and everything else forwarded, on one port', async () => {
    await using upstream = await startEcho()
    await using server = await startRules(
      [{ match: { 'http.host': { equals: 'a' } }, terminate: answer('http') }, { terminate: forward(upstream.port) }],
      {},
    )
    expect(await exchangeRaw(server.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(/http$/)
    using client = await connectRaw(server.port)
    client.send('something else\r\n')
    await client.received('SOMETHING ELSE')
  })

  test('what a client says before it ends its side gets through', async () => {
    await using upstream = await startEcho()
    const rules = [{ match: { peek: { prefix: 'GE' } }, terminate: forward(upstream.port) }]
    await using server = await startRules(rules, {})
    using client = await connectRaw(server.port)
    client.socket.end('GE')
    expect(await client.closed()).toBe('GEbye')
  })

  test('a client that says nothing is decided by what it has said, once its time is up', async () => {
    await using upstream = await startRawUpstream((socket) => socket.end('220 ready\r\n'))
    const rules = [
      { match: { peek: { prefix: 'x' } }, terminate: { type: 'close' } },
      { terminate: forward(upstream.port) },
    ]
    await using server = await startRules(rules, {}, { limits: { headerTimeoutMs: 100 } })
    using client = await connectRaw(server.port)
    expect(await client.closed()).toBe('220 ready\r\n')
  })
})

test('sni_peek keeps clients that say nothing away from the upstream', async () => {
  await using upstream = await startEcho()
  const rules = [{ middleware_chain: [{ use: 'sni_peek' }], terminate: forward(upstream.port) }]
  await using server = await startRules(rules, {})
  using silent = await connectRaw(server.port)
  using client = await connectRaw(server.port)
  client.send('a\r\n')
  await client.received('A\r\n')
  expect(upstream.sockets).toHaveLength(1)
  expect(silent.closedBy).toBeUndefined()
})

test('forwards go on after a reload that takes their rule away', async () => {
  await using upstream = await startEcho()
  await using server = await startRules([{ terminate: forward(upstream.port) }], {})
  using client = await connectRaw(server.port)
  client.send('one')
  await client.received('ONE')
  await server.reload([{ terminate: answer('http') }])
  client.send('two')
  await client.received('TWO')
  expect(await exchangeRaw(server.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(/http$/)
})
