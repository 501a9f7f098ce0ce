import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { request as httpRequest } from 'node:http'
import { issueCertificate } from 'vane-testkit'
import { describe, expect, test } from 'vitest'
import { connectFrames, F, frame, hpack, requestFields, T, u32 } from './support/frame-client.ts'
import { startRules } from './support/start-rules.ts'
import { shakeHands } from './support/tls-client.ts'
import { readAll, startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
const A = issueCertificate({ commonName: 'a.test', dnsNames: ['a.test'], issuer: CA })
const FILES = { 'a.pem': A.chain, 'a.key': A.key }
const TLS = { cert_file: 'a.pem', key_file: 'a.key' }

function connectTls(port: number): ClientHttp2Session & Disposable {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { servername: 'a.test', ca: CA.cert })
  session.on('error', () => {})
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() })
}

async function get(
  session: ClientHttp2Session,
  fields: Record<string, string>,
  body?: string,
): Promise<{ headers: IncomingHttpHeaders & { ':status'?: number | undefined }; text: string }> {
  const stream = session.request({ ':authority': 'a.test', ...fields }, { endStream: body === undefined })
  let headers: IncomingHttpHeaders = {}
  stream.on('response', (received) => (headers = received))
  if (body !== undefined) stream.end(body)
  let text = ''
  for await (const chunk of stream.setEncoding('latin1')) text += String(chunk)
  return { headers, text }
}

const proxyTo = (port: number): object => ({ type: 'http_proxy', upstream: `127.0.0.1:${port}` })

describe('an engine with listeners of all kinds', () => {
  test('HTTP/2 over TLS: a stream for a host that the connection is not for is misdirected, and no other', async () => {
    const rule = (name: string): object => ({
      match: { 'http.host': { equals: `${name}.test` } },
      tls: { sni: `${name}.test`, cert_file: `${name}.pem`, key_file: `${name}.key` },
      terminate: { type: 'static', status: 200, body: `this is ${name}` },
    })
    const b = issueCertificate({ commonName: 'b.test', dnsNames: ['b.test'], issuer: CA })
    await using vane = await startRules([rule('a'), rule('b')], { ...FILES, 'b.pem': b.chain, 'b.key': b.key })
    using client = connectTls(vane.port)
    for (const [authority, status, body] of [
      ['b.test', 421, /421/],
      ['a.test', 200, /^this is a$/],
      ['A.test:8443', 200, /^this is a$/],
      ['127.0.0.1', 421, /421/],
      ['a.test.b.test', 421, /421/],
    ] as const) {
      const { headers, text } = await get(client, { ':authority': authority })
      expect([authority, headers[':status']]).toEqual([authority, status])
      expect(text).toMatch(body)
    }
  })

  test('HTTP/2 over TLS to an HTTP/1.1 upstream: many at once, bodies both ways', async () => {
    await using upstream = await startUpstream(async (req, res) => {
      const body = await readAll(req)
      res.setHeader(
        'x-seen',
        `${req.method} ${req.url} ${req.headers.host} ${String(req.headers['x-forwarded-for'])} ${req.headers.cookie ?? '-'}`,
      )
      res.end(body)
    })
    await using vane = await startRules(
      [{ tls: TLS, middleware_chain: [{ use: 'forward_client_ip' }], terminate: proxyTo(upstream.port) }],
      FILES,
    )
    using client = connectTls(vane.port)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        get(client, { ':method': 'POST', ':path': `/${n}?q`, cookie: 'a=b; c=d' }, 'x'.repeat(n * 10_000)),
      ),
    )
    answers.forEach(({ headers, text }, n) => {
      expect(headers['x-seen']).toBe(`POST /${n}?q a.test 127.0.0.1 a=b; c=d`)
      expect(text).toHaveLength(n * 10_000)
    })
    expect(vane.engine.stats()).toMatchObject({ connections: { active: 1 }, requests: { total: 20 } })
  })

  test('clients choose by ALPN; those that offer nothing speak HTTP/1.1', async () => {
    await using vane = await startRules([{ tls: TLS, terminate: { type: 'static', status: 200, body: 'hi' } }], FILES)
    for (const [offered, chosen] of [
      [['h2', 'http/1.1'], 'h2'],
      [['http/1.1'], 'http/1.1'],
      [undefined, false],
    ] as const) {
      const { alpn, socket } = await shakeHands(vane.port, {
        servername: 'a.test',
        ...(offered === undefined ? {} : { ALPNProtocols: [...offered] }),
      })
      expect(alpn).toBe(chosen)
      socket.destroy()
    }
  })

  test('both versions in clear on one port', async () => {
    await using vane = await startRules([{ terminate: { type: 'static', status: 200, body: 'hi' } }], {})
    using client = await connectFrames(vane.port)
    client.request(1)
    expect(await client.body(1)).toBe('hi')
    const text = await new Promise<string>((resolve, reject) => {
      httpRequest({ port: vane.port, host: '127.0.0.1', headers: { host: 'a.test' } }, (res) => {
        readAll(res).then((bytes) => resolve(bytes.toString()), reject)
      }).end()
    })
    expect(text).toBe('hi')
  })

  test('what no rule wants is misdirected, and the connection goes on', async () => {
    await using vane = await startRules(
      [{ match: { 'http.host': { equals: 'a.test' } }, terminate: { type: 'static', status: 200, body: 'hi' } }],
      {},
    )
    using client = await connectFrames(vane.port)
    client.request(1, { ':authority': 'b.test' })
    client.request(3)
    expect((await client.received(T.headers, 1)).fields[':status']).toBe('421')
    expect(await client.body(3)).toBe('hi')
    expect(client.of(T.goaway, 0)).toEqual([])
  })

  test('a rule that closes resets its stream alone', async () => {
    await using vane = await startRules(
      [
        { match: { 'http.uri.path': { equals: '/close' } }, terminate: { type: 'close' } },
        { terminate: { type: 'static', status: 200, body: 'hi' } },
      ],
      {},
    )
    using client = await connectFrames(vane.port)
    client.request(1, { ':path': '/close' })
    client.request(3)
    expect(await client.reset(1)).toBe(8)
    expect(await client.body(3)).toBe('hi')
  })

  test('a client that resets its stream: the upstream hears of it', async () => {
    const closed: string[] = []
    await using upstream = await startUpstream((req, res) => {
      req.on('error', () => {})
      res.on('close', () => closed.push(req.url ?? ''))
    })
    await using vane = await startRules([{ terminate: proxyTo(upstream.port) }], {})
    using client = await connectFrames(vane.port)
    client.request(1, { ':path': '/gone' })
    await until('the request', () => upstream.sockets.length > 0)
    await client.settled()
    client.send(frame(T.rst, 0, 1, u32(8)))
    await until('the end at the upstream', () => closed.length > 0)
    expect(closed).toEqual(['/gone'])
    expect(vane.engine.stats().requests).toMatchObject({ active: 0, canceled: 1 })
  })

  test('a request that breaks the rules on its way: the upstream does not see it whole', async () => {
    const bodies: string[] = []
    await using upstream = await startUpstream((req, res) => {
      readAll(req).then(
        (body) => {
          bodies.push(body.toString())
          res.end()
        },
        () => bodies.push('broken'),
      )
    })
    await using vane = await startRules([{ terminate: proxyTo(upstream.port) }], {})
    using client = await connectFrames(vane.port)
    client.send(frame(T.headers, F.endHeaders, 1, hpack(requestFields({ ':method': 'POST', 'content-length': '5' }))))
    client.send(frame(T.data, 0, 1, 'abc'))
    await until('the request', () => upstream.sockets.length > 0)
    client.send(frame(T.data, F.end, 1, 'd'))
    expect(await client.reset(1)).toBe(1)
    await until('what the upstream saw', () => bodies.length > 0)
    expect(bodies).toEqual(['broken'])
  })

  test('violations are counted by the names of their limits', async () => {
    await using vane = await startRules([{ terminate: { type: 'static', status: 200, body: 'hi' } }], {})
    using client = await connectFrames(vane.port)
    client.send(Buffer.concat(Array<Buffer>(700).fill(frame(T.ping, 0, 0, Buffer.alloc(8)))))
    expect(await client.goaway()).toBe(11)
    await until('the count', () => vane.engine.stats().limitHits['http2_pings'] === 1)
    expect(vane.engine.stats().errors.protocol).toBe(1)
  })

  test('drain: GOAWAY is said, and streams finish', async () => {
    let finish = (): void => {}
    let isAsked = false
    await using upstream = await startUpstream((_req, res) => {
      isAsked = true
      finish = () => res.end('late')
    })
    await using vane = await startRules([{ tls: TLS, terminate: proxyTo(upstream.port) }], FILES)
    using client = connectTls(vane.port)
    const goaways: number[] = []
    client.on('goaway', (code) => goaways.push(code))
    const answer = get(client, { ':path': '/' })
    await until('the request', () => upstream.sockets.length > 0)
    await until('the handler', () => isAsked)
    const drained = vane.engine.drain(5_000)
    await until('GOAWAY', () => goaways.length > 0)
    finish()
    expect((await answer).text).toBe('late')
    expect(await drained).toEqual({ forcedConnections: 0 })
    expect(goaways.every((code) => code === 0)).toBe(true)
  })
})
