import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type FlowEvent, toFlowRecord } from 'vane-core'
import { FlowLog } from 'vane-engine'
import { issueCertificate } from 'vane-testkit'
import { expect, test } from 'vitest'
import { connectRaw, exchangeRaw, type RawClient } from './support/raw-client.ts'
import { startRules } from './support/start-rules.ts'
import { shakeHands } from './support/tls-client.ts'
import { askForWebsocket, GRANT, startTunnelUpstream, websocketTo } from './support/tunnel-upstream.ts'
import { until } from './support/until.ts'
import { closedPort } from './support/upstream.ts'

const STATIC = { terminate: { type: 'static', status: 200, body: 'new rules' } }

/** Connects, and asks until the tunnel is there. */
async function openTunnel(port: number): Promise<RawClient> {
  const client = await connectRaw(port)
  client.send(askForWebsocket())
  await client.received('x-up: 1')
  return client
}

test('a tunnel outlives the rules that it began under, in sight of whoever looks', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startRules([websocketTo(upstream.port)], {})
  using client = await openTunnel(vane.port)
  await vane.reload([STATIC])
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toContain('new rules')
  client.send('still there')
  await until('bytes', () => upstream.received[0]?.endsWith('still there'))
  const name = `127.0.0.1:${upstream.port}`
  expect(vane.engine.stats().upstreams).toMatchObject([{ upstream: name, tunnels: 1, active: 0, idle: 0 }])
  // Another one, under the same rules as before.
  await vane.reload([websocketTo(upstream.port)])
  using second = await openTunnel(vane.port)
  expect(vane.engine.stats().upstreams.map(({ tunnels }) => tunnels)).toEqual([1, 1])
  client.socket.end()
  await client.closed()
  await until('only the other', () => vane.engine.stats().upstreams.length === 1)
  second.socket.end()
  await second.closed()
  const tunnels = (): unknown[] => vane.trajectories.filter(({ outcome }) => outcome === 'tunnel')
  await until('both trajectories', () => tunnels().length === 2)
})

test('a tunnel keeps nothing of the rules that it began under', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startRules([STATIC], {})
  // In a function of its own, whose variables are gone when it is over.
  const swapIn = async (): Promise<WeakRef<object>> => {
    const linked = await vane.engine.link(vane.compile([websocketTo(upstream.port)]))
    await vane.engine.swap(linked)
    return new WeakRef(linked)
  }
  const graph = await swapIn()
  using client = await openTunnel(vane.port)
  await vane.reload([STATIC])
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await until('the graph to be collected', () => {
    collect()
    return graph.deref() === undefined
  })
  client.send('still there')
  await until('bytes', () => upstream.received[0]?.endsWith('still there'))
})

test('a drain gives tunnels its time, and cuts those that are left', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startRules([websocketTo(upstream.port)], {})
  using one = await openTunnel(vane.port)
  using other = await openTunnel(vane.port)
  const drained = vane.engine.drain(2_000)
  one.send('one more')
  await until('bytes', () => upstream.received[0]?.endsWith('one more'))
  one.socket.end()
  expect(await one.closed()).toMatch(/bye$/)
  expect(other.closedBy).toBeUndefined()
  expect(await drained).toEqual({ forcedConnections: 1 })
  await other.closed()
  await until('the upstream’s side', () => upstream.sockets[1]?.destroyed)
})

test('a listener that a reload removes gives tunnels the drain’s time', async () => {
  await using upstream = await startTunnelUpstream()
  await using vane = await startRules([websocketTo(upstream.port)], {}, { limits: { drainTimeoutMs: 300 } })
  using client = await openTunnel(vane.port)
  await vane.engine.swap(
    await vane.engine.link(vane.compile([{ ...STATIC, listen: [`127.0.0.1:${await closedPort()}`] }])),
  )
  expect(client.closedBy).toBeUndefined()
  await client.closed()
})

test('limits for peers: a tunnel is a connection of its address, and not held to the clocks of HTTP', async () => {
  await using upstream = await startTunnelUpstream()
  const limits = {
    maxConnPerIp: 2,
    exemptLoopback: false,
    headerTimeoutMs: 500,
    bodyIdleTimeoutMs: 500,
    keepAliveTimeoutMs: 500,
    writeStallTimeoutMs: 500,
  }
  await using vane = await startRules([websocketTo(upstream.port)], {}, { limits })
  using first = await openTunnel(vane.port)
  {
    using _second = await openTunnel(vane.port)
    using third = await connectRaw(vane.port)
    await third.closed()
    expect(third.closedBy).toBe('reset')
    expect(vane.engine.stats().limitHits).toEqual({ max_conn_per_ip: 1 })
  }
  await until('a place', () => vane.engine.stats().connections.active === 1)
  using again = await openTunnel(vane.port)
  const openedAtMs = performance.now()
  await until('well past every clock', () => performance.now() - openedAtMs > 1_200)
  for (const [index, client] of [first, again].entries()) {
    client.send(`still here ${index}`)
    await until('bytes', () => upstream.received.some((text) => text.endsWith(`still here ${index}`)))
  }
  expect(vane.engine.stats().limitHits).toEqual({ max_conn_per_ip: 1 })
})

const CERTIFICATE = issueCertificate({ commonName: 'a.test', dnsNames: ['a.test'] })
const FILES = { 'a.pem': CERTIFICATE.chain, 'a.key': CERTIFICATE.key }
const LISTENER_TLS = { tls: { cert_file: 'a.pem', key_file: 'a.key' } }

test.each([
  ['in clear', {}],
  ['by TLS', LISTENER_TLS],
])('the flow log tells of a tunnel %s in the order in which it happened', async (_what, tls) => {
  const flowLog = new FlowLog()
  flowLog.verbosity = 'debug'
  await using upstream = await startTunnelUpstream(`${GRANT}hello`)
  await using vane = await startRules([{ ...websocketTo(upstream.port), ...tls }], FILES, { flowLog })
  const socket =
    'tls' in tls ? (await shakeHands(vane.port, { servername: 'a.test' })).socket : (await connectRaw(vane.port)).socket
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.write(`${askForWebsocket()}early`)
  await until('hello', () => text.endsWith('hello'))
  const told = (): FlowEvent['event'][] => flowLog.recent().map(({ event }) => event)
  await until('its beginning', () => told().filter((event) => event === 'upgrade').length === 2)
  expect(told()).not.toContain('request')
  socket.end('and more')
  await until('its end', () => told().includes('terminate'))
  const records = flowLog.recent().map(toFlowRecord)
  expect(records.map((record) => [record.event, 'protocol' in record ? record.protocol : ''])).toEqual([
    ['upgrade', 'http/1.1'],
    ['step', ''],
    ['step', ''],
    ['upgrade', 'websocket'],
    ['request', ''],
    ['terminate', ''],
  ])
  expect(records[4]).toMatchObject({
    event: 'request',
    connection_id: records[0]!.connection_id,
    method: 'GET',
    target: '/chat',
    status: 101,
    outcome: 'tunnel',
    rule: 'ws',
    bytes_in: 'earlyand more'.length,
    bytes_out: 'hellobye'.length,
    error: null,
  })
  const { duration_ms: requestMs } = records[4] as { duration_ms: number }
  const { duration_ms: connectionMs } = records[5] as { duration_ms: number }
  expect(requestMs).toBeGreaterThan(0)
  // The one in whole milliseconds, the other by a clock of its own.
  expect(requestMs).toBeLessThan(connectionMs + 5)
})

test('a request that its client’s end cuts short is told before that end, also over TLS', async () => {
  const flowLog = new FlowLog()
  await using upstream = await startTunnelUpstream('')
  await using vane = await startRules([{ ...websocketTo(upstream.port), ...LISTENER_TLS }], FILES, { flowLog })
  using client = await connectRaw(vane.port)
  const { socket } = await shakeHands(vane.port, { servername: 'a.test', socket: client.socket })
  socket.write(askForWebsocket())
  await until('the request', () => upstream.received[0]?.endsWith('\r\n\r\n'))
  client.socket.resetAndDestroy()
  const events = (): FlowEvent[] => flowLog.recent()
  await until('its end', () => events().some(({ event }) => event === 'terminate'))
  expect(events().map(({ event }) => event)).toEqual(['upgrade', 'request', 'terminate'])
  expect(events().map(toFlowRecord)[1]).toMatchObject({ outcome: 'canceled', status: null })
})
