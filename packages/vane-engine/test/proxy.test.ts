import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { graphOf, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { readAll, startRawUpstream, startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

test('passes a GET and its response, keeping order, repeats and spelling of fields', async () => {
  let seen: string[] = []
  let target = ''
  await using upstream = await startUpstream((req, res) => {
    seen = req.rawHeaders
    target = `${req.method} ${req.url}`
    res.writeHead(200, [
      'X-One',
      '1',
      'Set-Cookie',
      'a',
      'Set-Cookie',
      'b',
      'Date',
      'Thu, 01 Jan 1970 00:00:00 GMT',
      'content-length',
      '2',
    ])
    res.end('ok')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(
    vane.port,
    'GET /a%2Fb?c=d HTTP/1.1\r\nhost: A.test:81\r\nX-B: 1\r\nx-a: 2\r\nX-b: 3\r\nconnection: close\r\n\r\n',
  )
  expect(target).toBe('GET /a%2Fb?c=d')
  expect(seen.slice(0, 8)).toEqual(['host', 'A.test:81', 'X-B', '1', 'x-a', '2', 'X-b', '3'])
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nX-One: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nDate: Thu, 01 Jan 1970/)
  expect(text.endsWith('\r\n\r\nok')).toBe(true)
  expect(text.match(/^date:/gim)).toHaveLength(1)
})

test('streams a chunked request and a chunked response at the same time', async () => {
  await using upstream = await startUpstream((req, res) => {
    res.writeHead(200)
    req.on('data', (chunk: Buffer) => res.write(`<${chunk.toString()}>`))
    req.on('end', () => res.end())
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n')
  // The answer to the first chunk is here before the second one is sent: nothing on the way waits for a whole body.
  await client.received('<one>')
  client.send('3\r\ntwo\r\n')
  await client.received('<two>')
  client.send('0\r\n\r\n')
  const text = await client.received('\r\n0\r\n\r\n')
  expect(text).toMatch(/transfer-encoding: chunked/i)
})

test('passes a body of declared length with that length', async () => {
  let length: string | undefined
  let body = ''
  await using upstream = await startUpstream(async (req, res) => {
    length = req.headers['content-length']
    body = (await readAll(req)).toString()
    res.end()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(
    vane.port,
    'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello',
  )
  expect([length, body]).toEqual(['5', 'hello'])
  expect(text).toMatch(/content-length: 0/)
})

test('sends a response head that has no body yet', async () => {
  await using upstream = await startUpstream((_req, res) => {
    res.writeHead(200, { 'x-early': '1' })
    res.flushHeaders()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.received('x-early: 1\r\n')
})

test('removes hop-by-hop fields and those that connection names, both ways', async () => {
  let seen: string[] = []
  await using upstream = await startUpstream((req, res) => {
    seen = req.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
    res.writeHead(200, {
      connection: 'x-secret, keep-alive',
      'x-secret': '1',
      'keep-alive': 'timeout=9',
      'proxy-authenticate': 'x',
      'x-kept': '1',
    })
    res.end('ok')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(
    'GET / HTTP/1.1\r\nhost: a\r\nconnection: X-Named, keep-alive, host\r\nx-named: 1\r\nte: trailers\r\nupgrade: h2c\r\n' +
      'keep-alive: 5\r\nproxy-connection: x\r\nproxy-authorization: Basic x\r\nx-kept: 1\r\n\r\n',
  )
  const text = await client.received('ok')
  expect(seen).toEqual(['host', 'x-kept'])
  expect(text).toContain('x-kept: 1')
  expect(text).not.toMatch(/x-secret|timeout=9|proxy-authenticate|keep-alive/i)
})

test('answers HEAD with the length that GET would have, and no content', async () => {
  await using upstream = await startUpstream((_req, res) => res.writeHead(200, { 'content-length': '1234' }).end())
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('HEAD / HTTP/1.1\r\nhost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  const text = await client.closed()
  expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  expect(text.match(/content-length: 1234/g)).toHaveLength(2)
  expect(text.endsWith('\r\n\r\n')).toBe(true)
})

test.each([204, 304])('passes a %i without content and keeps the connection', async (status) => {
  await using upstream = await startUpstream((_req, res) => res.writeHead(status, { etag: '"x"' }).end())
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  const text = await client.closed()
  expect(text.match(new RegExp(`HTTP/1\\.1 ${status} `, 'g'))).toHaveLength(2)
  expect(text).not.toMatch(/transfer-encoding|content-length/i)
})

test('passes trailers both ways', async () => {
  let trailers: NodeJS.Dict<string> = {}
  await using upstream = await startUpstream(async (req, res) => {
    await readAll(req)
    trailers = req.trailers
    res.writeHead(200, { trailer: 'x-sum' })
    res.write('body')
    res.addTrailers({ 'x-sum': '42', 'content-type': 'text/evil' })
    res.end()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-req: 7\r\nhost: evil\r\nauthorization: evil\r\ncookie: evil\r\nx-forwarded-for: evil\r\nx_real_ip: evil\r\n\r\n',
  )
  const text = await client.received('\r\n0\r\nx-sum: 42\r\n\r\n')
  expect(trailers).toEqual({ 'x-req': '7' })
  expect(text).not.toContain('evil')
})

test('passes interim responses on, and not to HTTP/1.0', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.on('data', () =>
      socket.write(
        'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
      ),
    )
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK/)
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK/)
})

test('sends 100 Continue once the upstream asks for the body', async () => {
  const notAsked = (): void => {}
  let ask = notAsked
  await using upstream = await startUpstream(
    () => {},
    (server) =>
      server.on('checkContinue', (req, res) => {
        ask = () => {
          res.writeContinue()
          void readAll(req).then((body) => res.end(`got ${body.toString()}`))
        }
      }),
  )
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
  await until('request at the upstream', () => upstream.sockets.length === 1)
  expect(client.text).toBe('')
  await until('request read by the upstream', () => ask !== notAsked)
  ask()
  await client.received('HTTP/1.1 100 Continue\r\n\r\n')
  client.send('body')
  await client.received('got body')
})

test('passes a refusal that comes instead of 100 Continue, and closes', async () => {
  await using upstream = await startUpstream(
    () => {},
    (server) => server.on('checkContinue', (_req, res) => res.writeHead(417).end('no')),
  )
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
  const text = await client.closed()
  expect(text).toMatch(/^HTTP\/1\.1 417 /)
  expect(text).toMatch(/connection: close/)
  expect(text).not.toContain('100 Continue')
})

test('takes the host from an absolute-form target', async () => {
  let seen: string[] = []
  await using upstream = await startUpstream((req, res) => {
    seen = [req.url ?? '', ...req.rawHeaders.slice(0, 2)]
    res.end()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  await exchangeRaw(
    vane.port,
    'GET http://real.test:8080/p?q HTTP/1.1\r\nhost: other.test\r\nconnection: close\r\n\r\n',
  )
  expect(seen).toEqual(['/p?q', 'host', 'real.test:8080'])
})

test.each([
  ['preserve', 'client.test'],
  ['upstream', /^127\.0\.0\.1:\d+$/],
  ['literal.test', 'literal.test'],
])('sends the host that policy %s says', async (host, expected) => {
  let seen = ''
  await using upstream = await startUpstream((req, res) => {
    seen = req.headers.host ?? ''
    res.end()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { host })))
  await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: client.test\r\nconnection: close\r\n\r\n')
  if (typeof expected === 'string') expect(seen).toBe(expected)
  else expect(seen).toMatch(expected)
})

test('reaches an upstream on a Unix socket', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vane-engine-'))
  const path = join(dir, 'up.sock')
  const server = createServer((req, res) => res.end(req.headers.host))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    await using vane = await startEngine(graphOf(proxyTo(0, { unixPath: path, host: 'upstream' })))
    expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
      /\r\n\r\nlocalhost$/,
    )
  } finally {
    server.close()
    server.closeAllConnections()
    rmSync(dir, { recursive: true })
  }
})

test('uses one upstream connection for requests that follow each other', async () => {
  await using upstream = await startUpstream((_req, res) => res.end('ok'))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  for (let i = 0; i < 5; i++) {
    await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    await until('connection given back', () => vane.engine.stats().upstreams[0]?.idle === 1)
  }
  expect(upstream.sockets).toHaveLength(1)
  expect(vane.engine.stats().upstreams[0]).toMatchObject({ requests: 5, failures: 0, retries: 0, active: 0, idle: 1 })
})

test('lets an upload go on after the response is complete', async () => {
  let uploaded = ''
  await using upstream = await startUpstream(async (req, res) => {
    res.end('early')
    uploaded += (await readAll(req)).toString()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n')
  await client.received('early')
  client.send('3\r\ntwo\r\n0\r\n\r\nGET /next HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  const text = await client.closed()
  await until('upload complete', () => uploaded === 'onetwo')
  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
})

test('passes bytes of header values that are not ASCII untouched', async () => {
  let seen = ''
  await using upstream = await startUpstream((req, res) => {
    seen = req.headers['x-bytes'] as string
    res.writeHead(200, ['x-back', seen]).end()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(
    vane.port,
    'GET / HTTP/1.1\r\nhost: a\r\nx-bytes: \xff\xc3\xa9\r\nconnection: close\r\n\r\n',
  )
  expect(seen).toBe('\xff\xc3\xa9')
  expect(text).toContain('x-back: \xff\xc3\xa9\r\n')
})

test('serves many clients at once', async () => {
  await using upstream = await startUpstream(async (req, res) => res.end(await readAll(req)))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const bodies = await Promise.all(
    Array.from({ length: 200 }, (_, index) => post(vane.port, `body ${index} `.repeat(500))),
  )
  expect(bodies.every((body, index) => body === `body ${index} `.repeat(500))).toBe(true)
  // More requests than connections: the rest waited for one.
  expect(upstream.sockets.length).toBeLessThanOrEqual(100)
})

function post(port: number, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = request({ port, host: '127.0.0.1', method: 'POST', path: '/' }, (res) => {
      readAll(res).then((bytes) => resolve(bytes.toString()), reject)
    })
    req.on('error', reject)
    req.end(body)
  })
}
