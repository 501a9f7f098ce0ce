import { expect, test } from 'vitest'
import { answer, graphOf, proxyTo } from './support/graph-builder.ts'
import { connectRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

test('stops accepting, closes idle connections, lets requests finish and says so in their responses', async () => {
  let finish = (): void => {}
  await using upstream = await startUpstream((_req, res) => {
    finish = () => res.end('done')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using fresh = await connectRaw(vane.port)
  using busy = await connectRaw(vane.port)
  busy.send(GET)
  await until('request at the upstream', () => upstream.sockets[0] !== undefined && upstream.sockets[0].bytesRead > 0)
  const drained = vane.engine.drain(5_000)
  await fresh.closed()
  using late = await connectRaw(vane.port)
  await late.closed()
  expect(late.closedBy).toBe('reset')
  finish()
  expect(await busy.closed()).toMatch(/connection: close[^]*done$/)
  expect(await drained).toEqual({ forcedConnections: 0 })
  expect(vane.engine.listeners()).toEqual([])
})

test('closes a connection whose response head had promised to go on', async () => {
  let finish = (): void => {}
  await using upstream = await startUpstream((_req, res) => {
    res.write('begun ')
    finish = () => res.end('done')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('begun')
  const drained = vane.engine.drain(5_000)
  finish()
  expect(await client.closed()).toContain('\r\n0\r\n\r\n')
  expect(await drained).toEqual({ forcedConnections: 0 })
})

test('cuts what is left after the timeout, and counts it', async () => {
  await using upstream = await startUpstream((_req, res) => void res.write('begun'))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('begun')
  expect(await vane.engine.drain(50)).toEqual({ forcedConnections: 1 })
  expect(await client.closed()).not.toContain('\r\n0\r\n')
  await until('upstream connection closed', () => upstream.sockets[0]?.destroyed)
})

test('close ends a drain at once', async () => {
  await using upstream = await startUpstream((_req, res) => void res.write('begun'))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('begun')
  const drained = vane.engine.drain(60_000)
  await vane.engine.close()
  await drained
  await client.closed()
})

test('refuses to go on after it has ended', async () => {
  const vane = await startEngine(graphOf(answer('x')))
  await vane.engine.close()
  await vane.engine.close()
  await expect(vane.engine.link(graphOf(answer('x')))).rejects.toThrow('engine is closed')
})
