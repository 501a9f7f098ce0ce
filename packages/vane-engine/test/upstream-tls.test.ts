import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { issueCertificate } from 'vane-testkit'
import { expect, onTestFinished, test } from 'vitest'
import { exchangeRaw } from './support/raw-client.ts'
import { type ConfigFiles, startRules, writeFiles } from './support/start-rules.ts'

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
const OTHER_CA = issueCertificate({ commonName: 'Other CA', isAuthority: true })
const SERVER = issueCertificate({ commonName: 'up', dnsNames: ['up.test'], ipAddresses: ['127.0.0.1'], issuer: CA })
const VANE = issueCertificate({ commonName: 'vane', issuer: CA })
const FILES: ConfigFiles = { 'ca.pem': CA.cert, 'vane.pem': VANE.chain, 'vane.key': VANE.key }

interface Upstream {
  readonly port: number
  readonly seen: { readonly url: string; readonly host: string; readonly sni: unknown; readonly client: unknown }[]
  readonly sockets: TLSSocket[]
}

async function startHttps(options: ServerOptions = {}): Promise<Upstream> {
  const upstream: Upstream = { port: 0, seen: [], sockets: [] }
  const server = createServer({ cert: SERVER.chain, key: SERVER.key, ...options }, (req: IncomingMessage, res) => {
    const socket = req.socket as TLSSocket
    const client = socket.getPeerX509Certificate()?.subject
    upstream.seen.push({
      url: req.url ?? '',
      host: req.headers.host ?? '',
      sni: socket.servername || undefined,
      client,
    })
    res.setHeader('content-length', req.headers['content-length'] ?? '0')
    req.pipe(res)
  })
  server.on('secureConnection', (socket) => void upstream.sockets.push(socket))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(upstream, { port: (server.address() as AddressInfo).port })
}

const proxy = (port: number, tls: object, keys: object = {}): object => ({
  name: 'to-upstream',
  terminate: { type: 'http_proxy', upstream: `127.0.0.1:${port}`, tls, ...keys },
})
const post = (body: string): string =>
  `POST /x HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`

test('requests go upstream by TLS, on connections that are kept', async () => {
  const upstream = await startHttps({ requestCert: true, rejectUnauthorized: true, ca: CA.cert })
  const tls = {
    ca_file: 'ca.pem',
    verify_hostname: 'up.test',
    client_cert: { cert_file: 'vane.pem', key_file: 'vane.key' },
  }
  await using server = await startRules([proxy(upstream.port, tls)], FILES)
  for (const body of ['one', 'two']) expect(await exchangeRaw(server.port, post(body))).toMatch(new RegExp(`${body}$`))
  expect(upstream.seen).toEqual([1, 2].map(() => ({ url: '/x', host: 'a.test', sni: 'up.test', client: 'CN=vane' })))
  expect(upstream.sockets).toHaveLength(1)
})

test('an upstream that is somebody else gets no request, and the log says why', async () => {
  const upstream = await startHttps()
  await using server = await startRules(
    [proxy(upstream.port, { ca_file: 'ca.pem', verify_hostname: 'other.test' })],
    FILES,
  )
  expect(await exchangeRaw(server.port, post('secret'))).toMatch(/^HTTP\/1.1 502 /)
  expect(upstream.seen).toEqual([])
  const line = server.logs.find(({ level }) => level === 'warn')
  expect(line).toMatchObject({
    fields: {
      rule: 'to-upstream',
      err: {
        category: { kind: 'upstream', reason: 'tls-handshake' },
        message: expect.stringMatching(
          /^TLS with the upstream "127.0.0.1:\d+" failed: its certificate is not for "other.test"/,
        ) as string,
      },
    },
  })
})

test('where nobody is to look at the certificate, that is warned of', async () => {
  const upstream = await startHttps()
  const rules = [proxy(upstream.port, { insecure_skip_verify: true })]
  await using server = await startRules(rules, {})
  expect(await exchangeRaw(server.port, post('x'))).toMatch(/x$/)
  const linked = await server.engine.link(server.compile(rules))
  expect(linked.warnings).toEqual([expect.stringMatching(/^rule "to-upstream" .* is not verified/) as string])
  linked.dispose()
})

test('a reload keeps connections as long as it is the same to both sides, and not a moment longer', async () => {
  const upstream = await startHttps()
  const rules = [proxy(upstream.port, { ca_file: 'ca.pem' })]
  await using server = await startRules(rules, FILES)
  const send = () => exchangeRaw(server.port, post('x'))
  await send()
  await server.reload(rules)
  expect(await send()).toMatch(/x$/)
  expect(upstream.sockets).toHaveLength(1)
  writeFiles(server.dir, { 'ca.pem': OTHER_CA.cert })
  await server.reload(rules)
  expect(await send()).toMatch(/^HTTP\/1.1 502 /)
})

test('rules that speak differently to one address share no connections', async () => {
  const upstream = await startHttps()
  const on = (path: string, tls: object): object => ({
    ...proxy(upstream.port, tls),
    name: path,
    match: { 'http.uri.path': { equals: path } },
  })
  const rules = [on('/a', { ca_file: 'ca.pem' }), on('/b', { ca_file: 'ca.pem', sni: 'b.test' })]
  await using server = await startRules(rules, FILES)
  for (const path of ['/a', '/b']) await exchangeRaw(server.port, post('x').replace('/x', path))
  expect(upstream.seen.map(({ url, sni }) => [url, sni])).toEqual([
    ['/a', undefined],
    ['/b', 'b.test'],
  ])
})
