import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { answerFrom, type NameServer, RCODE, startNameServer } from 'vane-testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { type StartedRules, startRules } from './support/start-rules.ts'
import { until } from './support/until.ts'

/** An upstream on several addresses of this machine: each answers with its own. */
interface SpreadUpstream {
  readonly port: number
  /** Addresses that connections have come to, in their order. */
  readonly accepted: string[]
  /** Connections that are open. */
  readonly open: Set<Socket>
}

async function startSpread(addresses: readonly string[], version: 'h1' | 'h2' = 'h1'): Promise<SpreadUpstream> {
  const upstream: SpreadUpstream = { port: 0, accepted: [], open: new Set() }
  let port = 0
  for (const address of addresses) {
    const answer = (_req: unknown, res: { end(text: string): unknown }): unknown => res.end(`from ${address}`)
    const server = version === 'h1' ? createHttpServer({ keepAliveTimeout: 60_000 }, answer) : createHttp2Server(answer)
    const sessions: ServerHttp2Session[] = []
    if (version === 'h2') server.on('session', (session: ServerHttp2Session) => sessions.push(session))
    server.on('connection', (socket: Socket) => {
      upstream.accepted.push(address)
      upstream.open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => upstream.open.delete(socket))
    })
    server.listen(port, address)
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    onTestFinished(() => {
      for (const session of sessions) session.destroy()
      for (const socket of upstream.open) socket.destroy()
      ;(server as Server).close()
    })
  }
  return Object.assign(upstream, { port })
}

function proxy(upstream: string, server: NameServer | undefined, keys: object = {}): object {
  const dns = server === undefined ? {} : { dns: { nameservers: [server.address] } }
  return { name: 'app', terminate: { type: 'http_proxy', upstream, ...dns, ...keys } }
}

/** @returns what the upstream said, or the status. */
async function get(vane: { readonly port: number }, path = '/'): Promise<string> {
  const answer = await exchangeRaw(vane.port, `GET ${path} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n`)
  return /from [\d.]+/.exec(answer)?.[0] ?? answer.slice(9, 12)
}

/** Has the upstream close what is kept, so that the next request makes a connection. */
async function renew(vane: StartedRules, upstream: SpreadUpstream): Promise<void> {
  for (const socket of upstream.open) socket.destroy()
  await until('nothing is kept', () => vane.engine.stats().upstreams.every(({ active, idle }) => active + idle === 0))
}

const errorOf = (vane: StartedRules): unknown => vane.logs.find(({ level }) => level === 'warn')?.fields.err

test('the name of an upstream is asked of the name servers that its rule names, once for as long as the answer holds', async () => {
  await using names = await startNameServer(answerFrom({ 'app.test': ['127.0.0.2', '127.0.0.3'] }))
  const upstream = await startSpread(['127.0.0.2', '127.0.0.3'])
  const name = `app.test:${upstream.port}`
  await using vane = await startRules([proxy(name, names)], {})
  expect(names.questions).toEqual([])
  const answers: string[] = []
  for (let count = 0; count < 4; count++) {
    answers.push(await get(vane))
    await renew(vane, upstream)
  }
  expect(answers).toEqual(['from 127.0.0.2', 'from 127.0.0.3', 'from 127.0.0.2', 'from 127.0.0.3'])
  expect(names.questions.map(({ name: asked, type }) => `${asked} ${type}`).toSorted()).toEqual([
    'app.test A',
    'app.test AAAA',
  ])
  expect(vane.engine.stats().upstreams).toMatchObject([{ addresses: ['127.0.0.2', '127.0.0.3'], unresolved: 0 }])
})

test('rules with other name servers share neither connections nor answers', async () => {
  await using one = await startNameServer(answerFrom({ 'app.test': ['127.0.0.2'] }))
  await using two = await startNameServer(answerFrom({ 'app.test': ['127.0.0.3'] }))
  const upstream = await startSpread(['127.0.0.2', '127.0.0.3'])
  const name = `app.test:${upstream.port}`
  await using vane = await startRules(
    [
      { ...proxy(name, one), name: 'one', match: { 'http.uri.path': { equals: '/one' } } },
      { ...proxy(name, two), name: 'two' },
    ],
    {},
  )
  expect([await get(vane, '/one'), await get(vane, '/two'), await get(vane, '/one')]).toEqual([
    'from 127.0.0.2',
    'from 127.0.0.3',
    'from 127.0.0.2',
  ])
  expect(vane.engine.stats().upstreams).toHaveLength(2)
})

test.each(['h1', 'h2'] as const)(
  'a connection to an address that has left the name takes no further request: %s',
  async (version) => {
    await using names = await startNameServer(answerFrom({ 'app.test': ['127.0.0.2'] }, 0))
    const upstream = await startSpread(['127.0.0.2', '127.0.0.3'], version)
    await using vane = await startRules([proxy(`app.test:${upstream.port}`, names, { version })], {})
    expect([await get(vane), await get(vane), upstream.accepted.length]).toEqual([
      'from 127.0.0.2',
      'from 127.0.0.2',
      1,
    ])
    names.answer = answerFrom({ 'app.test': ['127.0.0.3'] }, 0)
    await until('the connection is closed', () => upstream.open.size === 0)
    expect(await get(vane)).toBe('from 127.0.0.3')
  },
)

test('a request that is on such a connection is finished on it', async () => {
  await using names = await startNameServer(answerFrom({ 'app.test': ['127.0.0.2'] }, 0))
  let finish = (): void => {}
  const server = createHttpServer((_req, res) => {
    res.write('begun ')
    finish = () => res.end('done')
  })
  server.listen(0, '127.0.0.2')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  await using vane = await startRules([proxy(`app.test:${(server.address() as AddressInfo).port}`, names)], {})
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.received('begun')
  names.answer = answerFrom({ 'app.test': ['127.0.0.3'] }, 60)
  await until('the change is known', () => vane.engine.stats().upstreams[0]?.addresses[0] === '127.0.0.3')
  finish()
  await client.received('done')
  await until('the connection is closed', () => {
    const [stats] = vane.engine.stats().upstreams
    return stats?.active === 0 && stats.idle === 0
  })
})

describe('a name that cannot be resolved', () => {
  test('is a 502 that names the name and the server, and is counted', async () => {
    await using names = await startNameServer(() => ({ rcode: RCODE.nxDomain }))
    await using vane = await startRules([proxy('app.test:80', names)], {})
    expect([await get(vane), await get(vane)]).toEqual(['502', '502'])
    expect(errorOf(vane)).toMatchObject({
      kind: 'upstream',
      reason: 'dns-failure',
      message: `upstream app.test:80: name cannot be resolved (name server ${names.address} says that there is no such name (ENOTFOUND))`,
    })
    expect(names.questions).toHaveLength(2)
    expect(vane.engine.stats()).toMatchObject({
      errors: { upstream: 2 },
      upstreams: [{ requests: 2, failures: 2, active: 0, addresses: [], unresolved: 1 }],
    })
  })

  test('is told apart from a slow upstream where the time for connecting is short', async () => {
    await using names = await startNameServer(() => undefined)
    await using vane = await startRules([proxy('app.test:80', names, { timeouts: { connect: '100ms' } })], {})
    expect(await get(vane)).toBe('504')
    expect(errorOf(vane)).toMatchObject({
      kind: 'timeout',
      reason: 'connect',
      message: 'upstream app.test:80 exceeded the connect timeout of 100 ms, while its name was still being resolved',
    })
  })

  test('fails sooner than connecting does where nothing else is said', async () => {
    await using names = await startNameServer(() => undefined)
    await using vane = await startRules([proxy('app.test:80', names)], {})
    expect(await get(vane)).toBe('502')
    expect(errorOf(vane)).toMatchObject({
      reason: 'dns-failure',
      message: expect.stringMatching(/\((name server \S+ did not answer|no answer from )/) as string,
    })
  })

  test('is the last known addresses where nobody can say, and the log says so once', async () => {
    await using names = await startNameServer(answerFrom({ 'app.test': ['127.0.0.2'] }, 0))
    const upstream = await startSpread(['127.0.0.2'])
    const name = `app.test:${upstream.port}`
    await using vane = await startRules([proxy(name, names)], {})
    expect(await get(vane)).toBe('from 127.0.0.2')
    names.answer = () => ({ rcode: RCODE.servFail })
    await until('the name is asked for in vain', () => vane.engine.stats().upstreams[0]?.unresolved === 1)
    await renew(vane, upstream)
    expect(await get(vane)).toBe('from 127.0.0.2')
    expect(vane.logs.filter(({ level }) => level === 'warn')).toMatchObject([
      {
        message: 'name cannot be resolved, its last known addresses stand in',
        fields: { name: 'app.test', reason: `name server ${names.address} failed to find out (ESERVFAIL)` },
      },
    ])
  })

  test('keeps nobody: neither a start, nor a client that goes, nor a reload, nor an end', async () => {
    await using names = await startNameServer(() => undefined)
    const rule = proxy('app.test:80', names)
    await using vane = await startRules([rule], {})
    using client = await connectRaw(vane.port)
    client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await until('the name is asked for', () => names.questions.length > 0)
    expect(vane.engine.stats().upstreams).toMatchObject([{ active: 1 }])
    client.socket.resetAndDestroy()
    await until('nobody is connected to', () => vane.engine.stats().upstreams[0]?.active === 0)
    await vane.reload([{ ...rule, name: 'other' }])
    using second = await connectRaw(vane.port)
    second.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await until('the name is waited for', () => vane.engine.stats().upstreams[0]?.active === 1)
    expect(await vane.engine.drain(0)).toEqual({ forcedConnections: 1 })
  })
})

test('what is known outlives a reload', async () => {
  await using names = await startNameServer(answerFrom({ 'app.test': ['127.0.0.2'] }))
  const upstream = await startSpread(['127.0.0.2'])
  const name = `app.test:${upstream.port}`
  await using vane = await startRules([proxy(name, names)], {})
  await get(vane)
  await vane.reload([{ ...proxy(name, names), name: 'renamed' }])
  await renew(vane, upstream)
  expect(await get(vane)).toBe('from 127.0.0.2')
  expect(names.questions).toHaveLength(2)
  await vane.reload([{ name: 'none', terminate: { type: 'static', status: 204 } }])
  await vane.reload([proxy(name, names)])
  expect(await get(vane)).toBe('from 127.0.0.2')
  expect(names.questions).toHaveLength(4)
})

test('an answer that still holds is asked for anew where connections are to go', async () => {
  await using names = await startNameServer(answerFrom({ 'app.test': ['127.0.0.2'] }))
  const upstream = await startSpread(['127.0.0.2', '127.0.0.3'])
  const name = `app.test:${upstream.port}`
  await using vane = await startRules([proxy(name, names)], {})
  await get(vane)
  names.answer = answerFrom({ 'app.test': ['127.0.0.3'] })
  await until('the connection is kept', () => vane.engine.stats().upstreams[0]?.idle === 1)
  expect(vane.engine.drainUpstream(name)).toBe(1)
  expect(await get(vane)).toBe('from 127.0.0.3')
})

test('a WebSocket is opened at an address of the name', async () => {
  await using names = await startNameServer(answerFrom({ 'app.test': ['127.0.0.2'] }))
  const server = createHttpServer()
  server.on('upgrade', (_req, socket) => {
    socket.on('error', () => {})
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello')
  })
  server.listen(0, '127.0.0.2')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const terminate = { type: 'websocket', upstream: `app.test:${port}`, dns: { nameservers: [names.address] } }
  await using vane = await startRules([{ terminate }], {})
  using client = await connectRaw(vane.port)
  client.send(
    'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await client.received('hello')
})

describe('without name servers the system is asked', () => {
  test('by proxies', async () => {
    const upstream = await startSpread(['127.0.0.1'])
    await using vane = await startRules([proxy(`localhost:${upstream.port}`, undefined)], {})
    expect(await get(vane)).toBe('from 127.0.0.1')
    expect(vane.engine.stats().upstreams[0]?.addresses).toContain('127.0.0.1')
  })

  test('by tcp_forward', async () => {
    const upstream = await startSpread(['127.0.0.1'])
    const forward = (to: string): object => ({ name: 'forward', terminate: { type: 'tcp_forward', upstream: to } })
    await using vane = await startRules([forward(`localhost:${upstream.port}`)], {})
    expect(await get(vane)).toBe('from 127.0.0.1')
    await vane.reload([forward('no-such-name.invalid:1')])
    await get(vane)
    expect(await until('the failure is logged', () => errorOf(vane))).toMatchObject({
      kind: 'upstream',
      reason: 'dns-failure',
      message: expect.stringMatching(
        /^upstream "no-such-name\.invalid:1": name cannot be resolved \(the system's resolver .+\)$/,
      ) as string,
    })
  })
})
