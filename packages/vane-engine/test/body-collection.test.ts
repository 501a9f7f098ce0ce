import type { BytesView, L7RequestInput } from 'vane-core'
import { expect, test } from 'vitest'
import { createFakeWasm } from './support/fake-wasm.ts'
import { type BuiltMiddleware, graphOf, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine, type StartedEngine } from './support/start-engine.ts'
import { readAll, startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

/** A chain of one plugin that needs the body and only looks. */
async function startLooking(
  port: number,
  built: Partial<BuiltMiddleware>,
): Promise<StartedEngine & { readonly views: (BytesView | undefined)[] }> {
  const views: (BytesView | undefined)[] = []
  const look = ({ body }: Pick<L7RequestInput, 'body'>): { readonly tag: 'continue' } => {
    views.push(body)
    return { tag: 'continue' }
  }
  const wasm = createFakeWasm({ l7Request: look, l7Response: look })
  const graph = graphOf(proxyTo(port), [{ name: 'fake:look', pluginPath: wasm.path, needsBody: true, ...built }])
  return { ...(await startEngine(graph, { wasm: wasm.runtime })), views }
}

test('shows a plugin the body and passes it on whole, with a length', async () => {
  let received = ''
  await using upstream = await startUpstream(async (req, res) => {
    received = `${req.headers['content-length']} ${(await readAll(req)).toString()}`
    res.end()
  })
  await using vane = await startLooking(upstream.port, {})
  await exchangeRaw(
    vane.port,
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n',
  )
  expect(vane.views.map((view) => [Buffer.from(view!.data).toString(), view!.truncated])).toEqual([['abcdef', false]])
  expect(received).toBe('6 abcdef')
})

test('hands all of it to the runtime, which cuts it to the plugin’s limit', async () => {
  let received = 0
  await using upstream = await startUpstream(async (req, res) => {
    received = (await readAll(req)).length
    res.end()
  })
  await using vane = await startLooking(upstream.port, {})
  const size = 1_048_576 + 10
  await exchangeRaw(
    vane.port,
    `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\nconnection: close\r\n\r\n${'x'.repeat(size)}`,
  )
  expect(vane.views.map((view) => [view!.data.length, view!.truncated])).toEqual([[size, false]])
  expect(received).toBe(size)
})

test('answers 100 Continue when it begins to collect', async () => {
  await using upstream = await startUpstream(async (req, res) =>
    res.end(`${req.headers.expect} ${(await readAll(req)).toString()}`),
  )
  await using vane = await startLooking(upstream.port, {})
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
  await client.received('100 Continue')
  client.send('body')
  await client.received('undefined body')
})

test.each([
  ['declared', 'content-length: 11\r\n\r\nhello world'],
  ['chunked', 'transfer-encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n'],
])('answers 413 to a request over the limit, %s', async (_how, rest) => {
  let asked = 0
  await using upstream = await startUpstream((_req, res) => {
    asked++
    res.end()
  })
  await using vane = await startLooking(upstream.port, { bodyLimit: 10, onError: 'close' })
  expect(await exchangeRaw(vane.port, `POST / HTTP/1.1\r\nhost: a\r\n${rest}`)).toMatch(
    /^HTTP\/1\.1 413 [^]*connection: close/,
  )
  expect(asked).toBe(0)
})

test('delivers a 413 to a client that goes on sending', async () => {
  await using upstream = await startUpstream((_req, res) => res.end())
  await using vane = await startLooking(upstream.port, { bodyLimit: 1_000 })
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 64000000\r\n\r\n')
  client.socket.write(Buffer.alloc(64_000_000))
  expect(await client.closed()).toMatch(/^HTTP\/1\.1 413 /)
  client.socket.end()
  await until('socket closed', () => client.socket.destroyed)
  expect(client.wasReset).toBe(false)
})

test.each([
  ['declared', { 'content-length': '11' }],
  ['chunked', {}],
])('answers 502 to a response over the limit, %s', async (_how, headers) => {
  await using upstream = await startUpstream((_req, res) => {
    res.writeHead(200, headers)
    res.write('hello ')
    res.end('world')
  })
  await using vane = await startLooking(upstream.port, { kind: 'l7-response', bodyLimit: 10 })
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 502 /,
  )
})

test('answers 502 where an upstream dies within a body that is collected', async () => {
  await using upstream = await startUpstream((_req, res) => {
    res.writeHead(200, { 'content-length': '100' })
    res.write('part', () => res.destroy())
  })
  await using vane = await startLooking(upstream.port, { kind: 'l7-response' })
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 502 /,
  )
})

test('answers the length that was collected', async () => {
  await using upstream = await startUpstream((_req, res) => {
    res.write('hello ')
    res.end('world')
  })
  await using vane = await startLooking(upstream.port, { kind: 'l7-response' })
  const text = await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  expect(text).toMatch(/content-length: 11\r\n[^]*hello world$/)
  expect(Buffer.from(vane.views[0]!.data).toString()).toBe('hello world')
})

test('does not limit the length of an answer to HEAD', async () => {
  await using upstream = await startUpstream((_req, res) => res.writeHead(200, { 'content-length': '1000' }).end())
  await using vane = await startLooking(upstream.port, { kind: 'l7-response', bodyLimit: 10 })
  const text = await exchangeRaw(vane.port, 'HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  expect(text).toMatch(/^HTTP\/1\.1 200 [^]*content-length: 1000\r\n/)
})
