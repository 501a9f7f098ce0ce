import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { ResponseReader } from '../src/load/response-reader.ts'
import { makeRoutes } from '../src/match/route-set.ts'
import { createChildGroup } from '../src/process/child-group.ts'
import { findFreePort } from '../src/process/free-port.ts'
import { waitUntilServing } from '../src/process/wait-until-serving.ts'
import { ALL, HTTP2_FORWARDERS, ROUTERS, TERMINATORS } from '../src/proxies/contenders.ts'
import { makeCertificate } from '../src/proxies/make-certificate.ts'
import type { Proxy, ProxySite } from '../src/proxies/proxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'vane-bench-proxies-'))
const group = createChildGroup()
const seen: { headers: IncomingHttpHeaders; bodyBytes: number }[] = []
const upstream = createServer((request, response) => {
  let bodyBytes = 0
  request.on('data', (chunk: Buffer) => (bodyBytes += chunk.length))
  request.on('end', () => {
    seen.push({ headers: request.headers, bodyBytes })
    response.writeHead(200, { 'content-length': 4 }).end('fine')
  })
}).listen(0, '127.0.0.1')
await once(upstream, 'listening')

afterAll(async () => {
  await group.stop()
  upstream.close()
  upstream.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

async function start(proxy: Proxy, given: Partial<ProxySite> = {}): Promise<number> {
  const port = await findFreePort()
  const site: ProxySite = {
    folder: mkdtempSync(join(folder, 'p-')),
    port,
    connections: 8,
    upstreamPort: (upstream.address() as AddressInfo).port,
    upstreamVersion: '1.1',
    routes: [],
    certificate: undefined,
    ...given,
  }
  const child = await group.start(await proxy.prepare(site))
  const [route] = site.routes
  const url = `http${site.certificate === undefined ? '' : 's'}://127.0.0.1:${port}${route?.path ?? '/'}`
  await waitUntilServing(child, { url, host: route?.host }, AbortSignal.timeout(30_000))
  return port
}

/** On a bare socket, because fetch chooses headers of its own. */
async function ask(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const reader = new ResponseReader()
  // Not ended: to nginx and others, a client that closes its half has gone.
  socket.write(request)
  let text = ''
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1')
    if (reader.push(chunk) !== undefined) break
  }
  return text
}

/** It forwards nothing. */
const FORWARDERS = ALL.filter(({ name }) => name !== 'net-fixed')
const installed = (proxies: readonly Proxy[]): Proxy[] => proxies.filter((proxy) => proxy.missing() === undefined)

describe.each(installed(FORWARDERS).map((proxy) => [proxy.name, proxy] as const))('%s', (name, proxy) => {
  test('forwards what it is given', { timeout: 60_000 }, async () => {
    const port = await start(proxy)
    const body = 'x'.repeat(100_000)
    const head = `POST /up HTTP/1.1\r\nHost: a.test\r\nX-Own: 1\r\nContent-Length: ${body.length}\r\n\r\n`
    seen.length = 0
    const answer = await ask(port, head + body)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toMatch(/fine$/)
    expect(seen.at(-1)).toMatchObject({ bodyBytes: body.length, headers: { 'x-own': '1' } })
    // Sockets that hand bytes on add nothing.
    if (name !== 'net-relay') expect(seen.at(-1)?.headers['x-forwarded-for']).toBe('127.0.0.1')
  })
})

describe.each(installed(ROUTERS).map((proxy) => [proxy.name, proxy] as const))('%s with routes', (_name, proxy) => {
  test('forwards what a route is for, and nothing else', { timeout: 60_000 }, async () => {
    const port = await start(proxy, { routes: makeRoutes(8) })
    const get = (host: string, path: string): Promise<string> =>
      ask(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect(await get('tenant-1.example.test', '/app-5/index')).toMatch(/^HTTP\/1\.1 200 .*fine$/s)
    expect(await get('tenant-1.example.test', '/none')).toMatch(/^HTTP\/1\.1 404 /)
  })
})

const certificate = await makeCertificate(folder)

describe.each(installed(TERMINATORS).map((proxy) => [proxy.name, proxy] as const))('%s with TLS', (_name, proxy) => {
  test('speaks both versions of HTTP', { timeout: 60_000 }, async () => {
    const port = await start(proxy, { certificate })
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
    expect(await text(session.request({ ':path': '/' }))).toBe('fine')
    expect(session.alpnProtocol).toBe('h2')
    session.destroy()
    seen.length = 0
    // Asked for by no ALPN, in HTTP/1.1.
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 .*fine$/s)
    expect(seen).toMatchObject([{ headers: { 'x-forwarded-for': '127.0.0.1' } }])
  })
})

describe.each(installed(HTTP2_FORWARDERS).map((proxy) => [proxy.name, proxy] as const))(
  '%s to an upstream in HTTP/2',
  (_name, proxy) => {
    test('forwards what it is given', { timeout: 60_000 }, async () => {
      const versions = new Set<string>()
      const http2Upstream = createHttp2Server((request, response) => {
        versions.add(request.httpVersion)
        response.end('over two')
      }).listen(0, '127.0.0.1')
      await once(http2Upstream, 'listening')
      const port = await start(proxy, {
        upstreamPort: (http2Upstream.address() as AddressInfo).port,
        upstreamVersion: '2',
      })
      const response = await fetch(`http://127.0.0.1:${port}/`)
      expect(await response.text()).toBe('over two')
      expect([...versions]).toEqual(['2.0'])
      http2Upstream.close()
    })
  },
)
