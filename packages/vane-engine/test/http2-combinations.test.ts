import { connect, createSecureServer, createServer as createHttp2Server, type Http2Server } from 'node:http2'
import { createServer as createHttpServer, request as requestHttp1, type Server } from 'node:http'
import { createServer as createHttpsServer, request as requestHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { issueCertificate } from 'vane-testkit'
import { describe, expect, test } from 'vitest'
import { startRules } from './support/start-rules.ts'
import { until } from './support/until.ts'

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
const A = issueCertificate({ commonName: 'a.test', dnsNames: ['a.test', 'localhost'], issuer: CA })
const PAIR = { cert: A.chain, key: A.key }
const FILES = { 'a.pem': A.chain, 'a.key': A.key, 'ca.pem': CA.cert }
const UPSTREAM_TLS = { ca_file: 'ca.pem', verify_hostname: 'a.test', sni: 'a.test' }
const BODY = 'w'.repeat(200_000)

interface Message {
  readonly trailers?: NodeJS.Dict<string | string[]>
}

/** Answers with the request's body, trailers made of its trailers, and the version that it came by. */
function echo(
  req: Readable & Message & { readonly httpVersion: string },
  res: Writable & {
    setHeader(name: string, value: string): unknown
    addTrailers(fields: Record<string, string>): unknown
  },
): void {
  res.setHeader('x-version', req.httpVersion)
  res.setHeader('trailer', 'x-back')
  req.on('data', (chunk: Buffer) => {
    if (!res.write(chunk)) {
      req.pause()
      res.once('drain', () => req.resume())
    }
  })
  req.on('end', () => {
    res.addTrailers({ 'x-back': req.trailers?.['x-forth']?.toString() ?? 'none' })
    res.end()
  })
}

interface Upstream {
  readonly name: string
  /** What `http_proxy` says besides the address. */
  readonly rule: object
  readonly version: string
  create(): Server | Http2Server
}

const UPSTREAMS: readonly Upstream[] = [
  { name: 'h1', rule: {}, version: '1.1', create: () => createHttpServer((req, res) => echo(req, res)) },
  {
    name: 'h1 over TLS',
    rule: { version: 'h1', tls: UPSTREAM_TLS },
    version: '1.1',
    create: () => createHttpsServer(PAIR, (req, res) => echo(req, res)),
  },
  {
    name: 'h2c',
    rule: { version: 'h2' },
    version: '2.0',
    create: () => createHttp2Server((req, res) => echo(req, res)),
  },
  {
    name: 'h2 over TLS',
    rule: { version: 'h2', tls: UPSTREAM_TLS },
    version: '2.0',
    create: () => createSecureServer(PAIR, (req, res) => echo(req, res)),
  },
  {
    name: 'auto, which finds h2',
    rule: { tls: UPSTREAM_TLS },
    version: '2.0',
    create: () => createSecureServer({ ...PAIR, allowHTTP1: true }, (req, res) => echo(req, res)),
  },
  {
    name: 'auto, which finds h1',
    rule: { tls: UPSTREAM_TLS },
    version: '1.1',
    create: () => createHttpsServer(PAIR, (req, res) => echo(req, res)),
  },
]

interface Answer {
  readonly status: number
  readonly version: unknown
  readonly body: string
  readonly trailer: unknown
}

async function overHttp1(port: number, isSecure: boolean): Promise<Answer> {
  const options = {
    port,
    host: '127.0.0.1',
    method: 'POST',
    headers: { host: 'a.test', trailer: 'x-forth', 'transfer-encoding': 'chunked' },
    agent: false as const,
  }
  const req = isSecure ? requestHttps({ ...options, servername: 'a.test', ca: CA.cert }) : requestHttp1(options)
  req.addTrailers({ 'x-forth': 'there' })
  const answered = new Promise<Answer>((resolve, reject) => {
    req.on('error', reject)
    req.on('response', (res) => {
      void (async () => {
        const body = await text(res)
        resolve({
          status: res.statusCode ?? 0,
          version: res.headers['x-version'],
          body,
          trailer: res.trailers['x-back'],
        })
      })()
    })
  })
  req.end(BODY)
  return await answered
}

async function overHttp2(port: number, isSecure: boolean): Promise<Answer> {
  const client = isSecure
    ? connect(`https://127.0.0.1:${port}`, { servername: 'a.test', ca: CA.cert })
    : connect(`http://127.0.0.1:${port}`)
  client.on('error', () => {})
  const stream = client.request(
    { ':method': 'POST', ':path': '/', ':authority': 'a.test' },
    { endStream: false, waitForTrailers: true },
  )
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-forth': 'there' }))
  let answer: Omit<Answer, 'body'> = { status: 0, version: undefined, trailer: undefined }
  stream.on('response', (headers) => {
    answer = { ...answer, status: headers[':status'] ?? 0, version: headers['x-version'] }
  })
  stream.on('trailers', (trailers) => (answer = { ...answer, trailer: trailers['x-back'] }))
  stream.end(BODY)
  const body = await text(stream)
  await until('the trailers', () => answer.trailer !== undefined)
  client.destroy()
  return { ...answer, body }
}

const CLIENTS = [
  { name: 'h1', isSecure: false, ask: overHttp1 },
  { name: 'h1 over TLS', isSecure: true, ask: overHttp1 },
  { name: 'h2c', isSecure: false, ask: overHttp2 },
  { name: 'h2 over TLS', isSecure: true, ask: overHttp2 },
]

describe.each(UPSTREAMS)('upstream: $name', ({ rule, version, create }) => {
  test.each(CLIENTS)('client: $name', async ({ isSecure, ask }) => {
    const server = create()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const upstream = `127.0.0.1:${(server.address() as AddressInfo).port}`
    await using vane = await startRules(
      [
        {
          ...(isSecure ? { tls: { cert_file: 'a.pem', key_file: 'a.key' } } : {}),
          terminate: { type: 'http_proxy', upstream, ...rule },
        },
      ],
      FILES,
    )
    for (let n = 0; n < 2; n++) {
      const { body, ...answer } = await ask(vane.port, isSecure)
      expect(answer).toEqual({ status: 200, version, trailer: 'there' })
      expect(body === BODY).toBe(true)
    }
    expect(vane.engine.stats().upstreams[0]).toMatchObject({ requests: 2, failures: 0 })
    server.close()
  })
})
