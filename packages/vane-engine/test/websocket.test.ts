import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import type { SymbolicFlowGraph } from 'vane-core'
import { loadConfig } from 'vane-engine'
import { expect, onTestFinished, test } from 'vitest'
import { connectRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { until } from './support/until.ts'
import { closedPort, startRawUpstream, type TestServer } from './support/upstream.ts'

const ASK =
  'GET /chat HTTP/1.1\r\nhost: a.test\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n' +
  'sec-websocket-key: x\r\nsec-websocket-version: 13\r\n\r\n'
const GRANT =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: y\r\nx-up: 1\r\n\r\n'

/** An upstream that answers a head with what it is told, and keeps what came. */
async function startTunnelUpstream(answer: string): Promise<TestServer & { readonly received: string[] }> {
  const received: string[] = []
  const server = await startRawUpstream((socket: Socket) => {
    const index = received.push('') - 1
    let hasAnswered = false
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1')
      if (hasAnswered || !received[index]!.includes('\r\n\r\n')) return
      hasAnswered = true
      socket.write(answer)
    })
    socket.on('end', () => socket.end('bye'))
  })
  return { ...server, received, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

async function compileTo(upstreamPort: number, port: number, timeouts = {}): Promise<SymbolicFlowGraph> {
  const dir = mkdtempSync(join(tmpdir(), 'vane-engine-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'rules'))
  const preset = {
    preset: 'reverse_proxy',
    name: 'site',
    listen: [`127.0.0.1:${port}`],
    args: { upstream: `127.0.0.1:${upstreamPort}`, websocket: ['/chat'], timeouts },
  }
  writeFileSync(join(dir, 'rules', 'test.json'), JSON.stringify({ rules: [preset] }))
  const { graph, diagnostics } = await loadConfig(dir)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return graph!
}

test('an upgrade that is granted becomes a tunnel, and bytes on either side of the switch are kept', async () => {
  await using upstream = await startTunnelUpstream(`${GRANT}hello`)
  const port = await closedPort()
  await using vane = await startEngine(await compileTo(upstream.port, port))
  using client = await connectRaw(port)
  // The second part is sent before anybody can know that it will be granted.
  client.send(`${ASK}early`)
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
  client.socket.end()
  expect(await client.closed()).toMatch(/bye$/)
  await until('trajectory', () => vane.trajectories.length === 1)
  expect(vane.trajectories[0]).toMatchObject({ status: 101, outcome: 'tunnel', rule: 'site/websocket' })
  const { '5xx': failed } = vane.engine.stats().requests.byStatus
  expect(failed).toBe(0)
  expect(vane.engine.stats().upstreams[0]).toMatchObject({ active: 0, idle: 0 })
})

test('a tunnel outlives the graph that it began on', async () => {
  await using upstream = await startTunnelUpstream(GRANT)
  const port = await closedPort()
  await using vane = await startEngine(await compileTo(upstream.port, port))
  using client = await connectRaw(port)
  client.send(ASK)
  await client.received('x-up: 1')
  await vane.engine.swap(await vane.engine.link(await compileTo(await closedPort(), port)))
  client.send('still there')
  await until('bytes', () => upstream.received[0]?.endsWith('still there'))
})

test('an upgrade that is refused is a response like others, and the connection goes on', async () => {
  await using upstream = await startTunnelUpstream('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno')
  const port = await closedPort()
  await using _vane = await startEngine(await compileTo(upstream.port, port))
  using client = await connectRaw(port)
  client.send(ASK)
  expect(await client.received('\r\n\r\nno')).toMatch(/^HTTP\/1\.1 403 /)
  client.send('GET /other HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  // Not on that path, says the preset.
  await client.received('HTTP/1.1 400 ')
})

test('a tunnel that nobody uses ends', async () => {
  await using upstream = await startTunnelUpstream(GRANT)
  const port = await closedPort()
  await using _vane = await startEngine(await compileTo(upstream.port, port, { idle: '300ms' }))
  using client = await connectRaw(port)
  client.send(ASK)
  await client.received('x-up: 1')
  await client.closed()
  await until('upstream closed', () => upstream.sockets[0]?.destroyed)
})

test('a tunnel breaks on both sides', async () => {
  await using upstream = await startTunnelUpstream(GRANT)
  const port = await closedPort()
  await using vane = await startEngine(await compileTo(upstream.port, port))
  using first = await connectRaw(port)
  first.send(ASK)
  await first.received('x-up: 1')
  upstream.sockets[0]!.resetAndDestroy()
  await first.closed()
  using second = await connectRaw(port)
  second.send(ASK)
  await second.received('x-up: 1')
  second.socket.resetAndDestroy()
  await until('upstream closed', () => upstream.sockets[1]?.destroyed)
  await until('nothing left', () => vane.engine.stats().requests.active === 0)
})

test('a tunnel whose upstream ends first ends with the client, and leaves nothing', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => socket.end(`${GRANT}close`))
  })
  const port = await closedPort()
  await using vane = await startEngine(await compileTo(upstream.port, port))
  using client = await connectRaw(port)
  client.send(ASK)
  await client.received('close')
  client.socket.end('close frame')
  await until('nothing left', () => vane.engine.stats().connections.active === 0)
  expect(vane.engine.stats().requests.active).toBe(0)
})

test('a client that stays when its upstream has ended is held to the idle limit, whatever it sends', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => socket.end(`${GRANT}close`))
  })
  const port = await closedPort()
  await using vane = await startEngine(await compileTo(upstream.port, port, { idle: '300ms' }))
  using client = await connectRaw(port)
  client.send(ASK)
  await client.received('close')
  const chatter = setInterval(() => client.send('x'), 20)
  await until('nothing left', () => vane.engine.stats().connections.active === 0)
  clearInterval(chatter)
})
