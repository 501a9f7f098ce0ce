import { Agent, request } from 'node:http'
import { expect, test } from 'vitest'
import { createFakeWasm } from './support/fake-wasm.ts'
import { answer, graphOf, GraphBuilder, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { portOf, startEngine } from './support/start-engine.ts'
import { closedPort, startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

test('a kept-alive connection takes the new graph from its next request', async () => {
  await using vane = await startEngine(graphOf(answer('old')))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('old')
  await vane.engine.swap(await vane.engine.link(graphOf(answer('new'))))
  client.send(GET)
  await client.received('new')
  expect(vane.engine.stats().connections.total).toBe(1)
})

test('a request under way finishes on the old graph, whose call sites are given back after it', async () => {
  const wasm = createFakeWasm({ l7Request: () => ({ tag: 'continue' }) })
  let finish = (): void => {}
  await using upstream = await startUpstream((_req, res) => {
    finish = () => res.end('old upstream')
    res.write('begun ')
  })
  await using vane = await startEngine(
    graphOf(proxyTo(upstream.port), [{ name: 'fake:main', pluginPath: wasm.path }]),
    {
      wasm: wasm.runtime,
    },
  )
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('begun')
  await vane.engine.swap(await vane.engine.link(graphOf(answer('new'))))
  expect(wasm.released).toBe(0)
  finish()
  await client.received('old upstream')
  await until('call site released', () => wasm.released === 1)
})

test('drops no request under load', async () => {
  await using upstream = await startUpstream((_req, res) => res.end('proxied'))
  const graphs = [graphOf(proxyTo(upstream.port)), graphOf(answer('static')), graphOf(proxyTo(upstream.port))]
  await using vane = await startEngine(graphs[0]!)
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const seen = new Map<string, number>()
  let isOver = false
  const worker = async (): Promise<void> => {
    while (!isOver) {
      const body = await get(vane.port, agent)
      seen.set(body, (seen.get(body) ?? 0) + 1)
    }
  }
  const workers = Array.from({ length: 8 }, worker)
  for (let round = 0; round < 20; round++) {
    await vane.engine.swap(await vane.engine.link(graphs[round % 3]!))
    const before = vane.engine.stats().requests.total
    await until('some requests on this graph', () => vane.engine.stats().requests.total > before + 20)
  }
  isOver = true
  await Promise.all(workers)
  agent.destroy()
  expect([...seen.keys()].toSorted()).toEqual(['proxied', 'static'])
  expect(vane.engine.stats().requests).toMatchObject({ byStatus: { '4xx': 0, '5xx': 0 }, canceled: 0 })
})

test('keeps the connections to an upstream that both graphs name, and closes those to others', async () => {
  await using upstream = await startUpstream((_req, res) => res.end('proxied'))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  for (let round = 0; round < 3; round++) {
    await exchangeRaw(vane.port, GET.replace('host: a', 'host: a\r\nconnection: close'))
    await until('connection given back', () => vane.engine.stats().upstreams[0]?.idle === 1)
    await vane.engine.swap(await vane.engine.link(graphOf(proxyTo(upstream.port))))
  }
  expect(upstream.sockets).toHaveLength(1)
  await vane.engine.swap(await vane.engine.link(graphOf(answer('static'))))
  await until('connection closed', () => upstream.sockets[0]?.destroyed)
  expect(vane.engine.stats().upstreams).toEqual([])
})

test('opens listeners that are new, keeps those that stay, drains those that are gone', async () => {
  const [gonePort, stayingPort, newPort] = [await closedPort(), await closedPort(), await closedPort()]
  const graph = (...ports: number[]): ReturnType<typeof graphOf> => {
    const builder = new GraphBuilder()
    for (const port of ports) builder.listen(builder.path(answer(`port ${port}`)), port)
    return builder.build()
  }
  await using vane = await startEngine(graph(gonePort, stayingPort))
  using idle = await connectRaw(gonePort)
  idle.send(GET)
  await idle.received(`port ${gonePort}`)
  using staying = await connectRaw(stayingPort)
  staying.send(GET)
  await staying.received(`port ${stayingPort}`)

  await vane.engine.swap(await vane.engine.link(graph(stayingPort, newPort)))
  await idle.closed()
  expect(idle.closedBy).toBe('end')
  await until('old listener gone', () => vane.engine.listeners().length === 2)
  expect(vane.engine.listeners().map(({ key, state }) => [key, state])).toEqual([
    [`tcp:127.0.0.1:${stayingPort}`, 'listening'],
    [`tcp:127.0.0.1:${newPort}`, 'listening'],
  ])
  using refused = await connectRaw(gonePort)
  await refused.closed()
  expect(refused.closedBy).toBe('reset')
  staying.send(GET.replace('host: a', 'host: a\r\nconnection: close'))
  expect((await staying.closed()).match(/port/g)).toHaveLength(2)
  expect(await exchangeRaw(newPort, GET.replace('host: a', 'host: a\r\nconnection: close'))).toContain(
    `port ${newPort}`,
  )
})

test('a connection of a listener that is gone finishes on the graph it had', async () => {
  const port = await closedPort()
  let finish = (): void => {}
  await using upstream = await startUpstream((_req, res) => {
    finish = () => res.end('done')
  })
  const builder = new GraphBuilder()
  builder.listen(builder.path(proxyTo(upstream.port)), port)
  await using vane = await startEngine(builder.build())
  using client = await connectRaw(port)
  client.send(GET)
  await until('request at the upstream', () => upstream.sockets.length === 1)
  await vane.engine.swap(await vane.engine.link(graphOf(answer('new'))))
  expect(vane.engine.listeners().find(({ state }) => state === 'draining')?.key).toBe(`tcp:127.0.0.1:${port}`)
  await until('handler', () => upstream.sockets[0]!.bytesRead > 0)
  finish()
  const text = await client.closed()
  expect(text).toMatch(/connection: close[^]*done$/)
})

test('a graph that does not link changes nothing', async () => {
  await using vane = await startEngine(graphOf(answer('old')))
  await expect(vane.engine.link(graphOf(answer('new'), [{ name: 'no_such' }]))).rejects.toThrow(
    /rule "test" needs the middleware "no_such", .*\(rules\/test\.json:3:7\)/,
  )
  expect(await exchangeRaw(portOf(vane.engine), GET.replace('host: a', 'host: a\r\nconnection: close'))).toContain(
    'old',
  )
})

function get(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = request({ port, host: '127.0.0.1', agent }, (res) => {
      let text = ''
      res.on('data', (chunk: Buffer) => (text += chunk.toString()))
      res.on('end', () => resolve(text))
      res.on('error', reject)
    })
    req.on('error', reject)
    req.end()
  })
}
