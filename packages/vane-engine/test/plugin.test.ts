import {
  type L7RequestDecision,
  type L7RequestInput,
  type L7ResponseInput,
  PluginExhaustedError,
  PluginReturnedError,
  PluginTrapError,
} from 'vane-core'
import { expect, test } from 'vitest'
import { createFakeWasm, type FakePlugin, type FakeWasm } from './support/fake-wasm.ts'
import { answer, type BuiltMiddleware, graphOf, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine, type StartedEngine } from './support/start-engine.ts'
import { startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const GET = 'GET /p?q=1 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

async function startWith(
  plugin: FakePlugin,
  built: Partial<BuiltMiddleware> = {},
  fetch = answer('from the rule'),
): Promise<StartedEngine & { readonly wasm: FakeWasm }> {
  const wasm = createFakeWasm(plugin)
  const chain: BuiltMiddleware[] = [{ name: 'fake:main', pluginPath: wasm.path, ...built }]
  return { ...(await startEngine(graphOf(fetch, chain), { wasm: wasm.runtime })), wasm }
}

test('hands a request over as the contract has it', async () => {
  const inputs: L7RequestInput[] = []
  await using vane = await startWith(
    {
      l7Request: (input) => {
        inputs.push(input)
        return { tag: 'continue' }
      },
    },
    {
      args: { b: 1, a: [2] },
      inspects: ['conn.peer_ip', 'conn.alpn', 'conn.id', 'remote.port', 'http.host', 'http.header.missing'],
    },
  )
  await exchangeRaw(
    vane.port,
    'get /p?q=1 HTTP/1.1\r\nHost: A.test\r\nX-Two: 1\r\nx-two: \xff\xc3\xa9\r\nconnection: close\r\n\r\n'.replace(
      'get',
      'GET',
    ),
  )
  expect(vane.wasm.prepared).toEqual([{ module: vane.wasm.path, exportName: 'main', argsJson: '{"a":[2],"b":1}' }])
  expect(inputs).toHaveLength(1)
  expect(inputs[0]).toMatchObject({ method: 'GET', uri: '/p?q=1', body: undefined })
  expect(inputs[0]!.headers).toEqual([
    { name: 'host', value: 'A.test' },
    { name: 'x-two', value: '1' },
    { name: 'x-two', value: '\\x{FF}é' },
    { name: 'connection', value: 'close' },
  ])
  const context = new Map(inputs[0]!.context.map(({ path, value }) => [path, value]))
  expect([...context.keys()]).toEqual(['conn.peer_ip', 'conn.alpn', 'conn.id', 'remote.port', 'http.host'])
  expect(context.get('conn.peer_ip')).toEqual({ tag: 'text', val: '127.0.0.1' })
  expect(context.get('conn.alpn')).toEqual({ tag: 'text', val: '' })
  expect(context.get('conn.id')).toEqual({ tag: 'text', val: expect.stringMatching(/^[0-9a-f]{16}$/) })
  expect(context.get('remote.port')).toEqual({ tag: 'uint64', val: expect.any(BigInt) })
  expect(context.get('http.host')).toEqual({ tag: 'text', val: 'a.test' })
})

test.each([
  ['synchronously', (decision: L7RequestDecision) => decision],
  ['later', async (decision: L7RequestDecision) => decision],
])("writes what a plugin answers %s, without the fields that are the proxy's", async (_when, wrap) => {
  await using vane = await startWith({
    l7Request: () =>
      wrap({
        tag: 'short',
        val: {
          status: 418,
          headers: [
            { name: 'X-Tea', value: 'é' },
            { name: 'content-length', value: '999' },
            { name: 'Transfer-Encoding', value: 'chunked' },
            { name: 'connection', value: 'x-tea' },
          ],
          body: bytes('teapot'),
        },
      }),
  })
  const text = await exchangeRaw(vane.port, GET)
  expect(text).toMatch(/^HTTP\/1\.1 418 /)
  expect(text).toContain('x-tea: \xc3\xa9\r\n')
  expect(text).toContain('content-length: 6\r\n')
  expect(text).not.toMatch(/999|chunked/)
  expect(text.endsWith('\r\n\r\nteapot')).toBe(true)
  expect(vane.logs.find(({ level }) => level === 'warn')?.fields['headers']).toEqual([
    'content-length',
    'transfer-encoding',
    'connection',
  ])
})

test('drops the connection where a plugin closes', async () => {
  await using vane = await startWith({ l7Request: () => ({ tag: 'close' }) })
  expect(await exchangeRaw(vane.port, GET)).toBe('')
})

test('shows the response to a plugin, and writes what it changed', async () => {
  const inputs: L7ResponseInput[] = []
  await using vane = await startWith(
    {
      l7Response: (input) => {
        inputs.push(input)
        return { tag: 'modify', val: { status: 201, headers: [{ name: 'x-new', value: '1' }], body: bytes('changed') } }
      },
    },
    { kind: 'l7-response' },
  )
  const text = await exchangeRaw(vane.port, GET)
  expect(inputs[0]).toMatchObject({
    status: 200,
    headers: [{ name: 'content-type', value: 'text/plain' }],
    body: undefined,
  })
  expect(text).toMatch(/^HTTP\/1\.1 201 /)
  expect(text).toContain('x-new: 1\r\n')
  expect(text).not.toContain('text/plain')
  expect(
    text.endsWith('content-length: 7\r\nconnection: close\r\n\r\nchanged') || text.endsWith('\r\n\r\nchanged'),
  ).toBe(true)
})

test('keeps what a change leaves out, and streams the body past', async () => {
  await using upstream = await startUpstream((_req, res) => {
    res.writeHead(203, { 'x-kept': '1' })
    res.write('one ')
    res.end('two')
  })
  await using vane = await startWith(
    { l7Response: () => ({ tag: 'modify', val: {} }) },
    { kind: 'l7-response' },
    proxyTo(upstream.port),
  )
  const text = await exchangeRaw(vane.port, GET)
  expect(text).toMatch(/^HTTP\/1\.1 203 [^]*x-kept: 1[^]*transfer-encoding: chunked/)
  expect(text).toContain('one ')
})

test('keeps the upstream connection where a plugin replaces a small body', async () => {
  await using upstream = await startUpstream((_req, res) => res.end('original'))
  await using vane = await startWith(
    { l7Response: () => ({ tag: 'modify', val: { body: bytes('replaced') } }) },
    { kind: 'l7-response' },
    proxyTo(upstream.port),
  )
  for (let i = 0; i < 3; i++) {
    expect(await exchangeRaw(vane.port, GET)).toMatch(/\r\n\r\nreplaced$/)
    await until('connection given back', () => vane.engine.stats().upstreams[0]?.idle === 1)
  }
  expect(upstream.sockets).toHaveLength(1)
})

test('breaks off where a plugin aborts a response', async () => {
  const events: string[] = []
  await using upstream = await startUpstream((_req, res) => {
    res.write('begun')
    res.on('close', () => events.push('canceled'))
  })
  await using vane = await startWith(
    { l7Response: () => ({ tag: 'abort' }) },
    { kind: 'l7-response' },
    proxyTo(upstream.port),
  )
  expect(await exchangeRaw(vane.port, GET)).toBe('')
  await until('upstream canceled', () => events[0])
  expect(vane.trajectories[0]).toMatchObject({ outcome: 'closed', status: undefined })
})

const trap = (): never => {
  throw new PluginTrapError('unreachable executed at secret.wat:1')
}

test.each([
  ['a trap', trap, 500],
  ['a trap later', async () => trap(), 500],
  [
    'an error of its own',
    () => {
      throw new PluginReturnedError('E1', 'secret')
    },
    500,
  ],
  [
    'an interim status',
    (): L7RequestDecision => ({ tag: 'short', val: { status: 101, headers: [], body: bytes('') } }),
    500,
  ],
  [
    'a header that cannot be written',
    (): L7RequestDecision => ({
      tag: 'short',
      val: { status: 200, headers: [{ name: 'x', value: 'a\r\nb: c' }], body: bytes('') },
    }),
    500,
  ],
])('answers 500 and closes after %s, without a word of it', async (_what, l7Request, status) => {
  await using vane = await startWith({ l7Request })
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const text = await client.closed()
  expect(text).toMatch(
    new RegExp(`^HTTP/1\\.1 ${status} [^]*connection: close[^]*\\r\\n\\r\\n${status} Internal Server Error\\n$`),
  )
  expect(text).not.toMatch(/secret|b: c/)
  const log = vane.logs.find(({ level }) => level === 'warn' || level === 'error')
  expect(log?.fields).toMatchObject({ rule: 'test', err: { message: expect.any(String) as string } })
})

test('goes where on_error says', async () => {
  const onError = { status: 299, headers: [['x-why', 'on-error']] as const, body: 'fallback' }
  await using vane = await startWith({ l7Request: trap }, { onError })
  expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 299 [^]*x-why: on-error[^]*fallback$/)
  expect(vane.logs.find(({ level }) => level === 'warn')?.fields).toMatchObject({
    rule: 'test',
    node: 'middleware',
    name: 'fake:main',
  })
  await using closing = await startWith({ l7Request: trap }, { onError: 'close' })
  expect(await exchangeRaw(closing.port, GET)).toBe('')
})

test('replaces the upstream response where response middleware fails and on_error says so', async () => {
  await using upstream = await startUpstream((_req, res) => void res.write('never seen'))
  await using vane = await startWith(
    { l7Response: trap },
    { kind: 'l7-response', onError: { status: 299, headers: [], body: 'fallback' } },
    proxyTo(upstream.port),
  )
  const text = await exchangeRaw(vane.port, GET)
  expect(text).toMatch(/^HTTP\/1\.1 299 [^]*fallback$/)
  await until('upstream canceled', () => upstream.sockets[0]?.destroyed)
})

test('answers 503 with retry-after where no instance is free, unless on_error says otherwise', async () => {
  const exhausted = (): never => {
    throw new PluginExhaustedError()
  }
  await using vane = await startWith({ l7Request: exhausted })
  expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1/)
  expect(vane.engine.stats().errors.resource).toBe(1)
  await using other = await startWith({ l7Request: exhausted }, { onError: { status: 299, headers: [], body: '' } })
  expect(await exchangeRaw(other.port, GET)).toMatch(/^HTTP\/1\.1 299 /)
})

test('obeys the hint force-close, whatever on_error says', async () => {
  const l7Request = (): never => {
    throw new PluginReturnedError('E', 'm', 'force-close')
  }
  await using vane = await startWith({ l7Request }, { onError: { status: 299, headers: [], body: '' } })
  expect(await exchangeRaw(vane.port, GET.replace('connection: close\r\n', ''))).toMatch(
    /^HTTP\/1\.1 500 [^]*connection: close/,
  )
})

test('counts the hint internal as an anomaly and then does what on_error says', async () => {
  const l7Request = (): never => {
    throw new PluginReturnedError('E', 'm', 'internal')
  }
  await using vane = await startWith({ l7Request }, { onError: { status: 299, headers: [], body: '' } })
  expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 299 /)
  expect(vane.engine.stats().pluginAnomalies).toBe(1)
  expect(vane.logs.some(({ level }) => level === 'error')).toBe(true)
})

test('a refusal skips response middleware', async () => {
  let responses = 0
  const wasm = createFakeWasm({
    l7Request: () => ({ tag: 'short', val: { status: 403, headers: [], body: bytes('no') } }),
    l7Response: () => {
      responses++
      return { tag: 'continue' }
    },
  })
  const chain: BuiltMiddleware[] = [
    { name: 'fake:main', pluginPath: wasm.path },
    { name: 'fake:after', pluginPath: wasm.path, kind: 'l7-response' },
  ]
  await using vane = await startEngine(graphOf(answer('x'), chain), { wasm: wasm.runtime })
  expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 403 /)
  expect(responses).toBe(0)
})

test('tells a waiting plugin that its client has gone', async () => {
  let signal: AbortSignal | undefined
  await using vane = await startWith({
    l7Request: (_input, options) => {
      signal = options?.signal
      expect(options?.connectionId).toMatch(/^[0-9a-f]{16}$/)
      return new Promise(() => {})
    },
  })
  using client = await connectRaw(vane.port)
  client.send(GET)
  await until('call', () => signal)
  client.socket.resetAndDestroy()
  await until('abort', () => signal?.aborted)
  await until('trajectory', () => vane.trajectories[0]?.outcome === 'canceled')
})

test('does nothing more for a client that went away while a plugin thought', async () => {
  let decide: (decision: L7RequestDecision) => void = () => {}
  let asked = 0
  await using upstream = await startUpstream((_req, res) => {
    asked++
    res.end()
  })
  await using vane = await startWith(
    { l7Request: () => new Promise((resolve) => (decide = resolve)) },
    {},
    proxyTo(upstream.port),
  )
  using client = await connectRaw(vane.port)
  client.send(GET)
  await until('request', () => vane.engine.stats().requests.active === 1)
  client.socket.resetAndDestroy()
  await until('trajectory', () => vane.trajectories.length === 1)
  decide({ tag: 'continue' })
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toBe(0)
  expect(vane.engine.stats().upstreams[0]?.requests).toBe(0)
})

test('gives call sites back when the engine ends, and refuses plugins without a runtime', async () => {
  const vane = await startWith({ l7Request: () => ({ tag: 'continue' }) })
  expect(vane.wasm.released).toBe(0)
  await vane.engine.close()
  expect(vane.wasm.released).toBe(1)
  await expect(startEngine(graphOf(answer('x'), [{ name: 'fake:main', pluginPath: vane.wasm.path }]))).rejects.toThrow(
    'rule "test" (rules/test.json:3:7): middleware "fake:main": plugins need the feature "wasm", which is off or not installed',
  )
})

test('records the way of a request', async () => {
  await using vane = await startWith({ l7Request: () => ({ tag: 'continue' }) })
  await exchangeRaw(vane.port, GET)
  const trajectory = await until('trajectory', () => vane.trajectories[0])
  expect(trajectory).toMatchObject({
    rule: 'test',
    entry: 'tcp:127.0.0.1:0',
    outcome: 'response',
    status: 200,
    method: 'GET',
    target: '/p?q=1',
    bytesIn: 0,
    bytesOut: 13,
    error: undefined,
  })
  expect(trajectory.steps.map(({ kind, branch }) => `${kind} ${branch}`)).toEqual([
    'middleware continue',
    'fetch response',
    'terminate end',
  ])
  expect(trajectory.steps.every(({ micros }) => micros >= 0)).toBe(true)
})
