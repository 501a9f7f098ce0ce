import { expect, test } from 'vitest'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { type StartedRules, startRules } from './support/start-rules.ts'
import { askForWebsocket, GRANT, startTunnelUpstream, websocketTo } from './support/tunnel-upstream.ts'
import { until } from './support/until.ts'
import { startRawUpstream } from './support/upstream.ts'

/** Starts an engine with one `websocket` rule. */
function startTo(port: number, keys: object = {}): Promise<StartedRules> {
  return startRules([websocketTo(port, keys)], {})
}

/** Connects, and asks until the tunnel is there. */
async function openTunnel(port: number): Promise<RawClient> {
  const client = await connectRaw(port)
  client.send(askForWebsocket())
  await client.received('x-up: 1')
  return client
}

/** Everything that an engine counts as open, nothing of which may be left. */
function leftOf({ engine }: StartedRules): number {
  const { connections, requests, upstreams } = engine.stats()
  return upstreams.reduce((sum, { active, tunnels }) => sum + active + tunnels, connections.active + requests.tunnels)
}

test('an upgrade that is granted becomes a tunnel, and bytes on either side of the switch are kept', async () => {
  await using upstream = await startTunnelUpstream(`${GRANT}hello`)
  await using vane = await startTo(upstream.port)
  using client = await connectRaw(vane.port)
  // The second part is sent before anybody can know that it will be granted.
  client.send(`${askForWebsocket()}early`)
  const text = await client.received('hello')
  expect(text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
  expect(text.toLowerCase()).toContain('\r\nconnection: upgrade\r\nupgrade: websocket\r\n')
  expect(text).toContain('sec-websocket-accept: y\r\nx-up: 1\r\n')
  await until('early bytes', () => upstream.received[0]?.endsWith('early'))
  expect(upstream.received[0]).toMatch(/\r\nconnection: upgrade\r\nupgrade: websocket\r\n/)
  expect(upstream.received[0]).toContain('sec-websocket-key: x\r\nsec-websocket-version: 13\r\n')
  const frame = '\x81\x85\0\xffGET / HTTP/1.1\r\n\r\n'
  client.send(frame)
  await until('frame', () => upstream.received[0]?.endsWith(frame))
  expect(vane.engine.stats().requests).toMatchObject({ active: 0, tunnels: 1 })
  expect(vane.engine.stats().upstreams[0]).toMatchObject({ active: 0, idle: 0, tunnels: 1, requests: 1 })
  client.socket.end()
  expect(await client.closed()).toMatch(/bye$/)
  await until('nothing left', () => leftOf(vane) === 0)
  expect(vane.trajectories).toMatchObject([{ status: 101, outcome: 'tunnel', rule: 'ws', error: undefined }])
  expect(vane.trajectories[0]!.steps.map(({ kind, branch }) => [kind, branch]).slice(-2)).toEqual([
    ['fetch', 'tunnel'],
    ['terminate', 'end'],
  ])
  expect(vane.engine.stats().requests.byStatus).toEqual({ '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 })
})

test('a request may come before the upgrade on its connection', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startRules(
    [
      { match: { 'http.uri.path': { equals: '/plain' } }, terminate: { type: 'static', status: 200, body: 'plain' } },
      websocketTo(upstream.port),
    ],
    {},
  )
  using client = await connectRaw(vane.port)
  client.send(`GET /plain HTTP/1.1\r\nhost: a.test\r\n\r\n${askForWebsocket()}early`)
  expect(await client.received('x-up: 1')).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nplainHTTP\/1\.1 101 /)
  await until('early bytes', () => upstream.received[0]?.endsWith('early'))
})

test('an upgrade that is refused is a response like others, and the connection goes on', async () => {
  const answer = 'HTTP/1.1 403 Forbidden\r\nsec-websocket-version: 13\r\ncontent-length: 2\r\n\r\nno'
  await using upstream = await startTunnelUpstream(answer)
  await using vane = await startTo(upstream.port)
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  expect(await client.received('\r\n\r\nno')).toMatch(/^HTTP\/1\.1 403 [^]*sec-websocket-version: 13/)
  expect(vane.trajectories).toMatchObject([{ status: 403, outcome: 'response' }])
  client.send('GET /other HTTP/1.1\r\nhost: a.test\r\n\r\n')
  await until('the next request', () => upstream.received[0]?.includes('GET /other '))
})

test('the end of one direction is passed on, and the other goes on', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => socket.end(`${GRANT}close`))
    socket.on('data', (chunk) => (received += chunk.toString()))
  })
  let received = ''
  await using vane = await startTo(upstream.port)
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  await client.received('close')
  await until('the end', () => client.closedBy === 'end')
  client.send('a close ')
  await until('bytes', () => received.endsWith('a close '))
  client.socket.end('of its own')
  await until('the rest', () => received.endsWith('a close of its own'))
  await until('nothing left', () => leftOf(vane) === 0)
})

test('a client that ended its side with the request gets its tunnel, and what comes through it', async () => {
  await using upstream = await startTunnelUpstream(`${GRANT}hello`)
  await using vane = await startTo(upstream.port)
  using client = await connectRaw(vane.port)
  client.socket.end(askForWebsocket())
  expect(await client.closed()).toMatch(/\r\n\r\nhellobye$/)
  await until('nothing left', () => leftOf(vane) === 0)
})

test('who breaks off breaks off the other', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startTo(upstream.port)
  using first = await openTunnel(vane.port)
  upstream.sockets[0]!.resetAndDestroy()
  await first.closed()
  expect(first.wasReset).toBe(true)
  using second = await openTunnel(vane.port)
  const errors: unknown[] = []
  upstream.sockets[1]!.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code))
  second.socket.resetAndDestroy()
  await until('upstream closed', () => upstream.sockets[1]?.destroyed)
  expect(errors).toEqual(['ECONNRESET'])
  await until('nothing left', () => leftOf(vane) === 0)
  // The first is the upstream's failure, and is told; the second is nobody's.
  expect(vane.trajectories.map(({ error }) => error)).toEqual([expect.stringContaining('ECONNRESET'), undefined])
  expect(vane.engine.stats().errors).toMatchObject({ upstream: 1, io: 0, internal: 0 })
})

test('a client that stays when its upstream has gone learns so with what it sends', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => socket.end(`${GRANT}close`, () => socket.destroy()))
  })
  await using vane = await startTo(upstream.port)
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  await client.received('close')
  const chatter = setInterval(() => client.send('x'), 20)
  await until('nothing left', () => leftOf(vane) === 0)
  clearInterval(chatter)
})

test('the rule’s limit for the whole request ends with the switch', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startTo(upstream.port, { timeouts: { total: '1s', first_byte: '1s' } })
  using client = await openTunnel(vane.port)
  const openedAtMs = performance.now()
  await until('well past the limit', () => performance.now() - openedAtMs > 1_500)
  client.send('still there')
  await until('bytes', () => upstream.received[0]?.endsWith('still there'))
})
